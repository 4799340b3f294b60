import Cohort

/// Why two runs are not compared.
public enum RegressionError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Both runs are the same run.
    case sameRun(String)
    /// Both runs used the same weights: the comparison would always pass.
    case sameModel(weightsSHA256: String)
    /// The runs were made under different protocols.
    case differentProtocols(baseline: String, candidate: String)
    /// The runs were made under another protocol than the one given.
    case otherProtocol(given: String, runs: String)
    /// The runs saw different cohorts.
    case differentCohorts(baseline: String, candidate: String)
    /// The manifests are equal, but the truth of this case has other bytes.
    case differentTruths(case: String)
    /// The protocol states no margin: there is nothing to decide on.
    case noMargins
    /// No case is in both runs with the same truth.
    case noCommonCases

    /// Stable code.
    public var code: String {
        switch self {
        case .sameRun: "same_run"
        case .sameModel: "same_model"
        case .differentProtocols: "different_protocols"
        case .otherProtocol: "other_protocol"
        case .differentCohorts: "different_cohorts"
        case .differentTruths: "different_truths"
        case .noMargins: "no_margins"
        case .noCommonCases: "no_common_cases"
        }
    }

    /// One sentence with cause and remedy.
    public var description: String {
        switch self {
        case .sameRun(let run): return "baseline and candidate are the same run, \(SafeText.printable(run))"
        case .sameModel(let weights):
            return
                "baseline and candidate have the same weights (SHA-256 \(weights)); a model is not compared with itself"
        case .differentProtocols(let baseline, let candidate):
            return "the runs were made under different protocols (baseline \(baseline), candidate \(candidate))"
        case .otherProtocol(let given, let runs):
            return "the runs were made under the protocol \(runs), the one given is \(given)"
        case .differentCohorts(let baseline, let candidate):
            return "the runs saw different cohorts (manifests \(baseline) and \(candidate)); "
                + "to compare the cases that both have, ask for the intersection"
        case .differentTruths(let id):
            return "the truth of case \(SafeText.printable(id)) was changed between the runs; "
                + "to compare the cases whose truth is the same, ask for the intersection"
        case .noMargins: return "the protocol states no regression margin"
        case .noCommonCases: return "no case is in both runs with the same truth"
        }
    }
}
