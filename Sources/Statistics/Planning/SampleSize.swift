import Glibc

/// How many cases a study needs.
public enum SampleSize {
    /// Most cases that a search tries.
    public static let maximum = 10_000_000

    /// Cases for non-inferiority, or for a confidence bound to reach a threshold.
    ///
    /// - Parameters:
    ///   - distance: How far the true mean lies on the good side of the bound, positive.
    ///   - standardDeviation: Of the paired differences, or of the cases.
    ///   - alpha: One-sided error rate.
    ///   - power: Probability of success that is asked for.
    /// - Throws: `.invalidParameter`.
    public static func bound(
        distance: Double, standardDeviation: Double, alpha: Double, power: Double
    ) throws(StatisticsError) -> Int {
        try check(standardDeviation: standardDeviation, alpha: alpha, power: power)
        guard distance > 0, distance.isFinite else {
            throw .invalidParameter(
                "the expected value has to lie on the good side of the bound; it is off by \(-distance)")
        }
        return try smallest {
            Power.bound(cases: $0, distance: distance, standardDeviation: standardDeviation, alpha: alpha) >= power
        }
    }

    /// Cases for a two-sided paired t test.
    public static func pairedDifference(effect: Double, alpha: Double, power: Double) throws(StatisticsError) -> Int {
        try check(standardDeviation: 1, alpha: alpha, power: power)
        guard effect != 0, effect.isFinite else { throw .invalidParameter("an effect of \(effect) cannot be shown") }
        return try smallest { Power.pairedDifference(cases: $0, effect: effect, alpha: alpha) >= power }
    }

    /// Cases for equivalence by two one-sided tests.
    public static func equivalence(
        difference: Double, margin: Double, standardDeviation: Double, alpha: Double, power: Double
    ) throws(StatisticsError) -> Int {
        try check(standardDeviation: standardDeviation, alpha: alpha, power: power)
        guard margin > 0, abs(difference) < margin else {
            throw .invalidParameter("a true difference of \(difference) is not inside ±\(margin)")
        }
        return try smallest {
            Power.equivalence(
                cases: $0, difference: difference, margin: margin, standardDeviation: standardDeviation, alpha: alpha)
                >= power
        }
    }

    /// Cases for an interval of the mean that is expected to be no wider than ± a half width (normal quantile).
    public static func halfWidth(
        _ halfWidth: Double, standardDeviation: Double, level: Double
    ) throws(StatisticsError) -> Int {
        try check(standardDeviation: standardDeviation, alpha: 0.5, power: 0.5)
        try checkLevel(level)
        guard halfWidth > 0, halfWidth.isFinite else { throw .invalidParameter("a half width is a positive number") }
        let root = Normal.quantile(upper: (1 - level) / 2) * standardDeviation / halfWidth
        guard root * root < Double(maximum) else { throw .invalidParameter("more than \(maximum) cases") }
        return max(2, Int((root * root).rounded(.up)))
    }

    /// Cases without a single failure that show a share of successes of at least `share`.
    ///
    /// - Parameters:
    ///   - share: Share of successes to show, in (0, 1).
    ///   - level: One-sided confidence.
    /// - Source: Clopper-Pearson bound of n out of n: n = ⌈ln(1 − level) / ln share⌉.
    public static func zeroFailures(share: Double, level: Double) throws(StatisticsError) -> Int {
        try checkLevel(level)
        guard share > 0, share < 1 else { throw .invalidParameter("a share lies between 0 and 1, not \(share)") }
        let count = log(1 - level) / log(share)
        guard count < Double(maximum) else { throw .invalidParameter("more than \(maximum) cases") }
        // A share such as 0.5 gives whole numbers that rounding must not lift to the next.
        return max(1, Int((count - 1e-9).rounded(.up)))
    }

    /// Factor by which cases of one site that are alike raise the number of cases: 1 + (m − 1) ICC.
    ///
    /// - Parameters:
    ///   - casesPerSite: m, at least 1.
    ///   - intraclassCorrelation: In [0, 1].
    /// - Source: Kish 1965, section 5.4.
    public static func designEffect(
        casesPerSite: Double, intraclassCorrelation: Double
    ) throws(StatisticsError) -> Double {
        guard casesPerSite >= 1, casesPerSite.isFinite else { throw .invalidParameter("a site has at least one case") }
        guard (0...1).contains(intraclassCorrelation) else {
            throw .invalidParameter("an intraclass correlation lies in [0, 1], not \(intraclassCorrelation)")
        }
        return 1 + (casesPerSite - 1) * intraclassCorrelation
    }

    private static func check(standardDeviation: Double, alpha: Double, power: Double) throws(StatisticsError) {
        guard standardDeviation > 0, standardDeviation.isFinite else {
            throw .invalidParameter("a standard deviation is a positive number, not \(standardDeviation)")
        }
        guard alpha > 0, alpha < 1 else { throw .invalidParameter("an error rate lies between 0 and 1, not \(alpha)") }
        guard power > 0, power < 1 else { throw .invalidParameter("a power lies between 0 and 1, not \(power)") }
    }

    /// Smallest number of cases, two at least, from which on a growing condition holds.
    private static func smallest(_ isEnough: (Double) -> Bool) throws(StatisticsError) -> Int {
        var high = 2
        while !isEnough(Double(high)) {
            guard high < maximum else { throw .invalidParameter("more than \(maximum) cases") }
            high *= 2
        }
        var low = high / 2
        while low + 1 < high {
            let middle = (low + high) / 2
            if isEnough(Double(middle)) { high = middle } else { low = middle }
        }
        return high
    }
}
