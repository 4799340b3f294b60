import Metrics
import Study

/// Terms of protocol and record as people say them.
enum Words {
    static func purpose(_ purpose: StudyProtocol.Purpose) -> String {
        switch purpose {
        case .preDeployment: "Pre-deployment validation report"
        case .retraining: "Validation report after retraining"
        case .demonstration: "Demonstration report"
        }
    }

    static func count(_ count: Int, _ one: String, _ many: String? = nil) -> String {
        "\(count) \(count == 1 ? one : many ?? one + "s")"
    }

    static func estimator(_ endpoint: StudyProtocol.Endpoint) -> String {
        switch endpoint.estimator {
        case .mean: "mean"
        case .median: "median"
        case .proportion: "share of cases"
        }
    }

    /// Better-direction of the study's number as a sign.
    static func relation(_ endpoint: StudyProtocol.Endpoint) -> String {
        endpoint.better == .lower && endpoint.estimator != .proportion ? "≤" : "≥"
    }

    static func better(_ direction: Direction) -> String {
        switch direction {
        case .higher: "higher is better"
        case .lower: "lower is better"
        case .neutral: "neither is better"
        }
    }

    static func interval(_ method: StudyProtocol.IntervalMethod, _ estimator: StudyProtocol.Estimator) -> String {
        switch (method, estimator) {
        case (.standard, .mean): "Student's t"
        case (.standard, .median): "order statistics"
        case (.standard, .proportion): "Clopper–Pearson"
        case (.bca, _): "BCa bootstrap over subjects"
        case (.siteAware, _): "random effects over sites, modified Hartung–Knapp"
        }
    }

    static func missing(_ rule: StudyProtocol.MissingDataRule) -> String {
        switch rule {
        case .completeCase: "complete case: only cases with a value"
        case .worstObserved: "worst observed: the worst value of the study stands in"
        case .missingAsFailure: "missing as failure: the metric's worst value stands in"
        }
    }

    static func set(_ set: StudyProtocol.AnalysisSet) -> String {
        switch set {
        case .fullAnalysis: "full analysis set (every eligible case)"
        case .perProtocol: "per-protocol set (without cases that have a major deviation)"
        }
    }

    static func action(_ action: StudyProtocol.EdgeCaseAction) -> String {
        switch action {
        case .notComputed: "no value, counted as missing"
        case .trueNegative: "no value, counted as true negative"
        case .imputedWorst: "worst value of the case"
        case .value(let value): NumberText.fixed(value, decimals: 3)
        }
    }

    static func multiplicity(_ rule: StudyProtocol.Multiplicity) -> String {
        switch rule {
        case .none: "no correction"
        case .intersectionUnion: "intersection–union: all have to pass, alpha is not split"
        case .holm: "Holm's step-down"
        }
    }

    /// The code of a reason in words.
    static func reason(_ code: String) -> String {
        if let known = NotComputedReason(rawValue: code) { return known.explanation }
        return code == "missing" || code == "not_run" ? "listed, but not run" : code.replacing("_", with: " ")
    }

    static func range(_ rule: StudyProtocol.RangeRule) -> String {
        switch rule {
        case .fixed(let lower, let upper):
            "\(NumberText.fixed(lower, decimals: 0)) to \(NumberText.fixed(upper, decimals: 0)), clipped"
        case .percentiles(let lower, let upper):
            "percentiles \(NumberText.fixed(lower, decimals: 1)) to \(NumberText.fixed(upper, decimals: 1)) of the truth inside the body"
        }
    }
}
