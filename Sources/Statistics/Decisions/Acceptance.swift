/// What an interval says about a threshold.
public enum Acceptance: String, Equatable, Sendable, CaseIterable {
    /// The whole interval reaches the threshold.
    case pass
    /// The whole interval misses it.
    case fail
    /// The interval straddles it.
    case inconclusive
    /// Fewer cases than needed, or no interval.
    case notEvaluable = "not_evaluable"

    /// Judges the confidence bound of an estimate.
    ///
    /// - Parameters:
    ///   - interval: Two-sided interval (95 % as a rule); nil where there is none.
    ///   - threshold: Bound to reach: lower end ≥ threshold where higher is better, upper end ≤ threshold where lower is.
    ///   - better: Which way is better.
    ///   - count: Evaluated cases.
    ///   - minimum: Fewest cases for a judgement.
    public init(_ interval: Interval?, threshold: Double, better: Better, count: Int, minimum: Int) {
        guard let interval, count >= minimum else {
            self = .notEvaluable
            return
        }
        switch better {
        case .higher:
            self = interval.lower >= threshold ? .pass : interval.upper < threshold ? .fail : .inconclusive
        case .lower:
            self = interval.upper <= threshold ? .pass : interval.lower > threshold ? .fail : .inconclusive
        }
    }

    /// All have to pass (intersection-union): no error rate is split, and one miss decides.
    ///
    /// - Source: Berger 1982, doi:10.2307/1267823.
    public static func all(_ outcomes: [Acceptance]) -> Acceptance {
        if outcomes.isEmpty { return .notEvaluable }
        if outcomes.contains(.fail) { return .fail }
        if outcomes.contains(.notEvaluable) { return .notEvaluable }
        return outcomes.contains(.inconclusive) ? .inconclusive : .pass
    }
}

/// What stands in for the value of a case that has none.
public enum MissingValueRule: Equatable, Sendable {
    /// Nothing: cases with a value only.
    case completeCase
    /// The worst value that any case had.
    case worstObserved
    /// This value, such as 0 for an overlap.
    case value(Double)

    /// The values with missing ones filled in.
    ///
    /// - Throws: `.tooFew` where the worst observed value is asked for and no case has a value.
    public func completed(_ values: [Double?], better: Better) throws(StatisticsError) -> [Double] {
        let observed = values.compactMap { $0 }
        switch self {
        case .completeCase: return observed
        case .worstObserved:
            guard let worst = better == .higher ? observed.min() : observed.max() else {
                throw .tooFew("values", minimum: 1, found: 0)
            }
            return values.map { $0 ?? worst }
        case .value(let value): return values.map { $0 ?? value }
        }
    }
}
