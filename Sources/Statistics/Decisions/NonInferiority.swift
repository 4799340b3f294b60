/// Which way a quantity is better.
public enum Better: String, Equatable, Sendable, CaseIterable {
    /// Larger values are better.
    case higher
    /// Smaller values are better.
    case lower
}

/// Whether a candidate is not worse than a reference by a margin or more.
public struct NonInferiority: Equatable, Sendable {
    /// Estimated difference, candidate minus reference.
    public let estimate: Double
    /// Two-sided interval that was compared with the margin.
    public let interval: Interval
    /// Tolerated harm, positive, in the unit of the values.
    public let margin: Double
    /// Which way is better.
    public let better: Better
    /// One-sided p-value against harm of the margin or more; nil where the method has none.
    public let p: Double?
    /// Whether the whole interval lies on the right side of the margin; an end on the margin itself does not.
    public let isNonInferior: Bool
    /// Whether the whole interval lies at or beyond the margin: harm is shown, not only possible.
    public let isInferior: Bool

    /// Compares an interval, made by whatever method suits the design, with a margin.
    ///
    /// - Throws: `.invalidParameter` for a margin that is not positive.
    /// - Source: ICH E9, section 3.3.2; a two-sided 95 % interval is a one-sided test at 0.025.
    public init(
        estimate: Double, interval: Interval, margin: Double, better: Better, p: Double? = nil
    ) throws(StatisticsError) {
        guard margin > 0, margin.isFinite else {
            throw .invalidParameter("a non-inferiority margin is a positive number, not \(margin)")
        }
        self.estimate = estimate
        self.interval = interval
        self.margin = margin
        self.better = better
        self.p = p
        isNonInferior = better == .higher ? interval.lower > -margin : interval.upper < margin
        isInferior = better == .higher ? interval.upper <= -margin : interval.lower >= margin
    }

    /// The paired t form.
    ///
    /// Equal differences give an interval without width and no p-value.
    ///
    /// - Throws: `.tooFew` for fewer than two pairs.
    public init(
        _ differences: PairedDifferences, margin: Double, better: Better, level: Double = 0.95
    ) throws(StatisticsError) {
        let sample = differences.sample
        let interval = try sample.meanInterval(level: level)
        let harm = better == .higher ? sample.mean + margin : margin - sample.mean
        var p: Double?
        if !sample.isConstant {
            p = StudentT(degreesOfFreedom: Double(sample.count - 1)).probability(
                above: harm / (try sample.standardError))
        }
        try self.init(estimate: sample.mean, interval: interval, margin: margin, better: better, p: p)
    }
}

/// Two one-sided tests: whether a difference is smaller than a margin in both directions.
public struct Equivalence: Equatable, Sendable {
    /// Mean difference.
    public let estimate: Double
    /// Interval of level 1 − 2α (90 % for α = 0.05).
    public let interval: Interval
    /// Margin, positive.
    public let margin: Double
    /// p-value of the test against −margin; nil if all differences are equal.
    public let pLower: Double?
    /// p-value of the test against +margin; nil if all differences are equal.
    public let pUpper: Double?
    /// Whether the interval lies inside ±margin.
    public let isEquivalent: Bool

    /// The larger of both p-values.
    public var p: Double? {
        guard let pLower, let pUpper else { return nil }
        return max(pLower, pUpper)
    }

    /// Tests paired differences.
    ///
    /// - Parameter alpha: Error rate of each one-sided test.
    /// - Throws: `.tooFew` for fewer than two pairs; `.invalidParameter` for a margin that is not positive.
    /// - Source: Schuirmann 1987, doi:10.1007/BF01068419.
    public init(
        _ differences: PairedDifferences, margin: Double, alpha: Double = 0.05
    ) throws(StatisticsError) {
        guard margin > 0, margin.isFinite else {
            throw .invalidParameter("an equivalence margin is a positive number, not \(margin)")
        }
        let sample = differences.sample
        let interval = try sample.meanInterval(level: 1 - 2 * alpha)
        estimate = sample.mean
        self.interval = interval
        self.margin = margin
        isEquivalent = interval.lower > -margin && interval.upper < margin
        guard !sample.isConstant else {
            pLower = nil
            pUpper = nil
            return
        }
        let t = StudentT(degreesOfFreedom: Double(sample.count - 1))
        let error = try sample.standardError
        pLower = t.probability(above: (sample.mean + margin) / error)
        pUpper = t.probability(below: (sample.mean - margin) / error)
    }
}
