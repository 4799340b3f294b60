import CKernels

/// Mean and standard deviation of the 16 bands of every series, by which bands are standardised.
struct BandStatistics: Sendable {
    private let means, deviations, inverses: [[Float]]

    init(_ weights: NetworkWeights) throws(SafetensorsError) {
        let shape = [weights.series.count, Widths.bands]
        let mean = try weights.file.floats("band_mean", shape: shape)
        let deviation = try weights.file.floats("band_std", shape: shape)
        guard deviation.allSatisfy({ $0 > 1e-6 }) else {
            throw SafetensorsError(file: weights.file.name, reason: "a band's standard deviation is zero or negative")
        }
        func rows(_ values: [Float]) -> [[Float]] {
            (0..<weights.series.count).map { Array(values[$0 * Widths.bands..<($0 + 1) * Widths.bands]) }
        }
        means = rows(mean)
        deviations = rows(deviation)
        inverses = rows(deviation.map { 1 / $0 })
    }

    /// Standardised bands of a plane into channels `at` and following.
    func pack(
        _ plane: UnsafePointer<Float>, size: FrameSize, series: Int, into map: FeatureMap, at channel: Int
    ) {
        ck_haar_pack(
            plane, Int32(size.height), Int32(size.width), means[series], inverses[series], map.values,
            Int32(map.channels), Int32(channel))
    }

    /// The plane of standardised bands.
    func unpack(_ bands: FeatureMap, size: FrameSize, series: Int, into plane: UnsafeMutablePointer<Float>) {
        ck_haar_unpack(
            bands.values, Int32(size.height), Int32(size.width), means[series], deviations[series], plane)
    }
}
