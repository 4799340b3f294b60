public import Imaging

/// Features of a few thousand voxels of each of the first sources of a cohort: enough to choose the bins.
///
/// Sources are handed over one at a time, so that one image is in memory, however large the cohort.
public struct IntensityMapSamples: Sendable {
    /// Sources that are enough for quantiles.
    public static let sufficientSources = 8
    static let samplesPerSource = 20_000

    private(set) var intensities: [Float] = []
    private(set) var means: [Float] = []
    private(set) var spreads: [Float] = []
    /// Number of sources seen.
    public private(set) var sourceCount = 0

    /// Starts without samples.
    public init() {}

    /// Takes samples of a source; one that is not finite everywhere is left out.
    public mutating func add(_ source: Volume<Float>) {
        guard source.voxels.allSatisfy(\.isFinite) else { return }
        sourceCount += 1
        let local = LocalStatistics(of: source, radiusMM: IntensityMap.radiusMM)
        let step = max(1, source.voxels.count / IntensityMapSamples.samplesPerSource)
        for index in stride(from: 0, to: source.voxels.count, by: step) {
            intensities.append(source.voxels[index])
            means.append(local.mean[index])
            spreads.append(local.standardDeviation[index])
        }
    }
}
