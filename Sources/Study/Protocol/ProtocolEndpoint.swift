public import Metrics

extension StudyProtocol {
    /// Weight of an endpoint in the verdict.
    public enum Role: String, Sendable, CaseIterable {
        /// All primary endpoints have to pass.
        case primary
        /// Reported with corrected error rates; does not decide.
        case secondary
    }

    /// One number per case.
    public enum CaseSummary: String, Sendable, CaseIterable {
        /// The value of the measurement.
        case value
        /// The worst slice of the measurement's `per_slice` table.
        case worstSlice = "worst-slice"
    }

    /// One number per study, from one number per case.
    public enum Estimator: String, Sendable, CaseIterable {
        /// Arithmetic mean.
        case mean
        /// Median.
        case median
        /// Share of cases whose value is at least as good as `Endpoint.caseLimit`.
        case proportion
    }

    /// What the study measures and decides on.
    public struct Endpoint: Sendable, Equatable {
        /// Identifier in the protocol.
        public var oid: String
        /// Name for people.
        public var name: String
        /// Primary or secondary.
        public var role: Role
        /// Metric identifier, with its preset where there is one.
        public var metric: String
        /// Structure, such as `body` or `liver`.
        public var structure: String
        /// One number per case.
        public var caseSummary: CaseSummary
        /// One number per study.
        public var estimator: Estimator
        /// Limit that a case has to reach, for proportions.
        public var caseLimit: Double?
        /// Which way is better; never neutral.
        public var better: Direction
        /// Unit of the metric; `1` for proportions.
        public var unit: String
    }

    /// Interval that a criterion is judged on.
    public enum IntervalMethod: String, Sendable, CaseIterable {
        /// Student's t for means, Clopper-Pearson for proportions, order statistics for medians.
        case standard
        /// Bias-corrected and accelerated bootstrap over subjects.
        case bca
        /// Random-effects pooling of the sites, modified Hartung-Knapp.
        case siteAware = "site-aware"
    }

    /// A threshold that the confidence bound of an endpoint has to reach.
    public struct Criterion: Sendable, Equatable {
        /// Identifier in the protocol.
        public var oid: String
        /// Endpoint it judges.
        public var endpointOID: String
        /// Threshold in the unit of the endpoint.
        public var threshold: Double
        /// Fewest evaluated cases; below, the criterion is not evaluable.
        public var minimumCases: Int
        /// Interval it is judged on.
        public var interval: IntervalMethod
        /// Clinical reason for the threshold.
        public var rationale: String
    }

    /// How much worse a retrained model may be.
    public struct RegressionMargin: Sendable, Equatable {
        /// Endpoint.
        public var endpointOID: String
        /// Tolerated harm in the endpoint's unit, always positive.
        public var nonInferiority: Double
        /// Half width of the equivalence range, if equivalence is asked for.
        public var equivalence: Double?
        /// Clinical reason.
        public var rationale: String
    }

    /// A figure that somebody published.
    public struct ReferenceClaim: Sendable, Equatable {
        /// Endpoint it stands beside.
        public var endpointOID: String
        /// The figure, in the endpoint's unit.
        public var value: Double
        /// Its spread, if published.
        public var spread: Double?
        /// Where it comes from and what it is read as.
        public var source: String
    }

    /// A covariate that is looked at, exploratory.
    public struct Subgroup: Sendable, Equatable {
        /// Column of the manifest.
        public var covariate: String
        /// Upper ends of numeric bins, ascending; empty: one group per value.
        public var bins: [Double]
    }

    /// What an aggregate does with an undefined value.
    public enum EdgeCaseAction: Sendable, Equatable {
        /// Left out and counted as missing.
        case notComputed
        /// Left out and counted as a true negative, not as missing.
        case trueNegative
        /// Replaced by the metric's worst value for the case.
        case imputedWorst
        /// Replaced by this value.
        case value(Double)
    }

    /// The rule of one metric.
    public struct EdgeCaseRule: Sendable, Equatable {
        /// Metric identifier, or `*` for all others.
        public var metric: String
        /// The reference is empty, the generated mask is not.
        public var referenceEmpty: EdgeCaseAction
        /// The generated mask is empty, the reference is not.
        public var generatedEmpty: EdgeCaseAction
        /// Both are empty.
        public var bothEmpty: EdgeCaseAction
    }
}
