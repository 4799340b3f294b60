import Foundation
import Imaging
@testable import Metrics
import Testing

/// Prints timings of the vessel panel when `VESSEL_TIMING` is set; the benchmark script reads them.
@Suite(.serialized, .enabled(if: ProcessInfo.processInfo.environment["VESSEL_TIMING"] != nil))
struct VesselTimingTests {
    private func medianMilliseconds(_ runs: Int = 15, _ body: () throws -> Void) rethrows -> Double {
        let clock = ContinuousClock()
        var times: [Double] = []
        for _ in 0..<runs {
            let time = try clock.measure(body)
            times.append(Double(time.components.attoseconds) / 1e15 + Double(time.components.seconds) * 1e3)
        }
        return times.sorted()[runs / 2]
    }

    @Test(arguments: ["aniso", "iso1"])
    func thePanelOnAGoldenPair(grid: String) throws {
        let spacing = VesselFixture.spacingMM(ofGrid: grid)
        let reference = try VesselFixture.golden("\(grid)_truth").mask(spacingMM: spacing)
        let generated = try VesselFixture.golden("\(grid)_break_big").mask(spacingMM: spacing)
        func report(_ name: String, _ milliseconds: Double) {
            print("timing \(grid) \(name) \((milliseconds * 1000).rounded() / 1000) ms")
        }
        for threads in [1, 2] {
            report(
                "panel_threads_\(threads)",
                try medianMilliseconds {
                    _ = try VesselTopology.measure(generated: generated, reference: reference, threads: threads)
                })
        }
        report("skeleton_lee94_public", medianMilliseconds { _ = Skeleton.lee94.thinned(generated) })
        report("skeleton_lee94_safe_public", medianMilliseconds { _ = Skeleton.lee94Safe.thinned(generated) })
        let frame = try #require(
            BitFrame(around: [reference, generated], geometry: reference.geometry, axes: .anatomical))
        report(
            "frame",
            medianMilliseconds {
                _ = BitFrame(around: [reference, generated], geometry: reference.geometry, axes: .anatomical)
            })
        report("pack", medianMilliseconds { _ = BitMask(generated, frame: frame) })
        let bits = BitMask(generated, frame: frame)
        report("thin_lee94", medianMilliseconds { _ = Skeleton.lee94.thinned(bits) })
        report("thin_lee94_safe", medianMilliseconds { _ = Skeleton.lee94Safe.thinned(bits) })
        report("betti_and_fill", medianMilliseconds { _ = SolidMask(bits) })
        let solid = SolidMask(bits)
        let skeleton = Skeleton.lee94Safe.thinned(solid.mask)
        report("graph", medianMilliseconds { _ = VesselGraph(skeleton: skeleton, of: solid.mask) })
        let graph = VesselGraph(skeleton: skeleton, of: solid.mask)
        report("prune", medianMilliseconds { _ = graph.pruned(radiusFactor: 1, marginMM: 1) })
        report("tree", medianMilliseconds { _ = VesselTree(bits, parameters: .init()) })
    }
}
