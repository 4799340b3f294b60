import Imaging
@testable import Metrics
import Testing

/// Values of one comparison by metric.
private func values(
    _ generated: Mask, against reference: Mask, _ parameters: VesselTopologyParameters = .init(), threads: Int = 1
) throws -> [String: MetricValue] {
    let result = try VesselTopology.measure(
        generated: generated, reference: reference, parameters: parameters, threads: threads)
    return Dictionary(uniqueKeysWithValues: result.measurements.map { ($0.metric, $0.value) })
}

extension Dictionary where Key == String, Value == MetricValue {
    fileprivate func number(_ metric: String) throws -> Double { try #require(self[metric]?.number, "\(metric)") }
}

private func golden(_ grid: String, _ name: String) throws -> Mask {
    try VesselFixture.golden("\(grid)_\(name)").mask(spacingMM: VesselFixture.spacingMM(ofGrid: grid))
}

/// A small tree: a trunk along k that forks, with a side branch; wide enough to survive any operation.
private func smallTree(spacingMM: SIMD3<Double> = SIMD3(1, 1, 1)) throws -> Mask {
    let geometry = try Geometry(dimensions: SIMD3(48, 40, 56), affine: Affine(spacingMM: spacingMM))
    var mask = Mask(geometry: geometry, repeating: 0)
    func tube(_ from: SIMD3<Double>, _ to: SIMD3<Double>, radius: Double) {
        for step in 0...80 {
            let centre = from + (to - from) * (Double(step) / 80)
            let reach = Int(radius.rounded(.up)) + 1
            for k in -reach...reach {
                for j in -reach...reach {
                    for i in -reach...reach {
                        let voxel = SIMD3(
                            Int(centre.x.rounded()) + i, Int(centre.y.rounded()) + j, Int(centre.z.rounded()) + k)
                        let away = SIMD3(Double(voxel.x), Double(voxel.y), Double(voxel.z)) - centre
                        if length(away) <= radius { mask[voxel.x, voxel.y, voxel.z] = 1 }
                    }
                }
            }
        }
    }
    tube(SIMD3(22, 20, 6), SIMD3(23, 19, 26), radius: 3.2)
    tube(SIMD3(23, 19, 26), SIMD3(10, 14, 48), radius: 2.2)
    tube(SIMD3(23, 19, 26), SIMD3(38, 26, 47), radius: 2.4)
    tube(SIMD3(16, 16, 38), SIMD3(8, 30, 40), radius: 1.6)
    return mask
}

struct VesselPropertyTests {
    static let names = ["break_big", "missing_subtree", "false_branch", "islands", "rough", "dilated", "shift_x1"]

    @Test(arguments: ["aniso", "iso1"])
    func aMaskAgainstItselfIsPerfectToTheLastBit(grid: String) throws {
        let mask = try golden(grid, "truth")
        let found = try values(mask, against: mask)
        for metric in [
            "vtc", "vtc_recall", "vtc_precision", "tree_length_detected", "nerl", "branch_accuracy",
            "branch_recall", "branch_precision", "bifurcation_f1", "cldice", "cldice:lee94",
        ] {
            #expect(found[metric] == .value(1), "\(metric)")
        }
        for metric in [
            "vessel_detached", "vessel_missing", "vessel_breaks", "bifurcation_distance", "radius_bias", "radius_mae",
            "betti0_error", "betti1_error", "betti2_error",
        ] {
            #expect(found[metric] == .value(0), "\(metric)")
        }
    }

    @Test(arguments: ["aniso", "iso1"], names)
    func exchangingTheMasksExchangesRecallAndPrecision(grid: String, name: String) throws {
        let (t, p) = (try golden(grid, "truth"), try golden(grid, name))
        let forward = try values(p, against: t)
        let backward = try values(t, against: p)
        for metric in ["vtc", "branch_accuracy", "bifurcation_f1", "cldice", "cldice:lee94"] {
            #expect(abs(try forward.number(metric) - backward.number(metric)) <= 1e-12, "\(metric)")
        }
        #expect(forward["vtc_recall"] == backward["vtc_precision"])
        #expect(forward["branch_recall"] == backward["branch_precision"])
    }

    @Test(arguments: ["aniso", "iso1"], names)
    func recallDetachedAndMissingAddUpToOne(grid: String, name: String) throws {
        let found = try values(try golden(grid, name), against: try golden(grid, "truth"))
        let recall = try found.number("vtc_recall")
        let detected = try found.number("tree_length_detected")
        #expect(recall >= 0 && recall <= detected && detected <= 1)
        let sum = recall + (try found.number("vessel_detached")) + (try found.number("vessel_missing"))
        #expect(abs(sum - 1) <= 1e-12)
    }

