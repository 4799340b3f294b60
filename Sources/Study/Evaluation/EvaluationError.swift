public import Imaging
public import Metrics

/// Why a case cannot be evaluated at all.
public enum EvaluationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// An input does not lie on the grid of the reference.
    case gridMismatch(input: String, expected: Geometry, actual: Geometry)
    /// There is no metric of that name.
    case unknownMetric(String)
    /// A parameter makes no sense.
    case parameter(MetricError)
    /// Landmarks or fields do not belong together.
    case deformation(DeformationError)
    /// Nothing was given that anything could be measured on.
    case nothingToMeasure

    /// The error in words.
    public var description: String {
        switch self {
        case .gridMismatch(let input, let expected, let actual):
            "the \(input) does not lie on the grid of the reference: \(actual) against \(expected); "
                + "resample it first, as a step of its own"
        case .unknownMetric(let name): "there is no metric named '\(name)'"
        case .parameter(let error): error.description
        case .deformation(let error): error.description
        case .nothingToMeasure:
            "nothing to measure: give a pair of images, a pair of masks, a pair of landmark lists or of fields"
        }
    }
}
