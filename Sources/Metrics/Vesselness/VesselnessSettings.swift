/// Which tubes are vessels.
public enum VesselPolarity: String, Sendable, Codable, CaseIterable {
    /// Brighter than the liver: contrast-enhanced CT, T1 after gadolinium.
    case bright
    /// Darker than the liver: flow voids.
    case dark
    /// Whichever answers more strongly in the truth.
    case automatic
}

/// Every number of the segmentation `vesselness/1`.
///
/// Frozen: it was fixed once on phantoms and is never fitted to a generated image.
public struct VesselnessSettings: Sendable, Equatable {
    /// Identifier that every measurement of such masks names.
    public let identifier: String
    /// Gaussian scales, mm.
    public let sigmasMM: [Double]
    /// What is taken off the liver first, mm: its capsule answers like a vessel.
    public let erosionMM: Double
    /// Share of the truth's voxels whose response lies below the threshold that vessels grow to.
    public let lowFraction: Double
    /// Share of the truth's voxels whose response lies below the threshold that a vessel has to reach somewhere.
    public let highFraction: Double
    /// Smallest component, mm³.
    public let minimumVolumeMM3: Double
    /// Which tubes are vessels.
    public let polarity: VesselPolarity

    /// The frozen setting.
    public static let vesselness1 = VesselnessSettings(
        identifier: "vesselness/1", sigmasMM: [1.5, 2.5, 4], erosionMM: 2, lowFraction: 0.92, highFraction: 0.98,
        minimumVolumeMM3: 70, polarity: .automatic)

    /// The setting as printed beside every value.
    public var parameters: [MetricParameter] {
        [
            MetricParameter("segmentation", .text(identifier)),
            MetricParameter(
                "segmentation_sigmas_mm", .text(sigmasMM.map { "\($0)" }.joined(separator: " "))),
            MetricParameter("segmentation_erosion_mm", .number(erosionMM)),
            MetricParameter("segmentation_low_fraction", .number(lowFraction)),
            MetricParameter("segmentation_high_fraction", .number(highFraction)),
            MetricParameter("segmentation_minimum_volume_mm3", .number(minimumVolumeMM3)),
        ]
    }
}
