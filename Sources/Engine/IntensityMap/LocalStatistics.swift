import Imaging

/// Mean and standard deviation in a box around every voxel.
///
/// The box has a fixed physical size, so that it means the same on thick and thin slices; at the border it is cut off, never padded.
struct LocalStatistics {
    /// Mean inside the box, in the unit of the image.
    let mean: [Float]
    /// Population standard deviation inside the box, in the unit of the image.
    let standardDeviation: [Float]

    /// Computes both fields.
    ///
    /// - Parameters:
    ///   - volume: Image, finite everywhere.
    ///   - radiusMM: Half the edge of the box, in mm; at least one voxel is taken in plane, none across slices thicker than this.
    init(of volume: Volume<Float>, radiusMM: Double) {
        let geometry = volume.geometry
        let spacing = geometry.spacingMM
        let dimensions = geometry.dimensions
        // A constant near the middle of the values keeps E[x²] − E[x]² from cancelling.
        let offset = volume.voxels[volume.voxels.count / 2]
        var first = volume.voxels.map { $0 - offset }
        var second = first.map { $0 * $0 }
        for axis in 0..<3 {
            let radius = Int((radiusMM / spacing[axis]).rounded(.down))
            guard radius > 0 else { continue }
            first = boxMean(first, dimensions, axis, radius)
            second = boxMean(second, dimensions, axis, radius)
        }
        standardDeviation = zip(first, second).map { mean, square in max(0, square - mean * mean).squareRoot() }
        mean = first.map { $0 + offset }
    }
}

/// Mean over `2 · radius + 1` neighbours along one axis, direct sums (a running sum would smear one huge value).
private func boxMean(_ input: [Float], _ dimensions: SIMD3<Int>, _ axis: Int, _ radius: Int) -> [Float] {
    let strides = SIMD3(1, dimensions.x, dimensions.x * dimensions.y)
    let stride = strides[axis]
    let length = dimensions[axis]
    return [Float](unsafeUninitializedCapacity: input.count) { output, initialized in
        input.withUnsafeBufferPointer { source in
            for start in 0..<input.count {
                let position = start / stride % length
                let low = max(0, position - radius)
                let high = min(length - 1, position + radius)
                var sum: Float = 0
                var at = start + (low - position) * stride
                for _ in low...high {
                    sum += source[at]
                    at += stride
                }
                output[start] = sum / Float(high - low + 1)
            }
        }
        initialized = input.count
    }
}
