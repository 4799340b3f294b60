/// Why two images cannot be cut to one grid without interpolation.
public enum LatticeError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The voxel axes or spacings differ.
    case axesDiffer(Geometry, Geometry)
    /// The voxel centres are offset by a fraction of a voxel.
    case fractionalOffset(SIMD3<Double>)
    /// The images do not overlap.
    case disjoint(Geometry, Geometry)

    /// The error in words.
    public var description: String {
        switch self {
        case .axesDiffer(let a, let b): "the voxel axes differ: \(a) against \(b)"
        case .fractionalOffset(let o):
            "the voxel centres are offset by a fraction of a voxel (\(o.x), \(o.y), \(o.z)); resample first"
        case .disjoint(let a, let b): "the images do not overlap: \(a) against \(b)"
        }
    }
}

extension Geometry {
    /// The part of this lattice that both grids cover, as a grid and as voxel ranges of this one.
    ///
    /// Two crops of one scan share a lattice: their voxel centres coincide, only the ranges differ. Cutting both to the common part needs no
    /// interpolation, so no value changes.
    ///
    /// - Parameter tolerance: Largest offset between the centres, as a share of a voxel.
    /// - Throws: `LatticeError` when the grids have no common lattice or do not overlap.
    public func commonPart(
        with other: Geometry, tolerance: Double = 0.02
    ) throws(LatticeError) -> (grid: Geometry, lower: SIMD3<Int>) {
        let extent = SIMD3<Double>(SIMD3<Int>(other.dimensions.x - 1, other.dimensions.y - 1, other.dimensions.z - 1))
        for axis in 0..<3 {
            let drift = length(affine.column(axis) - other.affine.column(axis)) * max(1, extent[axis])
            guard drift <= tolerance * spacingMM[axis] else { throw .axesDiffer(self, other) }
        }
        let offset = index(other.affine.translation)
        let rounded = offset.rounded(.toNearestOrAwayFromZero)
        let fraction = offset - rounded
        guard fraction.x.magnitude <= tolerance, fraction.y.magnitude <= tolerance, fraction.z.magnitude <= tolerance,
            rounded.x.magnitude < 1e6, rounded.y.magnitude < 1e6, rounded.z.magnitude < 1e6
        else { throw .fractionalOffset(fraction) }
        let start = SIMD3<Int>(Int(rounded.x), Int(rounded.y), Int(rounded.z))
        var lower = SIMD3<Int>(0, 0, 0)
        var size = SIMD3<Int>(0, 0, 0)
        for axis in 0..<3 {
            lower[axis] = max(0, start[axis])
            size[axis] = min(dimensions[axis], start[axis] + other.dimensions[axis]) - lower[axis]
            guard size[axis] > 0 else { throw .disjoint(self, other) }
        }
        let origin = world(SIMD3<Double>(lower))
        let shifted = Affine(
            SIMD4(SIMD3(affine.row0.x, affine.row0.y, affine.row0.z), origin.x),
            SIMD4(SIMD3(affine.row1.x, affine.row1.y, affine.row1.z), origin.y),
            SIMD4(SIMD3(affine.row2.x, affine.row2.y, affine.row2.z), origin.z))
        do throws(GeometryError) {
            return (try Geometry(dimensions: size, affine: shifted), lower)
        } catch {
            throw .disjoint(self, other)
        }
    }
}

extension Volume {
    /// The values on a grid that is a part of this volume's lattice.
    ///
    /// - Throws: `LatticeError` unless the grid's voxel centres are voxel centres of this volume.
    public func cut(to grid: Geometry, tolerance: Double = 0.02) throws(LatticeError) -> Volume<Scalar> {
        let (common, lower) = try geometry.commonPart(with: grid, tolerance: tolerance)
        guard common.dimensions == grid.dimensions else { throw .disjoint(geometry, grid) }
        var cut: [Scalar] = []
        cut.reserveCapacity(grid.voxelCount)
        for k in 0..<grid.dimensions.z {
            for j in 0..<grid.dimensions.y {
                let start = geometry.offset(lower.x, lower.y + j, lower.z + k)
                cut.append(contentsOf: voxels[start..<start + grid.dimensions.x])
            }
        }
        return Volume(sameGridAs: grid, voxels: cut)
    }
}
