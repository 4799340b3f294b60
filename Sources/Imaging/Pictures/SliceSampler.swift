/// Values of a volume under the pixels of a view, which may belong to another grid.
struct SliceSampler {
    private let volume: Volume<Float>
    private let isSameGrid: Bool
    private let view: SliceView

    init(_ volume: Volume<Float>, view: SliceView) {
        self.volume = volume
        self.view = view
        isSameGrid = volume.geometry.isSameGrid(as: view.geometry)
    }

    /// One value per pixel, row after row; NaN outside of the volume.
    ///
    /// Pixels larger than a voxel are averaged over 2 × 2 positions, so that thin structures do not vanish.
    func values() -> [Float] {
        var result: [Float] = []
        result.reserveCapacity(view.width * view.height)
        volume.voxels.withUnsafeBufferPointer { voxels in
            for y in 0..<view.height {
                for x in 0..<view.width {
                    var sum = 0.0
                    var count = 0.0
                    for (dx, dy) in SliceSampler.subpixels {
                        let value = linear(at: position(Double(x) + dx, Double(y) + dy), voxels)
                        if value.isFinite {
                            sum += value
                            count += 1
                        }
                    }
                    result.append(count > 0 ? Float(sum / count) : .nan)
                }
            }
        }
        return result
    }

    private static let subpixels: [(Double, Double)] = [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)]

    private func position(_ x: Double, _ y: Double) -> SIMD3<Double> {
        let index = view.voxel(x: x, y: y)
        return isSameGrid ? index : volume.geometry.index(view.geometry.world(index))
    }

    /// Linear interpolation; the outer half voxel repeats the border.
    private func linear(at index: SIMD3<Double>, _ voxels: UnsafeBufferPointer<Float>) -> Double {
        let d = volume.geometry.dimensions
        for axis in 0..<3 where !(index[axis] >= -0.5 && index[axis] <= Double(d[axis]) - 0.5) { return .nan }
        var base = SIMD3<Int>.zero
        var share = SIMD3<Double>.zero
        for axis in 0..<3 {
            let clamped = max(0, min(Double(d[axis] - 1), index[axis]))
            base[axis] = min(Int(clamped), max(0, d[axis] - 2))
            share[axis] = clamped - Double(base[axis])
        }
        var sum = 0.0
        for corner in 0..<8 {
            let step = SIMD3(corner & 1, corner >> 1 & 1, corner >> 2)
            var weight = 1.0
            for axis in 0..<3 { weight *= step[axis] == 1 ? share[axis] : 1 - share[axis] }
            if weight == 0 { continue }
            let at = base &+ step
            sum += weight * Double(voxels[at.x + d.x * (at.y + d.y * at.z)])
        }
        return sum
    }
}
