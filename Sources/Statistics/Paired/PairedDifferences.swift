/// Candidate minus reference, case by case.
///
/// Differences are rounded to 10 decimals first: 0.3 − 0.2 and 0.2 − 0.1 are the same difference, and the noise of their last bits would
/// otherwise break ties of ranks and make a constant difference look variable.
public struct PairedDifferences: Equatable, Sendable {
    /// Differences in the order of the pairs.
    public let values: [Double]
    /// The same, sorted.
    public let sample: Sample

    /// Takes the pairs, at least one.
    ///
    /// - Throws: `.lengthMismatch`, `.tooFew`, `.notFinite` with the index of the first bad pair.
    public init(candidate: [Double], reference: [Double]) throws(StatisticsError) {
        guard candidate.count == reference.count else { throw .lengthMismatch(candidate.count, reference.count) }
        try self.init(zip(candidate, reference).map { $0 - $1 })
    }

    /// Takes differences that were formed elsewhere.
    public init(_ differences: [Double]) throws(StatisticsError) {
        values = differences.map { difference in
            let scaled = difference * 1e10
            return scaled.magnitude < 0x1p52 ? scaled.rounded(.toNearestOrEven) / 1e10 : difference
        }
        sample = try Sample(values)
    }

    /// Number of pairs.
    public var count: Int { values.count }
}

/// The paired t test.
public struct PairedTTest: Equatable, Sendable {
    /// Number of pairs.
    public let count: Int
    /// Mean difference.
    public let mean: Double
    /// Standard deviation of the differences.
    public let standardDeviation: Double
    /// Standard error of the mean difference.
    public let standardError: Double
    /// Mean over standard error.
    public let statistic: Double
    /// Pairs minus one.
    public let degreesOfFreedom: Double
    /// Two-sided p-value.
    public let p: Double
    /// Interval of the mean difference.
    public let interval: Interval
    /// Mean over standard deviation (Cohen's d_z).
    public let effectSize: Double
    /// The same without small-sample bias (Hedges' g_z).
    public let unbiasedEffectSize: Double

    /// Tests a mean difference of zero.
    ///
    /// - Throws: `.tooFew` for fewer than two pairs; `.noVariation` if all differences are equal.
    /// - Source: Student 1908, doi:10.1093/biomet/6.1.1; Hedges 1981, doi:10.3102/10769986006002107.
    public init(_ differences: PairedDifferences, level: Double = 0.95) throws(StatisticsError) {
        let sample = differences.sample
        standardDeviation = try sample.standardDeviation
        guard !sample.isConstant else { throw .noVariation }
        count = sample.count
        mean = sample.mean
        standardError = try sample.standardError
        statistic = mean / standardError
        degreesOfFreedom = Double(count - 1)
        p = StudentT(degreesOfFreedom: degreesOfFreedom).probability(beyond: statistic)
        interval = try sample.meanInterval(level: level)
        effectSize = mean / standardDeviation
        let half = degreesOfFreedom / 2
        unbiasedEffectSize =
            count > 2 ? effectSize * exponential(logGamma(half) - logGamma(half - 0.5)) / half.squareRoot() : .zero
    }
}
