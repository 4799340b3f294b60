public import Imaging

/// Why two images cannot be registered.
public enum RegistrationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The images or the mask do not share one grid.
    case geometry(GeometryError)
    /// The mask holds no voxel.
    case emptyMask
    /// An image has values that are not finite within the margin around the mask.
    case notFinite(image: String, count: Int)
    /// The part around the mask has fewer than four voxels along an axis.
    case tooSmall(SIMD3<Int>)
    /// The kernels could not get memory.
    case outOfMemory

    /// The error in words.
    public var description: String {
        switch self {
        case .geometry(let error): error.description
        case .emptyMask: "the mask is empty: there is nothing to register"
        case .notFinite(let image, let count): "the \(image) has \(count) values around the mask that are not finite"
        case .tooSmall(let size): "\(size.x)×\(size.y)×\(size.z) voxels are too few to register"
        case .outOfMemory: "not enough memory for the registration"
        }
    }

    /// The reason that a measurement carries.
    var reason: NotComputedReason? {
        switch self {
        case .emptyMask: .emptyRegion
        case .notFinite: .notFinite
        case .tooSmall: .gridTooSmall
        case .geometry, .outOfMemory: nil
        }
    }
}
