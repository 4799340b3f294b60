/// A distribution-free interval of a quantile between two order statistics.
///
/// An end is nil where the sample is too small to bound the quantile on that side.
public struct OrderStatisticInterval: Equatable, Sendable {
    /// Rank of the lower order statistic, from 1.
    public let lowerRank: Int?
    /// Rank of the upper order statistic, from 1.
    public let upperRank: Int?
    /// Value at the lower rank.
    public let lower: Double?
    /// Value at the upper rank.
    public let upper: Double?
    /// Level that was asked for.
    public let level: Double
    /// Exact probability, at least the level, that the quantile of a continuous distribution lies inside.
    public let coverage: Double
}

extension Sample {
    /// Student's interval of the mean.
    ///
    /// - Parameter level: Two-sided level, such as 0.95.
    /// - Returns: An interval without width if all values are equal (`Interval.isDegenerate`).
    /// - Throws: `.tooFew` for fewer than two values.
    /// - Source: Student 1908, doi:10.1093/biomet/6.1.1.
    public func meanInterval(level: Double = 0.95) throws(StatisticsError) -> Interval {
        try checkLevel(level)
        let error = try standardError
        let t = StudentT(degreesOfFreedom: Double(count - 1)).quantile(upper: (1 - level) / 2)
        return Interval(centre: mean, halfWidth: t * error, level: level)
    }

    /// Interval of a quantile from two order statistics, exact for every continuous distribution.
    ///
    /// - Parameters:
    ///   - p: Fraction of the quantile, 0.5 for the median.
    ///   - level: Two-sided level, equal tails.
    /// - Source: Hahn and Meeker 1991, section 5.2; Conover 1999, section 3.2.
    public func quantileInterval(_ p: Double, level: Double = 0.95) throws(StatisticsError) -> OrderStatisticInterval {
        try checkLevel(level)
        guard p > 0, p < 1 else { throw .invalidParameter("a quantile's fraction lies between 0 and 1, not \(p)") }
        let ranks = Binomial(trials: count, probability: p)
        let tail = (1 - level) / 2
        let lower = ranks.quantile(tail)
        let upper = ranks.quantile(1 - tail) + 1
        let below = lower >= 1 ? ranks.probability(atMost: lower - 1) : 0
        return OrderStatisticInterval(
            lowerRank: lower >= 1 ? lower : nil, upperRank: upper <= count ? upper : nil,
            lower: lower >= 1 ? sorted[lower - 1] : nil, upper: upper <= count ? sorted[upper - 1] : nil,
            level: level, coverage: ranks.probability(atMost: upper - 1) - below)
    }
}
