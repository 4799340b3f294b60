import Imaging
import Metrics
import Testing

/// Values of independent tools on the same masks; see the README beside the fixtures.
@Suite struct SurfaceDistanceGoldenTests {
    let golden: GoldenMetrics

    init() throws { golden = try GoldenMetrics() }

    private struct Expectation {
        var metric: String
        var peer: String
        var path: [String]
        var tolerance: Double
    }

    private let expectations = [
        Expectation(metric: "dice", peer: "medpy", path: ["dice"], tolerance: 1e-9),
        Expectation(metric: "hausdorff", peer: "medpy", path: ["hd"], tolerance: 1e-9),
        Expectation(metric: "hausdorff_95:pooled", peer: "medpy", path: ["hd95_pooled"], tolerance: 1e-9),
        Expectation(metric: "assd", peer: "medpy", path: ["assd_pooled"], tolerance: 1e-9),
        Expectation(metric: "hausdorff", peer: "monai", path: ["hd"], tolerance: 1e-6),
        Expectation(metric: "hausdorff_95", peer: "monai", path: ["hd95_max_of_directed_float32"], tolerance: 1e-6),
        Expectation(metric: "assd", peer: "monai", path: ["assd_pooled_float32"], tolerance: 1e-6),
        Expectation(metric: "nsd:voxel", peer: "monai", path: ["nsd"], tolerance: 1e-6),
        Expectation(metric: "nsd", peer: "monai", path: ["nsd_subvoxel"], tolerance: 1e-6),
        Expectation(
            metric: "hausdorff_95", peer: "MetricsReloaded", path: ["distances", "hd95_max_of_directed"],
            tolerance: 1e-9),
        Expectation(metric: "assd", peer: "MetricsReloaded", path: ["distances", "assd_pooled"], tolerance: 1e-9),
        Expectation(metric: "nsd:voxel", peer: "MetricsReloaded", path: ["nsd"], tolerance: 1e-9),
        Expectation(metric: "nsd", peer: "surface-distance(deepmind)", path: ["nsd"], tolerance: 1e-9),
        Expectation(
            metric: "hausdorff_95:surfel", peer: "surface-distance(deepmind)", path: ["hd95_area_weighted_max"],
            tolerance: 1e-9),
    ]

    private func masks(_ item: [String: Any]) throws -> (generated: Mask, reference: Mask) {
        let name = try #require(item["name"] as? String)
        let zyx = try #require(item["spacing_zyx"] as? [Double])
        let spacing = SIMD3(zyx[2], zyx[1], zyx[0])
        let generated = try #require(try golden.mask("mask_\(name)_pred.npy", spacingMM: spacing))
        let reference = try #require(try golden.mask("mask_\(name)_ref.npy", spacingMM: spacing))
        return (generated, reference)
    }

    @Test func everyGoldenValueIsReproduced() throws {
        var compared = 0
        for item in try golden.cases("masks") {
            let (generated, reference) = try masks(item)
            if generated.voxels.allSatisfy({ $0 == 0 }) || reference.voxels.allSatisfy({ $0 == 0 }) { continue }
            let tolerance = try #require(item["nsd_tolerance_mm"] as? Double)
            let results = try SurfaceDistance.measure(
                generated: generated, reference: reference, structure: "mask", nsdToleranceMM: tolerance)
            let peers = try #require(item["peers"] as? [String: [String: Any]])
            for expectation in expectations {
                var node: Any? = peers[expectation.peer]
                for key in expectation.path { node = (node as? [String: Any])?[key] }
                guard let expected = node as? Double else { continue }
                let ours = try #require(results.first { $0.metric == expectation.metric }?.value.number)
                #expect(
                    abs(ours - expected) <= expectation.tolerance * max(1e-3, abs(expected)),
                    "\(item["name"] ?? ""): \(expectation.metric) \(ours), \(expectation.peer) has \(expected)")
                compared += 1
            }
            // The tool's directed means stand in the table of the surfel form.
            let surfel = try #require(results.first { $0.metric == "assd:surfel" })
            for (row, key) in ["asd_pred2ref", "asd_ref2pred"].enumerated() {
                let expected = try #require(peers["surface-distance(deepmind)"]?[key] as? Double)
                guard case .number(let ours) = surfel.details[0].rows[row][2] else { continue }
                #expect(abs(ours - expected) <= 1e-9 * max(1e-3, expected), "\(item["name"] ?? "") \(key)")
                compared += 1
            }
        }
        #expect(compared == 15 * 16)
    }

    @Test func emptyMasksAreMissesOrTrueNegatives() throws {
        func results(_ name: String) throws -> [String: Measurement] {
            let item = try #require(try golden.cases("masks").first { $0["name"] as? String == name })
            let (generated, reference) = try masks(item)
            let all = try SurfaceDistance.measure(
                generated: generated, reference: reference, structure: "lesions", nsdToleranceMM: 2, worstCaseMM: 321)
            return Dictionary(uniqueKeysWithValues: all.map { ($0.metric, $0) })
        }
        let distances = [
            "hausdorff", "hausdorff_95", "hausdorff_95:pooled", "hausdorff_95:surfel", "assd", "assd:surfel",
        ]
        let overlaps = ["dice", "nsd", "nsd:voxel"]

        let neither = try results("both_empty")
        for metric in distances + overlaps + ["volume_difference"] {
            #expect(neither[metric]?.value == .notComputed(.bothEmpty))
            #expect(neither[metric]?.imputedWorst == nil)
        }
        for (name, reason) in [("pred_empty", NotComputedReason.generatedEmpty), ("ref_empty", .referenceEmpty)] {
            let one = try results(name)
            for metric in overlaps { #expect(one[metric]?.value == .value(0)) }
            for metric in distances {
                #expect(one[metric]?.value == .notComputed(reason))
                #expect(one[metric]?.imputedWorst == 321)
            }
        }
    }
}