    @Test func aWiderToleranceNeverLowersRecall() throws {
        let (t, p) = (try golden("iso1", "truth"), try golden("iso1", "break_ten_leaves"))
        var previous = (recall: 0.0, detected: 0.0)
        for tolerance in [0, 0.5, 1, 1.5, 2, 3] {
            let found = try values(p, against: t, VesselTopologyParameters(toleranceMM: tolerance))
            let next = (recall: try found.number("vtc_recall"), detected: try found.number("tree_length_detected"))
            #expect(next.recall >= previous.recall && next.detected >= previous.detected)
            previous = next
        }
    }

    @Test func atToleranceZeroALargerGeneratedMaskNeverLowersRecall() throws {
        let t = try golden("iso1", "truth")
        let exact = VesselTopologyParameters(toleranceMM: 0)
        for name in ["thinned", "break_big", "missing_subtree"] {
            let smaller = try golden("iso1", name)
            var larger = smaller
            for index in larger.voxels.indices where t.voxels[index] != 0 && index % 3 == 0 { larger.voxels[index] = 1 }
            let before = try values(smaller, against: t, exact).number("vtc_recall")
            #expect(try values(larger, against: t, exact).number("vtc_recall") >= before - 1e-12)
        }
    }

    @Test func scalingTheGridWithAllLengthsChangesNothing() throws {
        let tree = try VesselFixture.golden("iso1_rough")
        let truth = try VesselFixture.golden("iso1_truth")
        let scale = 2.5
        let base = VesselTopologyParameters(toleranceMM: 1)
        let scaled = VesselTopologyParameters(
            toleranceMM: scale, bifurcationToleranceMM: 3 * scale, spurMarginMM: scale, minimumRunMM: 2 * scale)
        let a = try values(try tree.mask(), against: try truth.mask(), base)
        let spacing = SIMD3(repeating: scale)
        let b = try values(try tree.mask(spacingMM: spacing), against: try truth.mask(spacingMM: spacing), scaled)
        for metric in VesselTopology.metrics {
            let isLength = ["bifurcation_distance", "radius_bias", "radius_mae"].contains(metric)
            let expected = try a.number(metric) * (isLength ? scale : 1)
            #expect(abs(try b.number(metric) - expected) <= 1e-9 * max(1, abs(expected)), "\(metric)")
        }
    }

    @Test func movingBothMasksTogetherChangesNoBit() throws {
        let (t, p) = (try golden("iso1", "truth"), try golden("iso1", "rough"))
        func moved(_ mask: Mask) -> Mask {
            var result = Mask(geometry: mask.geometry, repeating: 0)
            for k in 0..<180 {
                for j in 5..<200 {
                    for i in 0..<190 { result[i + 7, j - 5, k + 9] = mask[i, j, k] }
                }
            }
            return result
        }
        #expect(try values(moved(p), against: moved(t)) == values(p, against: t))
    }

    @Test func anyStorageOrderGivesTheSameBitsExceptForThePublishedSkeleton() throws {
        let t = try smallTree(spacingMM: SIMD3(0.8, 1.1, 1.3))
        var p = t
        for k in 30..<33 { for j in 0..<40 { for i in 0..<24 { p[i, j, k] = 0 } } }
        let measured = Set(VesselTopology.metrics).subtracting(["cldice:lee94"])
        let expected = try VesselTopology.measure(generated: p, reference: t, metrics: measured)
        for orientation in AxisOrientation.all {
            let found = try VesselTopology.measure(
                generated: try orientation.stored(p), reference: try orientation.stored(t), metrics: measured)
            #expect(found.measurements.map(\.value) == expected.measurements.map(\.value), "\(orientation)")
            #expect(found.drawing.segments.map(\.kind) == expected.drawing.segments.map(\.kind))
        }
    }

    @Test func mirroringOrTurningThePatientMovesContinuityByLessThanAPercent() throws {
        let t = try golden("iso1", "truth")
        let p = try golden("iso1", "break_big")
        let expected = try values(p, against: t, threads: 2)
        var largest = (vtc: 0.0, bifurcations: 0.0)
        for orientation in AxisOrientation.all where orientation.flipped[0] != orientation.flipped[1] {
            let found = try values(try orientation.moved(p), against: try orientation.moved(t), threads: 2)
            largest.vtc = max(largest.vtc, abs(try found.number("vtc") - expected.number("vtc")))
            let f1 = abs(try found.number("bifurcation_f1") - expected.number("bifurcation_f1"))
            largest.bifurcations = max(largest.bifurcations, f1)
        }
        #expect(largest.vtc <= 0.01, "\(largest)")
        #expect(largest.bifurcations <= 0.05, "\(largest)")
    }

