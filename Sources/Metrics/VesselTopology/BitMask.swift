import CKernels
import Imaging

/// A binary mask inside a frame, one bit per voxel.
struct BitMask: Sendable {
    /// Where the bits lie.
    let frame: BitFrame
    /// One guard word, the rows, one guard word.
    var words: [UInt64]

    /// Packs the non-zero voxels of a mask; the frame has to hold them all.
    init(_ mask: Mask, frame: BitFrame) {
        self.frame = frame
        words = Array(repeating: 0, count: frame.wordCount + 2)
        let lower = [Int64(frame.lower.x), Int64(frame.lower.y), Int64(frame.lower.z)]
        let upper = [Int64(frame.upper.x), Int64(frame.upper.y), Int64(frame.upper.z)]
        withMutableRows { rows, kernel in
            withUnsafePointer(to: frame.map) { ck_mask_pack(mask.voxels, $0, lower, upper, kernel, rows) }
        }
    }

    /// Calls the body with the first row's first word and the frame's sizes.
    func withRows<Result>(_ body: (UnsafePointer<UInt64>, UnsafePointer<ck_frame>) -> Result) -> Result? {
        words.withUnsafeBufferPointer { buffer -> Result? in
            guard let base = buffer.baseAddress else { return nil }
            return withUnsafePointer(to: frame.kernel) { body(base + 1, $0) }
        }
    }

    /// Calls the body with the first row's first word, to be written, and the frame's sizes.
    mutating func withMutableRows(_ body: (UnsafeMutablePointer<UInt64>, UnsafePointer<ck_frame>) -> Void) {
        let kernel = frame.kernel
        words.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            withUnsafePointer(to: kernel) { body(base + 1, $0) }
        }
    }

    /// Number of voxels.
    var count: Int { Int(withRows { ck_rows_count($0, $1) } ?? 0) }

    /// Number of voxels that both masks hold; they share one frame.
    func countShared(with other: BitMask) -> Int {
        let shared: Int64?? = withRows { rows, kernel in
            other.withRows { otherRows, _ in ck_rows_count_and(rows, otherRows, kernel) }
        }
        return Int((shared ?? nil) ?? 0)
    }

    /// Frame coordinates of the voxels in C order.
    var coordinates: [SIMD3<Int32>] {
        let flat = flatCoordinates
        return (0..<flat.count / 3).map { SIMD3(flat[3 * $0], flat[3 * $0 + 1], flat[3 * $0 + 2]) }
    }

    /// Frame coordinates of the voxels in C order, three numbers each.
    var flatCoordinates: [Int32] {
        let total = count
        return Array(unsafeUninitializedCapacity: 3 * total) { buffer, filled in
            guard let base = buffer.baseAddress, total > 0 else { return }
            _ = withRows { ck_rows_coordinates($0, $1, base) }
            filled = 3 * total
        }
    }

    /// The mask on its whole grid, 1 inside.
    func unpacked() -> Mask {
        var mask = Mask(geometry: frame.geometry, repeating: 0)
        for voxel in coordinates {
            let index = frame.gridIndex(voxel)
            mask[index.x, index.y, index.z] = 1
        }
        return mask
    }
}
