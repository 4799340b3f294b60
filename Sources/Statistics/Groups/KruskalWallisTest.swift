/// Kruskal and Wallis' rank test between the levels of a covariate: the companion of `GroupTest` that no outlier carries away.
public struct KruskalWallisTest: Equatable, Sendable {
    /// H, corrected for ties.
    public let statistic: Double
    /// Levels − 1.
    public let degreesOfFreedom: Double
    /// p-value by the χ² approximation; rough for levels with fewer than five values.
    public let p: Double
    /// Whether values were tied.
    public let hasTies: Bool

    /// Tests whether all levels come from one distribution.
    ///
    /// - Parameter levels: Values of each level, two at least in each.
    /// - Throws: `.tooFew` for fewer than two levels or a level with fewer than two values, `.noVariation` where all values are equal.
    /// - Source: Kruskal and Wallis 1952, doi:10.1080/01621459.1952.10483441, eq. 1.1 divided by 1.2 for ties.
    /// - Agrees with: R 4.2.2 `kruskal.test` to 1e-10.
    public init(_ levels: [[Double]]) throws(StatisticsError) {
        let samples = try GroupTest.samples(levels)
        let ranks = midranks(samples.flatMap(\.sorted))
        let n = Double(ranks.values.count)
        var start = 0
        // Around the middle rank, where the usual difference of large sums would cancel.
        var parts: [Double] = []
        for sample in samples {
            let own = ranks.values[start..<start + sample.count]
            let distance = exactSum(own) / Double(sample.count) - (n + 1) / 2
            parts.append(Double(sample.count) * distance * distance)
            start += sample.count
        }
        hasTies = ranks.tieTerm > 0
        statistic = 12 / (n * (n + 1)) * exactSum(parts) / (1 - ranks.tieTerm / (n * n * n - n))
        degreesOfFreedom = Double(samples.count - 1)
        p = ChiSquare(degreesOfFreedom: degreesOfFreedom).probability(above: statistic)
    }
}
