internal import CKernels
public import Imaging

/// Which voxels touch.
public enum Connectivity: Int, Sendable, Codable, CaseIterable {
    /// Voxels that share a face.
    case six = 6
    /// Voxels that share a face or an edge.
    case eighteen = 18
    /// Voxels that share a face, an edge or a corner.
    case twentySix = 26
}

/// Labels the connected components of the non-zero voxels of a mask.
///
/// - Parameters:
///   - mask: Voxels in storage order, i fastest; non-zero is inside.
///   - dimensions: Voxels along i, j, k; their product is the length of `mask`.
///   - connectivity: Which voxels touch.
/// - Returns: A label per voxel (0 outside; 1, 2, … in the order in which each component's first voxel appears in
///   storage) and the number of components.
public func labelComponents(
    of mask: [UInt8], dimensions: SIMD3<Int>, connectivity: Connectivity
) -> (labels: [Int32], count: Int) {
    precondition(mask.count == dimensions.x * dimensions.y * dimensions.z)
    var count = 0
    let labels = [Int32](unsafeUninitializedCapacity: mask.count) { labels, initialized in
        count = mask.withUnsafeBufferPointer { voxels in
            guard let source = voxels.baseAddress, let target = labels.baseAddress else { return 0 }
            return Int(
                ck_label_components(
                    source, Int64(dimensions.x), Int64(dimensions.y), Int64(dimensions.z),
                    Int32(connectivity.rawValue), target))
        }
        precondition(count >= 0, "out of memory")
        initialized = mask.count
    }
    return (labels, count)
}

/// Labels the connected components of a mask.
///
/// - Parameters:
///   - mask: Non-zero is inside.
///   - connectivity: Which voxels touch.
/// - Returns: The labels on the mask's grid (0 outside; 1, 2, … in storage order) and their number.
public func labelComponents(of mask: Mask, connectivity: Connectivity) -> (labels: LabelMap, count: Int) {
    let (labels, count) = labelComponents(
        of: mask.voxels, dimensions: mask.geometry.dimensions, connectivity: connectivity)
    var map = LabelMap(geometry: mask.geometry, repeating: 0)
    map.voxels = labels
    return (map, count)
}