    @Test func anIslandFarAwayLeavesRecallAtTheSameBits() throws {
        let t = try golden("iso1", "truth")
        let p = try golden("iso1", "break_big")
        var withIsland = p
        for k in 2..<9 { for j in 2..<6 { for i in 2..<6 { withIsland[i, j, k] = 1 } } }
        let before = try values(p, against: t)
        let after = try values(withIsland, against: t)
        #expect(before["vtc_recall"] == after["vtc_recall"])
        #expect(try after.number("vtc_precision") < before.number("vtc_precision"))
        #expect(try after.number("betti0_error") == before.number("betti0_error") + 1)
    }

    @Test func threadsChangeNoBit() throws {
        let (t, p) = (try golden("aniso", "truth"), try golden("aniso", "rough"))
        let one = try VesselTopology.measure(generated: p, reference: t, threads: 1)
        for threads in [2, 8] {
            #expect(try VesselTopology.measure(generated: p, reference: t, threads: threads) == one)
        }
    }

    @Test func aRotatedGridGivesTheSameValuesAsAnAlignedOne() throws {
        let t = try smallTree(spacingMM: SIMD3(0.8, 0.8, 1.3))
        var p = t
        for k in 30..<33 { for j in 0..<40 { for i in 0..<24 { p[i, j, k] = 0 } } }
        // A turn by about 20° about S and then 10° about R, shifted.
        let (c, s, d, e) = (0.9396926207859084, 0.3420201433256687, 0.984807753012208, 0.17364817766693033)
        let turn = Affine(
            SIMD4(c, -s, 0, 40), SIMD4(d * s, d * c, -e, -80), SIMD4(e * s, e * c, d, 200))
        let geometry = try Geometry(
            dimensions: t.geometry.dimensions, affine: turn.composed(with: t.geometry.affine))
        let oblique = try values(
            try Mask(geometry: geometry, voxels: p.voxels), against: try Mask(geometry: geometry, voxels: t.voxels))
        for (metric, value) in try values(p, against: t) {
            guard let number = value.number else { continue }
            #expect(abs(try oblique.number(metric) - number) <= 1e-9 * max(1, number), "\(metric)")
        }
    }

    @Test func bothEmptyIsATrueNegativeAndOneEmptyATotalMiss() throws {
        let t = try smallTree()
        let empty = Mask(geometry: t.geometry, repeating: 0)
        for (_, value) in try values(empty, against: empty) { #expect(value == .notComputed(.bothEmpty)) }
        let missed = try values(empty, against: t)
        let invented = try values(t, against: empty)
        for metric in ["vtc", "branch_accuracy", "bifurcation_f1", "cldice"] {
            #expect(missed[metric] == .value(0) && invented[metric] == .value(0), "\(metric)")
        }
        #expect(missed["vtc_recall"] == .value(0) && missed["vtc_precision"] == .notComputed(.generatedEmpty))
        #expect(invented["vtc_precision"] == .value(0) && invented["vtc_recall"] == .notComputed(.referenceEmpty))
        #expect(missed["vessel_missing"] == .value(1))
    }

    @Test func differentGridsAndSenselessParametersAreErrors() throws {
        let a = try smallTree()
        let b = try smallTree(spacingMM: SIMD3(1, 1, 1.01))
        #expect(throws: MetricError.gridMismatch(a.geometry, b.geometry)) {
            try VesselTopology.measure(generated: b, reference: a)
        }
        for parameters in [
            VesselTopologyParameters(toleranceMM: -1), VesselTopologyParameters(toleranceMM: .nan),
            VesselTopologyParameters(spurMarginMM: .infinity), VesselTopologyParameters(detectedShare: 0),
        ] {
            #expect(throws: MetricError.self) {
                try VesselTopology.measure(generated: a, reference: a, parameters: parameters)
            }
        }
    }

    @Test func aSubsetOfMetricsIsMeasuredInTheOrderOfTheCatalogue() throws {
        let mask = try smallTree()
        let result = try VesselTopology.measure(
            generated: mask, reference: mask, metrics: ["branch_accuracy", "vtc", "no_such_metric"])
        #expect(result.measurements.map(\.metric) == ["vtc", "branch_accuracy"])
        #expect(result.measurements.allSatisfy { $0.structure == "vessels" })
    }

    @Test func smallComponentsAreLeftOutOnlyWhenAsked() throws {
        let t = try smallTree()
        var p = t
        for k in 2..<5 { p[44, 36, k] = 1 }
        #expect(try values(p, against: t)["betti0_error"] == .value(1))
        let filtered = try values(p, against: t, VesselTopologyParameters(minimumComponentMM3: 4))
        #expect(filtered["betti0_error"] == .value(0) && filtered["vtc"] == .value(1))
    }
}
