public import Cohort
import Metrics
public import Statistics

/// What a comparison of two runs found, for pages, tables and machines.
public struct RegressionReport: Sendable, Equatable {
    /// One of the two runs.
    public struct Side: Sendable, Equatable {
        /// UUID of the run.
        public var run: String
        /// What generated.
        public var model: ModelIdentity
        /// Start, UTC.
        public var startedUTC: String
        /// Digest over its results.
        public var resultsDigest: String
    }

    /// Old and new number of one case.
    public struct Pair: Sendable, Equatable {
        /// Case.
        public var caseID: String
        /// Site.
        public var site: String
        /// Number of the old model.
        public var baseline: Double
        /// Number of the new model.
        public var candidate: Double
        /// Whether the rule for missing data set one of them.
        public var isCompleted: Bool
    }

    /// A part of the cases with its mean difference.
    public struct Part: Sendable, Equatable {
        /// Site code, or `covariate=level`.
        public var name: String
        /// Pairs in it.
        public var count: Int
        /// Mean of candidate minus baseline.
        public var difference: Double
        /// Interval of it, where there is one.
        public var interval: Interval?
        /// Whether it has enough cases to be looked at on its own.
        public var isAssessable: Bool
    }

    /// A case that crossed the line between acceptable and not.
    public struct Crossing: Sendable, Equatable {
        /// Case.
        public var caseID: String
        /// Why, such as `0.91 → 0.85` or `failed: grid_mismatch`.
        public var reason: String
    }

    /// What was found for one endpoint.
    public struct Endpoint: Sendable, Equatable {
        /// The endpoint of the protocol.
        public var endpoint: StudyProtocol.Endpoint
        /// Its margin.
        public var margin: StudyProtocol.RegressionMargin
        /// How the interval was made: `mixed_model`, `paired_t`, `hodges_lehmann`, `paired_proportion`.
        public var method: String
        /// Pairs, in the order of the baseline's cases.
        public var pairs: [Pair]
        /// Cases without a number on at least one side that no rule completed.
        public var missing: Int
        /// Estimate of the old model.
        public var baseline: Double?
        /// Estimate of the new model.
        public var candidate: Double?
        /// Paired difference, candidate minus baseline.
        public var difference: Double?
        /// Two-sided interval of the difference that was compared with the margin.
        public var interval: Interval?
        /// Interval of the difference as if there were no sites, for comparison; nil where it is the one that decides.
        public var pairedInterval: Interval?
        /// One-sided p-value against harm of the margin or more, from the paired t test.
        public var p: Double?
        /// Exact p-value of McNemar's test on crossings, or of Wilcoxon's test.
        public var secondaryP: Double?
        /// Which test `secondaryP` is of: `mcnemar` or `wilcoxon`.
        public var secondaryTest: String?
        /// Whether the difference lies inside the equivalence range; nil where none is asked for.
        public var isEquivalent: Bool?
        /// Verdict.
        public var verdict: Verdict
        /// Why there is no verdict, or a remark.
        public var note: String?
        /// Cases that were acceptable and are not any more.
        public var newlyFailing: [Crossing]
        /// Cases that were not acceptable and are now.
        public var newlyFixed: [Crossing]
        /// Sites, by code.
        public var sites: [Part]
        /// Levels of the protocol's subgroups.
        public var subgroups: [Part]

        /// The site with the greatest harm among those with enough cases.
        public var worstSite: Part? { worst(of: sites) }
        /// The subgroup with the greatest harm among those with enough cases.
        public var worstSubgroup: Part? { worst(of: subgroups) }

        private func worst(of parts: [Part]) -> Part? {
            let sign = better == .higher ? 1.0 : -1.0
            return parts.filter(\.isAssessable).min { sign * $0.difference < sign * $1.difference }
        }

        /// Which way the numbers are better; a share is better when it is higher, whatever its metric.
        public var better: Better {
            endpoint.estimator == .proportion || endpoint.better != .lower ? .higher : .lower
        }
    }

    /// A criterion of the protocol, as the candidate's own run was judged.
    public struct Criterion: Sendable, Equatable {
        /// OID of the criterion.
        public var oid: String
        /// OID of its endpoint.
        public var endpointOID: String
        /// Verdict on the old model.
        public var baseline: Verdict
        /// Verdict on the new model.
        public var candidate: Verdict
        /// Estimate, interval and threshold in words.
        public var detail: String
        /// Whether the old model passed and the new one does not.
        public var isLost: Bool { baseline == .pass && candidate != .pass }
    }

    /// Title of the study.
    public var title: String
    /// SHA-256 of the protocol.
    public var protocolSHA256: String
    /// The old model.
    public var baseline: Side
    /// The new model.
    public var candidate: Side
    /// Whether only the cases that both runs share were compared.
    public var isIntersection: Bool
    /// Cases compared.
    public var commonCases: Int
    /// Cases that failed or are missing in the candidate, though the baseline has them.
    public var lostCases: [Crossing]
    /// Cases that the candidate has, though they failed or are missing in the baseline.
    public var gainedCases: [Crossing]
    /// Endpoints with a margin, in the order of the protocol.
    public var endpoints: [Endpoint]
    /// Criteria, in the order of the protocol.
    public var criteria: [Criterion]

    /// All endpoints have to hold their margins, no error rate is split between them; a criterion that the old model passed and the new one
    /// does not is a regression too.
    public var verdict: Verdict {
        Verdict.joined(endpoints.map(\.verdict) + criteria.filter(\.isLost).map(\.candidate))
    }

    /// 0 passed; 1 failed, inconclusive or not evaluable; 3 passed, but cases are missing that the baseline has.
    public var exitCode: Int32 {
        guard verdict == .pass else { return 1 }
        return lostCases.isEmpty ? 0 : 3
    }
}
