/// Why a grid cannot be used.
public enum GeometryError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A dimension is not positive, or their product does not fit.
    case dimensions(SIMD3<Int>)
    /// The affine has entries that are not finite numbers.
    case notFinite
    /// The affine cannot be inverted: its axes lie in one plane.
    case singular
    /// A voxel edge, in mm, lies outside [0.001, 1000].
    case spacing(SIMD3<Double>)
    /// The number of voxels handed over does not fill the grid.
    case voxelCount(expected: Int, actual: Int)
    /// Two volumes that have to share one grid do not.
    case mismatch(Geometry, Geometry)

    /// The error in words.
    public var description: String {
        switch self {
        case .dimensions(let d): "dimensions \(d.x)×\(d.y)×\(d.z) are not a usable grid"
        case .notFinite: "the affine has entries that are not finite"
        case .singular: "the affine is singular: its axes do not span space"
        case .spacing(let s): "voxel spacing \(s.x)×\(s.y)×\(s.z) mm lies outside [0.001, 1000] mm"
        case .voxelCount(let expected, let actual): "the grid has \(expected) voxels, the data \(actual)"
        case .mismatch(let a, let b): "the grids differ: \(a) against \(b)"
        }
    }
}

/// A sampling grid: dimensions and the affine from voxel centres to world millimetres (RAS+).
///
/// Axis order is storage order: index `i` runs fastest. Oblique and flipped affines are normal input.
public struct Geometry: Sendable, Equatable, Hashable, CustomStringConvertible {
    /// Number of voxels along i, j, k.
    public let dimensions: SIMD3<Int>
    /// Map from voxel indices to world mm (RAS+).
    public let affine: Affine
    /// Map from world mm (RAS+) to voxel indices.
    public let inverseAffine: Affine

    /// Largest number of voxels that a grid may have (2³¹ − 1).
    public static let maximumVoxelCount = Int(Int32.max)

    /// Makes a grid after checking that it can be one.
    ///
    /// - Throws: `GeometryError` for empty or overflowing dimensions, a singular affine, or spacing out of range.
    public init(dimensions: SIMD3<Int>, affine: Affine) throws(GeometryError) {
        var count = 1
        for axis in 0..<3 {
            guard dimensions[axis] > 0 else { throw .dimensions(dimensions) }
            let (product, overflow) = count.multipliedReportingOverflow(by: dimensions[axis])
            guard !overflow, product <= Geometry.maximumVoxelCount else { throw .dimensions(dimensions) }
            count = product
        }
        guard affine.isFinite else { throw .notFinite }
        let spacing = SIMD3(length(affine.column(0)), length(affine.column(1)), length(affine.column(2)))
        for axis in 0..<3 where !(spacing[axis] >= 1e-3 && spacing[axis] <= 1e3) { throw .spacing(spacing) }
        guard let inverse = affine.inverse else { throw .singular }
        self.dimensions = dimensions
        self.affine = affine
        self.inverseAffine = inverse
    }

    /// Number of voxels.
    public var voxelCount: Int { dimensions.x * dimensions.y * dimensions.z }

    /// Edge lengths of a voxel along i, j, k, in mm.
    public var spacingMM: SIMD3<Double> {
        SIMD3(length(affine.column(0)), length(affine.column(1)), length(affine.column(2)))
    }

    /// Volume of one voxel, in mm³.
    public var voxelVolumeMM3: Double { abs(affine.determinant) }

    /// Position of voxel (i, j, k) in a flat array, i fastest.
    @inlinable
    public func offset(_ i: Int, _ j: Int, _ k: Int) -> Int { i + dimensions.x * (j + dimensions.y * k) }

    /// World position, in mm, of a (fractional) voxel index.
    public func world(_ index: SIMD3<Double>) -> SIMD3<Double> { affine(index) }

    /// Fractional voxel index of a world position in mm.
    public func index(_ world: SIMD3<Double>) -> SIMD3<Double> { inverseAffine(world) }

    /// World positions, in mm, of the centres of the eight corner voxels.
    public var corners: [SIMD3<Double>] {
        let last = SIMD3<Double>(SIMD3<Int>(dimensions.x - 1, dimensions.y - 1, dimensions.z - 1))
        return (0..<8).map { bits in
            affine(
                SIMD3(
                    bits & 1 == 0 ? 0 : last.x,
                    bits & 2 == 0 ? 0 : last.y,
                    bits & 4 == 0 ? 0 : last.z))
        }
    }

    /// Whether both grids have equal dimensions and their corners agree within the tolerance.
    public func isSameGrid(as other: Geometry, toleranceMM: Double = 1e-3) -> Bool {
        guard dimensions == other.dimensions else { return false }
        return zip(corners, other.corners).allSatisfy { length($0 - $1) <= toleranceMM }
    }

    /// Throws `GeometryError.mismatch` unless the other volume lies on this grid.
    public func requireSameGrid(as other: Geometry, toleranceMM: Double = 1e-3) throws(GeometryError) {
        guard isSameGrid(as: other, toleranceMM: toleranceMM) else { throw .mismatch(self, other) }
    }

    /// Dimensions, spacing and orientation in one line.
    public var description: String {
        func rounded(_ x: Double) -> Double { (x * 10_000).rounded() / 10_000 }
        let s = spacingMM
        let o = affine.translation
        return "\(dimensions.x)×\(dimensions.y)×\(dimensions.z) voxels of "
            + "\(rounded(s.x))×\(rounded(s.y))×\(rounded(s.z)) mm, \(orientationCode), "
            + "origin (\(rounded(o.x)), \(rounded(o.y)), \(rounded(o.z))) mm"
    }
}
