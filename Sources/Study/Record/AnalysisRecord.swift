public import Metrics

/// Verdict on a criterion.
public enum Verdict: String, Sendable, CaseIterable {
    /// The confidence bound reaches the threshold.
    case pass
    /// The whole interval misses it.
    case fail
    /// The interval straddles it.
    case inconclusive
    /// Fewer cases than the protocol asks for, or no value.
    case notEvaluable = "not_evaluable"

    /// The verdict on several criteria that all have to pass.
    public static func joined(_ verdicts: [Verdict]) -> Verdict {
        if verdicts.isEmpty { return .notEvaluable }
        if verdicts.contains(.fail) { return .fail }
        if verdicts.contains(.notEvaluable) { return .notEvaluable }
        return verdicts.contains(.inconclusive) ? .inconclusive : .pass
    }
}

/// One line of statistics about an endpoint.
public struct AnalysisRecord: Sendable, Equatable {
    /// What the line is.
    public enum Kind: String, Sendable, CaseIterable {
        /// The interval that a criterion is judged on, with its verdict.
        case decision
        /// A further interval of the whole study.
        case interval
        /// One site.
        case site
        /// One level of a covariate.
        case subgroup
        /// Test between the levels of a covariate; stores of tools before it have none.
        case levels
        /// The decision under another rule for missing data.
        case sensitivity
        /// Spread between sites: pooled estimate, τ², I², prediction interval.
        case heterogeneity
        /// A description: SD, quartiles, outliers.
        case descriptive
    }

    /// Endpoint.
    public var endpointOID: String
    /// Criterion, for decisions and sensitivity.
    public var criterionOID: String?
    /// What the line is.
    public var kind: Kind
    /// Analysis set.
    public var set: StudyProtocol.AnalysisSet
    /// Method, such as `mean_t`, `mean_bca`, `median_order`, `proportion_clopper_pearson`, `missing:worst-observed`, `sd`.
    public var method: String
    /// Site code, or `covariate=level`; empty for the whole study.
    public var group: String
    /// Cases that were to be evaluated.
    public var planned: Int
    /// Cases with a value.
    public var evaluated: Int
    /// Cases without.
    public var missing: Int
    /// The estimate, in the endpoint's unit.
    public var estimate: Double?
    /// Lower end of the interval.
    public var lower: Double?
    /// Upper end of the interval.
    public var upper: Double?
    /// p-value, where there is one.
    public var p: Double?
    /// Verdict, for decisions and sensitivity.
    public var verdict: Verdict?
    /// Parameters that change the figures (confidence, resamples, seed, threshold).
    public var parameters: [MetricParameter]
    /// A remark for the reader, such as that the verdict changes under this rule.
    public var note: String?

    /// Makes a line.
    public init(
        endpointOID: String, criterionOID: String? = nil, kind: Kind, set: StudyProtocol.AnalysisSet, method: String,
        group: String = "", planned: Int, evaluated: Int, missing: Int, estimate: Double? = nil,
        lower: Double? = nil, upper: Double? = nil, p: Double? = nil, verdict: Verdict? = nil,
        parameters: [MetricParameter] = [], note: String? = nil
    ) {
        self.endpointOID = endpointOID
        self.criterionOID = criterionOID
        self.kind = kind
        self.set = set
        self.method = method
        self.group = group
        self.planned = planned
        self.evaluated = evaluated
        self.missing = missing
        self.estimate = estimate
        self.lower = lower
        self.upper = upper
        self.p = p
        self.verdict = verdict
        self.parameters = parameters
        self.note = note
    }
}
