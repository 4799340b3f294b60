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
    /// Pairs whose intensities choose the edges of the bins; enough for quantiles, few enough to be quick.
    static let casesForEdges = 8
    static let samplesPerCase = 20_000

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

        /// The failure in words.
        public var description: String {
            switch self {
            case .nothingToLearnFrom(let subject):
                "the intensity map has no other subject than \(subject) to learn from; it needs at least two"
            case .gridMismatch(let subject): "source and truth of subject \(subject) do not share one grid"
            case .notFinite(let subject): "the source of subject \(subject) holds NaN or infinity"
            }
        }
    }

    /// Chooses the bins from the sources of the first few pairs.
    ///
    /// - Parameter sources: Source images, in the order of the cohort.
    public init(edgesFrom sources: [Volume<Float>]) {
        var intensities: [Float] = []
        var means: [Float] = []
        var spreads: [Float] = []
        for source in sources.prefix(IntensityMap.casesForEdges) {
            let local = LocalStatistics(of: source, radiusMM: IntensityMap.radiusMM)
            let step = max(1, source.voxels.count / IntensityMap.samplesPerCase)
            for index in stride(from: 0, to: source.voxels.count, by: step) where source.voxels[index].isFinite {
                intensities.append(source.voxels[index])
                means.append(local.mean[index])
                spreads.append(local.standardDeviation[index])
            }
        }
        bins = FeatureBins(intensities: intensities, means: means, spreads: spreads, sizes: IntensityMap.binSizes)
    }

    /// Learns one registered pair.
    ///
    /// - Throws: `Failure.gridMismatch` or `.notFinite`; voxels whose truth is not finite are left out.
    public mutating func learn(subject: String, source: Volume<Float>, truth: Volume<Float>) throws(Failure) {
        guard source.geometry.isSameGrid(as: truth.geometry) else { throw .gridMismatch(subject: subject) }
        var table = ConditionalMeanTable(bins: bins)
        for (bin, target) in zip(try featureBins(of: source, subject: subject), truth.voxels) where target.isFinite {
            table.add(bin: Int(bin), target: target)
        }
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
