public import Imaging

/// The range of intensities that similarity is measured against; stated by the protocol, never guessed from the pair.
public struct DataRange: Sendable, Equatable {
    /// Lower end, in image units.
    public var low: Double
    /// Upper end, in image units.
    public var high: Double
    /// Whether values beyond the ends are set to them before similarity is measured.
    public var clips: Bool
    /// Whether the lower end counts as black (0) in the luminance term; otherwise the values are taken as they are.
    public var mapsLowToZero: Bool

    /// Makes a range.
    public init(low: Double, high: Double, clips: Bool = true, mapsLowToZero: Bool = false) {
        self.low = low
        self.high = high
        self.clips = clips
        self.mapsLowToZero = mapsLowToZero
    }

    /// The range of CT: −1024…3071 HU, clipped.
    public static let ct = DataRange(low: -1024, high: 3071)

    /// The range of an MR pair: the truth's 0.1 to 99.9 percentile inside the body, applied to both images.
    ///
    /// - Parameters:
    ///   - reference: The truth; values that are not finite are left out.
    ///   - body: Where the percentiles are taken; nil takes the whole volume.
    /// - Returns: The range, or nil when no finite voxel is left or all have one value.
    public static func magneticResonance(reference: Volume<Float>, body: Mask?) -> DataRange? {
        var values: [Float] = []
        values.reserveCapacity(reference.voxels.count)
        if let body {
            for (value, inside) in zip(reference.voxels, body.voxels) where inside != 0 && value.isFinite {
                values.append(value)
            }
        } else {
            for value in reference.voxels where value.isFinite { values.append(value) }
        }
        guard !values.isEmpty else { return nil }
        let low = percentile(0.001, selectingIn: &values)
        let range = DataRange(
            low: low, high: percentile(0.999, selectingIn: &values), clips: false, mapsLowToZero: true)
        return range.isUsable ? range : nil
    }

    /// Distance between the ends, the `L` of the formulas, in image units.
    public var width: Double { high - low }

    /// Whether the ends are finite and in order.
    public var isUsable: Bool { low.isFinite && high.isFinite && high > low }
}
