public import Imaging

/// Why a deformation cannot be measured at all.
public enum DeformationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Images, mask and fields do not share one grid.
    case geometry(GeometryError)
    /// The acquired coronal plane is too far from the patient's for the word coronal to hold.
    case oblique(degrees: Double)
    /// A landmark has no partner with its name, phase and observer on the other side.
    case unmatchedLandmark(String)
    /// Two landmarks of one side share name, phase and observer.
    case duplicateLandmark(String)

    /// The images cannot be registered.
    case registration(RegistrationError)

    /// The error in words.
    public var description: String {
        switch self {
        case .geometry(let error): error.description
        case .oblique(let degrees):
            "the acquired plane lies \(degrees)° from the patient's coronal plane, more than 45°"
        case .unmatchedLandmark(let name): "landmark \(name) has no partner in the other list"
        case .duplicateLandmark(let name): "landmark \(name) is listed twice"
        case .registration(let error): error.description
        }
    }
}
