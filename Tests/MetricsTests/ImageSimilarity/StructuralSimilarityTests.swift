import Foundation
import Imaging
import Metrics
import Testing

/// The kernel reads rows in groups, strips and tiles; the plain formula, window by window, knows nothing of these.
@Suite struct StructuralSimilarityTests {
    private struct Scene {
        var generated: Volume<Float>
        var reference: Volume<Float>
        var region: Mask?
        let range = DataRange(low: -1024, high: 3071)

        /// Noise about a ramp, some of it beyond the range; with a region, a value that is not a number outside of it.
        init(_ dimensions: SIMD3<Int>, hasRegion: Bool, seed: UInt64) throws {
            var random = SplitMix(seed: seed)
            let geometry = try Geometry(
                dimensions: dimensions, affine: Affine(spacingMM: SIMD3(1, 1, 1)))
            let count = geometry.voxelCount
            let truth = (0..<count).map { Float(Double($0 % 97) * 40 - 1300 + random.unit() * 500) }
            var image = truth.map { $0 + Float(random.unit() * 200 - 100) }
            if hasRegion {
                var inside = (0..<count).map { _ in UInt8(random.below(3)) }
                inside[count - 1] = 0
                image[count - 1] = .nan
                region = try Mask(geometry: geometry, voxels: inside)
            }
            generated = try Volume(geometry: geometry, voxels: image)
            reference = try Volume(geometry: geometry, voxels: truth)
        }

        func ours(_ metric: String, threads: Int) throws -> Double {
            let results = try ImageSimilarity.measure(
                generated: generated, reference: reference, region: region, structure: "mask", modality: .ct,
                dataRange: range, metrics: [metric], threads: threads)
            return try #require(results.first?.value.number)
        }

        func plain(depth: Bool) -> Double {
            let d = reference.geometry.dimensions
            let c1 = pow(0.01 * range.width, 2)
            let c2 = pow(0.03 * range.width, 2)
            let taps = (-5...5).map { exp(-Double($0 * $0) / (2 * 1.5 * 1.5)) }
            let total = taps.reduce(0, +)
            let weights = taps.map { $0 / total }
            let clipped = [generated, reference].map { volume in
                volume.voxels.map { $0.isNaN ? Double.nan : min(max(Double($0), range.low), range.high) }
            }
            var sum = 0.0
            var windows = 0
            let slices = depth ? 5..<d.z - 5 : 0..<d.z
            for z in slices {
                for y in 5..<d.y - 5 {
                    for x in 5..<d.x - 5 where region.map({ $0.voxels[(z * d.y + y) * d.x + x] != 0 }) ?? true {
                        var means = SIMD8<Double>.zero
                        for k in depth ? -5...5 : 0...0 {
                            for j in -5...5 {
                                for i in -5...5 {
                                    let at = ((z + k) * d.y + y + j) * d.x + x + i
                                    let weight = weights[i + 5] * weights[j + 5] * (depth ? weights[k + 5] : 1)
                                    let (a, b) = (clipped[0][at], clipped[1][at])
                                    means += weight * SIMD8(a, b, a * a, b * b, a * b, 0, 0, 0)
                                }
                            }
                        }
                        let (a, b) = (means[0], means[1])
                        let variances = means[2] - a * a + means[3] - b * b
                        let value =
                            (2 * a * b + c1) * (2 * (means[4] - a * b) + c2) / ((a * a + b * b + c1) * (variances + c2))
                        guard value.isFinite else { continue }
                        sum += value
                        windows += 1
                    }
                }
            }
            return sum / Double(windows)
        }
    }

    /// Widths on both sides of a group of 8, a strip of 96 and a tile of 64 × 32 windows; the last row ends the volume.
    @Test(
        arguments: [
            SIMD3(19, 12, 2), SIMD3(106, 43, 1), SIMD3(107, 44, 1), SIMD3(205, 17, 1),
        ], [false, true])
    func planesAgreeWithThePlainFormula(dimensions: SIMD3<Int>, hasRegion: Bool) throws {
        let scene = try Scene(dimensions, hasRegion: hasRegion, seed: 5)
        let value = try scene.ours("ssim", threads: 1)
        #expect(abs(value - scene.plain(depth: false)) <= 1e-11)
        #expect(try scene.ours("ssim", threads: 3) == value)
    }

    @Test(arguments: [SIMD3(12, 18, 13), SIMD3(75, 20, 14), SIMD3(20, 43, 17)], [false, true])
    func volumesAgreeWithThePlainFormula(dimensions: SIMD3<Int>, hasRegion: Bool) throws {
        let scene = try Scene(dimensions, hasRegion: hasRegion, seed: 6)
        let value = try scene.ours("ssim:3d", threads: 1)
        #expect(abs(value - scene.plain(depth: true)) <= 1e-11)
        #expect(try scene.ours("ssim:3d", threads: 3) == value)
    }
}
