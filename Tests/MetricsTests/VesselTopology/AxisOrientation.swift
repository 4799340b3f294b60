import Imaging

/// One of the 48 ways to store a volume: a permutation of its axes and a flip of each.
struct AxisOrientation: Sendable, CustomStringConvertible {
    /// Old voxel axis along each new one.
    var permutation: SIMD3<Int>
    /// Whether the new axis runs backwards.
    var flipped: [Bool]

    var description: String { "axes \(permutation) flipped \(flipped)" }

    static let all: [AxisOrientation] = [
        SIMD3(0, 1, 2), SIMD3(0, 2, 1), SIMD3(1, 0, 2), SIMD3(1, 2, 0), SIMD3(2, 0, 1), SIMD3(2, 1, 0),
    ].flatMap { permutation in
        (0..<8).map { bits in
            AxisOrientation(permutation: permutation, flipped: (0..<3).map { bits >> $0 & 1 == 1 })
        }
    }

    /// The same patient in this storage order: voxels and affine change together.
    func stored<Scalar>(_ volume: Volume<Scalar>) throws -> Volume<Scalar> {
        let old = volume.geometry
        var columns: [SIMD3<Double>] = []
        var first = SIMD3<Double>()
        for axis in 0..<3 {
            let source = permutation[axis]
            let column = old.affine.column(source)
            columns.append(flipped[axis] ? -column : column)
            if flipped[axis] { first[source] = Double(old.dimensions[source] - 1) }
        }
        let translation = old.affine(first)
        let affine = Affine(
            SIMD4(columns[0].x, columns[1].x, columns[2].x, translation.x),
            SIMD4(columns[0].y, columns[1].y, columns[2].y, translation.y),
            SIMD4(columns[0].z, columns[1].z, columns[2].z, translation.z))
        return try relabelled(volume, affine: affine)
    }

    /// The mirrored or turned anatomy: voxels move, the axis-aligned frame of the patient stays.
    func moved<Scalar>(_ volume: Volume<Scalar>) throws -> Volume<Scalar> {
        let spacing = volume.geometry.spacingMM
        let affine = Affine(
            spacingMM: SIMD3(spacing[permutation.x], spacing[permutation.y], spacing[permutation.z]))
        return try relabelled(volume, affine: affine)
    }

    private func relabelled<Scalar>(_ volume: Volume<Scalar>, affine: Affine) throws -> Volume<Scalar> {
        let old = volume.geometry
        let dimensions = SIMD3(
            old.dimensions[permutation.x], old.dimensions[permutation.y], old.dimensions[permutation.z])
        var voxels: [Scalar] = []
        voxels.reserveCapacity(old.voxelCount)
        for k in 0..<dimensions.z {
            for j in 0..<dimensions.y {
                for i in 0..<dimensions.x {
                    let new = SIMD3(i, j, k)
                    var index = SIMD3<Int>()
                    for axis in 0..<3 {
                        index[permutation[axis]] = flipped[axis] ? dimensions[axis] - 1 - new[axis] : new[axis]
                    }
                    voxels.append(volume[index.x, index.y, index.z])
                }
            }
        }
        return try Volume(geometry: try Geometry(dimensions: dimensions, affine: affine), voxels: voxels)
    }
}
