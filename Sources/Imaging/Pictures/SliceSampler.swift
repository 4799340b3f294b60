/// Values of a volume under the pixels of a view, which may belong to another grid.
struct SliceSampler {
    private let volume: Volume<Float>
    private let width: Int
    private let height: Int
    /// Voxel index, in the volume, of the picture's corner and the steps of one pixel to the right and down.
    private let corner: SIMD3<Double>
    private let stepX: SIMD3<Double>
    private let stepY: SIMD3<Double>

    init(_ volume: Volume<Float>, view: SliceView) {
        self.volume = volume
        width = view.width
        height = view.height
        let isSameGrid = volume.geometry.isSameGrid(as: view.geometry)
        func index(_ x: Double, _ y: Double) -> SIMD3<Double> {
            let index = view.voxel(x: x, y: y)
            return isSameGrid ? index : volume.geometry.index(view.geometry.world(index))
        }
        corner = index(0, 0)
        stepX = (index(Double(width), 0) - corner) / Double(width)
        stepY = (index(0, Double(height)) - corner) / Double(height)
    }

    /// One value per pixel, row after row; NaN outside of the volume.
    ///
    /// Each pixel is the mean of 2 × 2 positions, so that thin structures do not vanish where pixels exceed voxels.
    func values() -> [Float] {
        var result = [Float](repeating: .nan, count: width * height)
        let d = volume.geometry.dimensions
        let (dx, dy, dz) = (d.x, d.y, d.z)
        let (cx, cy, cz) = (corner.x, corner.y, corner.z)
        let (rx, ry, rz) = (stepX.x, stepX.y, stepX.z)
        let (lx, ly, lz) = (stepY.x, stepY.y, stepY.z)
        volume.voxels.withUnsafeBufferPointer { voxels in
            for y in 0..<height {
                for x in 0..<width {
                    var sum = 0.0
                    var count = 0.0
                    for sub in 0..<4 {
                        let px = Double(x) + (sub & 1 == 0 ? 0.25 : 0.75)
                        let py = Double(y) + (sub < 2 ? 0.25 : 0.75)
                        let value = SliceSampler.linear(
                            cx + px * rx + py * lx, cy + px * ry + py * ly, cz + px * rz + py * lz, dx, dy, dz, voxels)
                        if value.isFinite {
                            sum += value
                            count += 1
                        }
                    }
                    if count > 0 { result[x + width * y] = Float(sum / count) }
                }
            }
        }
        return result
    }

    /// Linear interpolation at (i, j, k); the outer half voxel repeats the border.
    private static func linear(
        _ i: Double, _ j: Double, _ k: Double, _ dx: Int, _ dy: Int, _ dz: Int,
        _ voxels: UnsafeBufferPointer<Float>
    ) -> Double {
        // Rounding may put a slice on the border a hair outside.
        guard i >= -0.5001, i <= Double(dx) - 0.4999, j >= -0.5001, j <= Double(dy) - 0.4999, k >= -0.5001,
            k <= Double(dz) - 0.4999
        else { return .nan }
        let x = max(0, min(Double(dx - 1), i))
        let y = max(0, min(Double(dy - 1), j))
        let z = max(0, min(Double(dz - 1), k))
        let (x0, y0, z0) = (Int(x), Int(y), Int(z))
        let (u, v, w) = (x - Double(x0), y - Double(y0), z - Double(z0))
        let nextX = u > 0 ? 1 : 0
        let nextY = v > 0 ? dx : 0
        let nextZ = w > 0 ? dx * dy : 0
        let base = x0 + dx * (y0 + dy * z0)
        func row(_ start: Int) -> Double {
            let a = Double(voxels[start])
            return nextX == 0 ? a : a + u * (Double(voxels[start + nextX]) - a)
        }
        func plane(_ start: Int) -> Double {
            let a = row(start)
            return nextY == 0 ? a : a + v * (row(start + nextY) - a)
        }
        let a = plane(base)
        return nextZ == 0 ? a : a + w * (plane(base + nextZ) - a)
    }
}
