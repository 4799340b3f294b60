internal import CKernels
public import Imaging

/// The patient's body in an image, with the way it was found, so that a result can state it.
public struct BodyMask: Sendable {
    /// Non-zero inside the body.
    public let mask: Mask
    /// How it was found, in words.
    public let method: String
    /// Voxels above this are body, in image units.
    public let threshold: Double
}

/// Finds the body in the truth when no mask is given.
///
/// The largest component (6 neighbours) above the threshold, with the holes of each axial slice filled. The threshold
/// is −300 HU for CT, and Otsu's for MR (256 bins between the smallest and the largest finite value; Otsu 1979,
/// doi:10.1109/TSMC.1979.4310076). Voxels that are not finite are outside.
///
/// - Parameters:
///   - volume: The truth.
///   - modality: Decides the threshold.
///   - threads: Threads to use; the result does not depend on it.
/// - Returns: The mask; empty when no voxel exceeds the threshold.
public func bodyMask(of volume: Volume<Float>, modality: Modality, threads: Int = 1) -> BodyMask {
    let geometry = volume.geometry
    let d = geometry.dimensions
    let threshold: Float
    let method: String
    switch modality {
    case .ct:
        threshold = -300
        method = "largest component above -300 HU, holes filled per axial slice"
    case .mr:
        threshold = otsuThreshold(of: volume.voxels)
        method = "largest component above Otsu's threshold, holes filled per axial slice"
    }
    var mask = Mask(geometry: geometry, repeating: 0)
    ck_threshold(volume.voxels, Int64(geometry.voxelCount), threshold, Int32(threads), &mask.voxels)
    keepLargestComponent(of: &mask)

    let sliceAxis = geometry.sliceAxis(of: .axial)
    let steps = [1, d.x, d.x * d.y]
    let axes = (0..<3).filter { $0 != sliceAxis } + [sliceAxis]
    let status = ck_fill_holes(
        &mask.voxels, axes.map { Int64(d[$0]) }, axes.map { Int64(steps[$0]) }, Int32(threads))
    precondition(status == 0, "out of memory")
    return BodyMask(mask: mask, method: method, threshold: Double(threshold))
}

/// Clears all but the component with most voxels; the first of equals stays.
private func keepLargestComponent(of mask: inout Mask) {
    let (labels, count) = labelComponents(
        of: mask.voxels, dimensions: mask.geometry.dimensions, connectivity: .six)
    guard count > 1 else { return }
    var sizes = [Int](repeating: 0, count: count + 1)
    for label in labels { sizes[Int(label)] += 1 }
    var largest = 1
    for label in 2..<count + 1 where sizes[label] > sizes[largest] { largest = label }
    let kept = Int32(largest)
    mask.voxels = labels.map { $0 == kept ? 1 : 0 }
}

/// The threshold that parts a histogram of 256 bins into two classes with the largest variance between them.
private func otsuThreshold(of voxels: [Float]) -> Float {
    let bins = 256
    var low = Float.infinity
    var high = -Float.infinity
    for value in voxels where value.isFinite {
        low = min(low, value)
        high = max(high, value)
    }
    guard high > low else { return low }
    let width = (Double(high) - Double(low)) / Double(bins)
    var counts = [Int](repeating: 0, count: bins)
    for value in voxels where value.isFinite {
        counts[min(bins - 1, Int((Double(value) - Double(low)) / width))] += 1
    }
    let total = Double(counts.reduce(0, +))
    let mean = counts.indices.reduce(0.0) { $0 + Double($1) * Double(counts[$1]) } / total
    var best = (variance: -1.0, bin: 0)
    var weight = 0.0
    var sum = 0.0
    for bin in 0..<bins - 1 {
        weight += Double(counts[bin]) / total
        sum += Double(bin) * Double(counts[bin]) / total
        guard weight > 0, weight < 1 else { continue }
        let separation = mean * weight - sum
        let variance = separation * separation / (weight * (1 - weight))
        if variance > best.variance { best = (variance, bin) }
    }
    return Float(Double(low) + Double(best.bin + 1) * width)
}
