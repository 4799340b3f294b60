public import Imaging

/// A naive baseline: the mean of the target given source intensity, local mean and local spread.
///
/// Learned on registered pairs; a case is predicted from the other subjects only, so that nothing of its own truth leaks into it. What a
/// real generator has to beat.
public struct IntensityMap: Sendable {
    /// Half the edge, in mm, of the box for the local mean and spread.
    public static let radiusMM = 4.0
    /// Bins of intensity, local mean and local spread.
    static let binSizes = SIMD3(96, 24, 8)
    /// Largest magnitude of a target value that is learned; more would not fit the whole-number sums.
    static let largestTarget: Float = 1e6

    private let bins: FeatureBins
    private var tables: [(subject: String, table: ConditionalMeanTable)] = []

    /// What can go wrong.
    public enum Failure: Error, Equatable, Sendable, CustomStringConvertible {
        /// No other subject is left to learn from.
        case nothingToLearnFrom(subject: String)
        /// Source and truth of a pair do not share a grid.
        case gridMismatch(subject: String)
        /// The source of a pair holds NaN or infinity.
        case notFinite(subject: String)
        /// No voxel of a truth is finite and of usual size.
        case noTarget(subject: String)

        /// The failure in words.
        public var description: String {
            switch self {
            case .nothingToLearnFrom(let subject):
                "the intensity map has no other subject than \(subject) to learn from; it needs at least two"
            case .gridMismatch(let subject): "source and truth of subject \(subject) do not share one grid"
            case .notFinite(let subject): "the source of subject \(subject) holds NaN or infinity"
            case .noTarget(let subject): "the truth of subject \(subject) holds no finite value below 1e6"
            }
        }
    }

    /// Starts with nothing learned.
    ///
    /// - Parameter samples: Samples of sources, which choose the bins.
    public init(edgesFrom samples: IntensityMapSamples) {
        bins = FeatureBins(
            intensities: samples.intensities, means: samples.means, spreads: samples.spreads,
            sizes: IntensityMap.binSizes)
    }

    /// Learns one registered pair.
    ///
    /// - Throws: `Failure.gridMismatch`, `.notFinite` or `.noTarget`; voxels whose truth is not finite are left out.
    public mutating func learn(subject: String, source: Volume<Float>, truth: Volume<Float>) throws(Failure) {
        guard source.geometry.isSameGrid(as: truth.geometry) else { throw .gridMismatch(subject: subject) }
        var table = ConditionalMeanTable(bins: bins)
        for (bin, target) in zip(try featureBins(of: source, subject: subject), truth.voxels)
        where abs(target) <= IntensityMap.largestTarget {
            table.add(bin: Int(bin), target: target)
        }
        guard table.total > 0 else { throw .noTarget(subject: subject) }
        tables.append((subject, table))
    }

    /// Predicts the target image of a subject from the pairs of all other subjects.
    ///
    /// - Throws: `Failure.nothingToLearnFrom` when the cohort has no other subject.
    public func predict(subject: String, source: Volume<Float>) throws(Failure) -> Volume<Float> {
        var pooled = ConditionalMeanTable(bins: bins)
        for (other, table) in tables where other != subject { pooled.add(table) }
        guard pooled.total > 0 else { throw .nothingToLearnFrom(subject: subject) }
        let expected = pooled.expectations()
        let voxels = try featureBins(of: source, subject: subject).map { expected[Int($0)] }
        do throws(GeometryError) {
            return try Volume(geometry: source.geometry, voxels: voxels)
        } catch {
            throw .gridMismatch(subject: subject)
        }
    }

    private func featureBins(of source: Volume<Float>, subject: String) throws(Failure) -> [Int32] {
        guard source.voxels.allSatisfy(\.isFinite) else { throw .notFinite(subject: subject) }
        let local = LocalStatistics(of: source, radiusMM: IntensityMap.radiusMM)
        return source.voxels.indices.map { index in
            Int32(
                bins.bin(
                    intensity: source.voxels[index], mean: local.mean[index], spread: local.standardDeviation[index]))
        }
    }
}
