import CKernels
public import Imaging

/// Centrelines of a mask by directional thinning on its own grid.
///
/// Lee, Kashyap and Chu, *Building skeleton models via 3-D medial surface/axis thinning algorithms*, CVGIP 56 (1994).
public enum Skeleton: String, Sendable, CaseIterable {
    /// The homotopic variant: every deletion is of a voxel that is simple at that moment.
    ///
    /// Components, loops and cavities of the skeleton are those of the mask. Runs in anatomical axis order, so the
    /// storage order of a volume has no influence.
    case lee94Safe
    /// The published algorithm as scikit-image 0.26 runs it, voxel for voxel.
    ///
    /// Depends on the order of the stored axes, and erases objects whose width is even.
    case lee94

    /// The skeleton of a mask, on the same grid, 1 inside.
    ///
    /// The mask is taken as it is: holes inside it become shells of the skeleton.
    public func thinned(_ mask: Mask) -> Mask {
        let axes: FrameAxes = self == .lee94 ? .stored : .anatomical
        guard let frame = BitFrame(around: [mask], geometry: mask.geometry, axes: axes) else {
            return Mask(geometry: mask.geometry, repeating: 0)
        }
        return thinned(BitMask(mask, frame: frame)).unpacked()
    }

    /// The skeleton of a packed mask.
    func thinned(_ mask: BitMask) -> BitMask {
        var skeleton = mask
        let capacity = Int(mask.withRows { ck_rows_nonzero_words($0, $1) } ?? 0)
        guard capacity > 0 else { return skeleton }
        var stable = [UInt64](repeating: 0, count: mask.words.count)
        var active = [Int64](repeating: 0, count: capacity)
        var candidates = [UInt64](repeating: 0, count: capacity)
        skeleton.withMutableRows { rows, kernel in
            stable.withUnsafeMutableBufferPointer { buffer in
                guard let base = buffer.baseAddress else { return }
                ck_thin(rows, kernel, self == .lee94Safe ? 1 : 0, base + 1, &active, &candidates)
            }
        }
        return skeleton
    }
}
