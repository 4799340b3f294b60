import CKernels
public import Imaging

/// Why vessels cannot be segmented.
public enum VesselSegmentationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Image and liver do not share one grid.
    case geometry(GeometryError)
    /// Nothing is left of the liver after erosion.
    case emptyLiver
    /// The image has values inside the liver that are not finite.
    case notFinite(count: Int)
    /// The image does not vary inside the liver.
    case noContrast
    /// The kernels could not get memory.
    case outOfMemory

    /// The error in words.
    public var description: String {
        switch self {
        case .geometry(let error): error.description
        case .emptyLiver: "nothing is left of the liver after erosion"
        case .notFinite(let count): "\(count) voxels inside the liver are not finite"
        case .noContrast: "the image does not vary inside the liver"
        case .outOfMemory: "not enough memory for the vesselness filter"
        }
    }

    /// The reason that a measurement of such vessels carries; nil when the whole case is at fault.
    public var reason: NotComputedReason? {
        switch self {
        case .emptyLiver: .emptyRegion
        case .notFinite: .notFinite
        case .noContrast: .zeroVariance
        case .geometry, .outOfMemory: nil
        }
    }
}

/// Vessels of the liver by Sato's line filter, thresholds found once on the truth (`vesselness/1`).
///
/// Make it with the truth, then apply it to truth and generated image alike. Values from such masks judge image and filter
/// together; masks that a person or a network made are always preferred.
///
/// Source: Sato et al., Med Image Anal 1998;2:143–168 (filter); hysteresis over 26-neighbours.
public struct VesselSegmentation: Sendable {
    private let settings: VesselnessSettings
    private let frame: RegistrationFrame
    private let geometry: Geometry
    /// The liver eroded, within the frame.
    private let region: [UInt8]
    private let dark: Bool
    /// Response, in image units, that vessels grow to.
    public let low: Double
    /// Response, in image units, that each vessel reaches somewhere.
    public let high: Double
    private let threads: Int

    /// Fixes polarity and thresholds on the truth.
    ///
    /// - Parameters:
    ///   - truth: Reference image.
    ///   - liver: Its liver, non-zero inside; vessels included.
    ///   - threads: Threads to use; no result depends on it.
    public init(
        truth: Volume<Float>, liver: Mask, settings: VesselnessSettings = .vesselness1, threads: Int = 1
    ) throws(VesselSegmentationError) {
        do throws(GeometryError) { try truth.geometry.requireSameGrid(as: liver.geometry) } catch {
            throw .geometry(error)
        }
        let margin = 2 * truth.geometry.spacingMM.max()
        guard let frame = RegistrationFrame(around: liver, marginMM: margin) else { throw .emptyLiver }
        var region = [UInt8](repeating: 0, count: frame.count)
        guard
            ck_erode_mm(frame.cut(liver.voxels), frame.size, frame.spacing, settings.erosionMM, Int32(threads), &region)
                == 0
        else { throw .outOfMemory }
        self.settings = settings
        self.frame = frame
        geometry = liver.geometry
        self.region = region
        self.threads = threads
        let image = try Self.centred(truth, frame, region)
        let fractions = [settings.lowFraction, settings.highFraction]
        func thresholds(dark: Bool) throws(VesselSegmentationError) -> [Float] {
            let response = try Self.response(image, frame, region, settings, dark: dark, threads: threads)
            return try Self.ranks(response, region, fractions)
        }
        let bright = settings.polarity == .dark ? [0, 0] : try thresholds(dark: false)
        let shade = settings.polarity == .bright ? [0, 0] : try thresholds(dark: true)
        dark = settings.polarity == .dark || (settings.polarity == .automatic && shade[0] > bright[0])
        let chosen = dark ? shade : bright
        guard chosen[1] > 0 else { throw .noContrast }
        low = Double(chosen[0])
        high = Double(chosen[1])
    }

    /// The vessels of an image on the truth's grid.
    ///
    /// - Returns: 1 in vessels, on the whole grid; vessels lie inside the eroded liver.
    public func mask(of image: Volume<Float>) throws(VesselSegmentationError) -> Mask {
        do throws(GeometryError) { try geometry.requireSameGrid(as: image.geometry) } catch { throw .geometry(error) }
        let response = try Self.response(
            Self.centred(image, frame, region), frame, region, settings, dark: dark, threads: threads)
        let threshold = Float(low)
        let candidates = response.map { $0 >= threshold && $0 > 0 ? UInt8(1) : 0 }
        let (labels, count) = labelComponents(
            of: candidates, dimensions: frame.geometry.dimensions, connectivity: .twentySix)
        var sizes = [Int](repeating: 0, count: count + 1)
        var strong = [Bool](repeating: false, count: count + 1)
        for at in labels.indices where labels[at] != 0 {
            let label = Int(labels[at])
            sizes[label] += 1
            if Double(response[at]) >= high { strong[label] = true }
        }
        let smallest = settings.minimumVolumeMM3 / geometry.voxelVolumeMM3
        let kept = zip(sizes, strong).map { $1 && Double($0) >= smallest }
        var mask = Mask(geometry: geometry, repeating: 0)
        frame.scatter(labels.map { $0 != 0 && kept[Int($0)] ? 1 : 0 }, into: &mask.voxels)
        return mask
    }

    /// What masks of this method are called, with every number behind them.
    public var parameters: [MetricParameter] {
        settings.parameters + [
            MetricParameter("segmentation_low", .number(low)), MetricParameter("segmentation_high", .number(high)),
            MetricParameter("segmentation_polarity", .text(dark ? "dark" : "bright")),
        ]
    }

    /// The image with the liver's median taken off, and 0 outside: the capsule would answer like a vessel.
    private static func centred(
        _ image: Volume<Float>, _ frame: RegistrationFrame, _ region: [UInt8]
    ) throws(VesselSegmentationError) -> [Float] {
        var values = frame.cut(image.voxels)
        let inside = region.count { $0 != 0 }
        guard inside > 0 else { throw .emptyLiver }
        let odd = zip(values, region).count { $1 != 0 && !$0.isFinite }
        guard odd == 0 else { throw .notFinite(count: odd) }
        let median = try ranks(values, region, [0.5])[0]
        for at in values.indices { values[at] = region[at] != 0 ? values[at] - median : 0 }
        return values
    }

    private static func response(
        _ image: [Float], _ frame: RegistrationFrame, _ region: [UInt8], _ settings: VesselnessSettings, dark: Bool,
        threads: Int
    ) throws(VesselSegmentationError) -> [Float] {
        var response = [Float](repeating: 0, count: frame.count)
        let failed = ck_sato(
            image, region, frame.size, frame.spacing, settings.sigmasMM, Int32(settings.sigmasMM.count), dark ? 1 : 0,
            Int32(threads), &response)
        guard failed == 0 else { throw .outOfMemory }
        return response
    }

    private static func ranks(
        _ values: [Float], _ region: [UInt8], _ fractions: [Double]
    ) throws(VesselSegmentationError) -> [Float] {
        var ranks = [Float](repeating: 0, count: fractions.count)
        let count = ck_ranks(values, region, Int64(values.count), fractions, Int32(fractions.count), &ranks)
        guard count >= 0 else { throw .outOfMemory }
        guard count > 0 else { throw .emptyLiver }
        return ranks
    }
}
