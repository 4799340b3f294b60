import Glibc

/// A share of cases with its intervals.
public struct Proportion: Equatable, Sendable {
    /// Cases that count.
    public let successes: Int
    /// All cases.
    public let count: Int

    /// Takes a count of successes out of at least one case.
    public init(successes: Int, count: Int) throws(StatisticsError) {
        guard count > 0 else { throw .tooFew("cases", minimum: 1, found: count) }
        guard (0...count).contains(successes) else {
            throw .invalidParameter("\(successes) of \(count) cases cannot be successes")
        }
        self.successes = successes
        self.count = count
    }

    /// The share.
    public var estimate: Double { Double(successes) / Double(count) }

    /// Wilson's score interval, for reports.
    ///
    /// - Source: Wilson 1927, doi:10.1080/01621459.1927.10502953.
    public func wilson(level: Double = 0.95) throws(StatisticsError) -> Interval {
        try checkLevel(level)
        let z = Normal.quantile(upper: (1 - level) / 2)
        let n = Double(count)
        let p = estimate
        let centre = (p + z * z / (2 * n)) / (1 + z * z / n)
        let half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
        return Interval(
            lower: successes == 0 ? 0 : max(0, centre - half), upper: successes == count ? 1 : min(1, centre + half),
            level: level)
    }

    /// The exact interval, for criteria: never less coverage than its level.
    ///
    /// - Source: Clopper and Pearson 1934, doi:10.1093/biomet/26.4.404.
    public func clopperPearson(level: Double = 0.95) throws(StatisticsError) -> Interval {
        try checkLevel(level)
        return Interval(
            lower: lowerBound(level: (1 + level) / 2), upper: upperBound(level: (1 + level) / 2), level: level)
    }

    /// Exact one-sided lower bound of this level.
    public func lowerBound(level: Double) -> Double {
        guard successes > 0 else { return 0 }
        return BetaDistribution(alpha: Double(successes), beta: Double(count - successes + 1)).quantile(1 - level)
    }

    /// Exact one-sided upper bound of this level.
    public func upperBound(level: Double) -> Double {
        guard successes < count else { return 1 }
        return BetaDistribution(alpha: Double(successes + 1), beta: Double(count - successes)).quantile(level)
    }

    /// Largest share of failures that still fits none seen among n cases: 1 − α^(1/n), about 3/n.
    ///
    /// - Source: Hanley and Lippman-Hand 1983, doi:10.1001/jama.1983.03330370053031.
    public static func ruleOfThree(cases: Int, level: Double = 0.95) throws(StatisticsError) -> Double {
        guard cases > 0 else { throw .tooFew("cases", minimum: 1, found: cases) }
        try checkLevel(level)
        return -expm1(log(1 - level) / Double(cases))
    }
}

/// McNemar's test of newly failing against newly fixed cases.
public struct McNemarTest: Equatable, Sendable {
    /// Exact two-sided p-value.
    public let exact: Double
    /// Two-sided mid-p value, less conservative.
    public let midP: Double

    /// Compares discordant pairs; none at all give p = 1.
    ///
    /// - Parameters:
    ///   - newlyFailing: Cases that passed before and fail now.
    ///   - newlyFixed: Cases that failed before and pass now.
    /// - Source: McNemar 1947, doi:10.1007/BF02295996; mid-p of Fagerland et al. 2013, doi:10.1186/1471-2288-13-91.
    public init(newlyFailing: Int, newlyFixed: Int) throws(StatisticsError) {
        guard newlyFailing >= 0, newlyFixed >= 0 else {
            throw .invalidParameter("numbers of cases are not negative")
        }
        let trials = newlyFailing + newlyFixed
        let half = Binomial(trials: trials, probability: 0.5)
        let fewer = min(newlyFailing, newlyFixed)
        let twice = 2 * half.probability(atMost: fewer)
        exact = min(1, twice)
        midP =
            trials == 0
            ? 1
            : min(1, newlyFailing == newlyFixed ? 1 - half.probability(of: fewer) : twice - half.probability(of: fewer))
    }
}
