/// How a value between voxel centres is found.
public enum Interpolation: String, Sendable, Codable, CaseIterable {
    /// The value of the nearest voxel; a point half way between two takes the one with the larger index.
    case nearest
    /// Trilinear.
    case linear
    /// Cubic B-spline through the voxel values, mirrored at the outermost voxel centres.
    case cubicBSpline = "cubic-bspline"
}

/// Why an image cannot be resampled.
public enum ResamplingError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A spline spreads one value that is not finite over the whole image.
    case notFinite(count: Int)

    /// The error in words.
    public var description: String {
        switch self {
        case .notFinite(let count):
            "\(count) voxels are not finite: a spline through them has no finite value anywhere"
        }
    }
}
