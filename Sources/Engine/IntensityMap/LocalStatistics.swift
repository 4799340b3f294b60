import Imaging

/// Mean and standard deviation in a box around every voxel.
///
/// The box has a fixed physical size, so that it means the same on thick and thin slices; at the border it is cut off,
/// never padded.
struct LocalStatistics {
    /// Mean inside the box, in the unit of the image.
    let mean: [Float]
    /// Population standard deviation inside the box, in the unit of the image.
    let standardDeviation: [Float]

    /// Computes both fields.
    ///
    /// - Parameters:
    ///   - volume: Image, finite everywhere.
    ///   - radiusMM: Half the edge of the box, in mm; no neighbour is taken along an axis with a longer voxel edge.
    init(of volume: Volume<Float>, radiusMM: Double) {
        let geometry = volume.geometry
        let spacing = geometry.spacingMM
        // A constant near the middle of the values keeps E[x²] − E[x]² from cancelling.
        let offset = volume.voxels[volume.voxels.count / 2]
        var first = volume.voxels.map { $0 - offset }
        var second = first.map { $0 * $0 }
        for axis in 0..<3 {
            let radius = Int((radiusMM / spacing[axis]).rounded(.down))
            guard radius > 0 else { continue }
            first = boxMean(first, geometry.dimensions, axis, radius)
            second = boxMean(second, geometry.dimensions, axis, radius)
        }
        for index in first.indices {
            second[index] = max(0, second[index] - first[index] * first[index]).squareRoot()
            first[index] += offset
        }
        mean = first
        standardDeviation = second
    }
}

/// Mean over `2 · radius + 1` neighbours along one axis, direct sums: a running sum would smear one huge value.
private func boxMean(_ input: [Float], _ dimensions: SIMD3<Int>, _ axis: Int, _ radius: Int) -> [Float] {
    // Voxels that follow each other in storage share their neighbours along the axis: whole runs are summed at once.
    let run = [1, dimensions.x, dimensions.x * dimensions.y][axis]
    let length = dimensions[axis]
    let blocks = input.count / (run * length)
    return [Float](unsafeUninitializedCapacity: input.count) { output, initialized in
        input.withUnsafeBufferPointer { source in
            for block in 0..<blocks {
                for position in 0..<length {
                    let low = max(0, position - radius)
                    let high = min(length - 1, position + radius)
                    let target = (block * length + position) * run
                    let start = block * length * run
                    for lane in 0..<run { output[target + lane] = source[start + low * run + lane] }
                    for neighbour in low + 1..<high + 1 {
                        let row = start + neighbour * run
                        for lane in 0..<run { output[target + lane] += source[row + lane] }
                    }
                    let count = Float(high - low + 1)
                    for lane in 0..<run { output[target + lane] /= count }
                }
            }
        }
        initialized = input.count
    }
}
