import CKernels
import Imaging

/// Which voxel axis the frame's x, y and z follow.
enum FrameAxes {
    /// The voxel axes as they are stored, (i, j, k): what array tools see.
    case stored
    /// The voxel axes closest to R, A, S, each growing that way, so that the storage order changes nothing.
    case anatomical
}

/// A box around the foreground of one or two masks, with one empty voxel all round, in which kernels work.
///
/// Frame coordinates are (x, y, z) in C order: z runs fastest and along the bits of a row.
struct BitFrame: Sendable {
    /// Sizes for the kernels.
    let kernel: ck_frame
    /// Relation to the stored array.
    let map: ck_frame_map
    /// Voxel edge lengths along x, y, z in mm, rounded to 2⁻³⁶ mm: rotating a grid must not turn ties into orders.
    let spacingMM: SIMD3<Double>
    /// Grid that the frame was cut from.
    let geometry: Geometry
    /// The box of the foreground in voxel indices, both ends included.
    let lower: SIMD3<Int>
    /// Its last voxel.
    let upper: SIMD3<Int>

    /// Words of one packed mask, without the guards.
    var wordCount: Int { Int(kernel.nx * kernel.ny * kernel.row_words) }

    /// Whether x, y, z are the stored axes, none of them reversed.
    var isInStoredOrder: Bool { map.axis == (0, 1, 2) && map.reversed == (0, 0, 0) }

    /// Number of rows along z.
    var rowCount: Int { Int(kernel.nx * kernel.ny) }

    /// Makes the smallest frame that holds the foreground of all masks, or nil when there is none.
    init?(around masks: [Mask], geometry: Geometry, axes: FrameAxes) {
        let dimensions = geometry.dimensions
        var lower = dimensions
        var upper = SIMD3(-1, -1, -1)
        for mask in masks {
            guard let box = mask.foregroundBox() else { continue }
            for axis in 0..<3 {
                lower[axis] = min(lower[axis], box.lower[axis])
                upper[axis] = max(upper[axis], box.upper[axis])
            }
        }
        guard upper.x >= 0 else { return nil }
        let order = axes == .stored ? SIMD3(0, 1, 2) : geometry.voxelAxisOfWorldAxis
        var origin = SIMD3<Int>()
        var size = SIMD3<Int>()
        var reversed = SIMD3<Int>()
        var spacing = SIMD3<Double>()
        for axis in 0..<3 {
            let voxelAxis = order[axis]
            let backwards = axes == .anatomical && geometry.affine.column(voxelAxis)[axis] < 0
            reversed[axis] = backwards ? 1 : 0
            origin[axis] = (backwards ? dimensions[voxelAxis] - 1 - upper[voxelAxis] : lower[voxelAxis]) - 1
            size[axis] = upper[voxelAxis] - lower[voxelAxis] + 3
            spacing[axis] = (geometry.spacingMM[voxelAxis] * 0x1p36).rounded() / 0x1p36
        }
        kernel = ck_frame(nx: Int64(size.x), ny: Int64(size.y), nz: Int64(size.z), row_words: Int64((size.z + 63) / 64))
        map = ck_frame_map(
            dimensions: (Int64(dimensions.x), Int64(dimensions.y), Int64(dimensions.z)),
            axis: (Int64(order.x), Int64(order.y), Int64(order.z)),
            reversed: (Int64(reversed.x), Int64(reversed.y), Int64(reversed.z)),
            origin: (Int64(origin.x), Int64(origin.y), Int64(origin.z)))
        spacingMM = spacing
        self.geometry = geometry
        self.lower = lower
        self.upper = upper
    }

    /// Index (i, j, k) in the grid of a voxel of the frame.
    func gridIndex(_ voxel: SIMD3<Int32>) -> SIMD3<Int> {
        let axes = [map.axis.0, map.axis.1, map.axis.2]
        let reversed = [map.reversed.0, map.reversed.1, map.reversed.2]
        let origin = [map.origin.0, map.origin.1, map.origin.2]
        var index = SIMD3<Int>()
        for axis in 0..<3 {
            let voxelAxis = Int(axes[axis])
            let along = Int(voxel[axis]) + Int(origin[axis])
            index[voxelAxis] = reversed[axis] != 0 ? geometry.dimensions[voxelAxis] - 1 - along : along
        }
        return index
    }
}

extension Mask {
    /// Smallest box, in voxel indices (both ends included), that holds every non-zero voxel; nil when there is none.
    func foregroundBox() -> (lower: SIMD3<Int>, upper: SIMD3<Int>)? {
        let size = geometry.dimensions
        let dimensions = [Int64(size.x), Int64(size.y), Int64(size.z)]
        var lower: [Int64] = [0, 0, 0]
        var upper: [Int64] = [0, 0, 0]
        guard ck_mask_bounds(voxels, dimensions, &lower, &upper) != 0 else { return nil }
        return (
            SIMD3(Int(lower[0]), Int(lower[1]), Int(lower[2])), SIMD3(Int(upper[0]), Int(upper[1]), Int(upper[2]))
        )
    }
}
