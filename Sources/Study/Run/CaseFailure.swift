import Cohort
import Engine
import Imaging
import Metrics

/// Why a case ended without results.
struct CaseFailure: Error {
    /// Where.
    var stage: CaseStage
    /// Stable code.
    var code: String
    /// One sentence; paths are cut to what the manifest says.
    var message: String
    /// Whether the protocol excludes the case; otherwise something went wrong.
    var isExclusion = false

    init(_ stage: CaseStage, _ code: String, _ message: String, isExclusion: Bool = false) {
        self.stage = stage
        self.code = code
        self.message = message
        self.isExclusion = isExclusion
    }

    init(_ stage: CaseStage, _ error: ImagingError) {
        let code =
            switch error {
            case .notFound: "file_missing"
            case .unreadable: "file_unreadable"
            case .malformed: "file_malformed"
            case .unsupported: "file_unsupported"
            case .tooLarge: "memory_budget"
            case .cannotWrite: "cannot_write"
            }
        self.init(stage, code, error.description)
    }

    init(_ stage: CaseStage, _ error: CohortError) {
        let code =
            switch error {
            case .notFound: "file_missing"
            case .unreadable: "file_unreadable"
            case .malformed: "file_malformed"
            case .cannotWrite: "cannot_write"
            }
        self.init(stage, code, error.description)
    }

    init(_ error: GeneratorError) { self.init(.generation, error.reason.rawValue, error.description) }

    init(_ error: EvaluationError) {
        let code =
            switch error {
            case .gridMismatch: "grid_mismatch"
            case .unknownMetric: "unknown_metric"
            case .parameter: "invalid_parameter"
            case .deformation: "deformation_inputs"
            case .nothingToMeasure: "nothing_to_measure"
            }
        self.init(code == "grid_mismatch" ? .geometry : .evaluation, code, error.description)
    }

    /// The sentence without the folder of the cohort: reports carry no paths of a machine.
    func messageWithoutPaths(_ directory: String) -> String {
        var text = message.replacing(directory + "/", with: "")
        if directory != "." { text = text.replacing(directory, with: "cohort") }
        return String(text.prefix(1000))
    }
}
