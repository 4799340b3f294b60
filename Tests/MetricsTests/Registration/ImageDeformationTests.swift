import Imaging
import Testing

@testable import Metrics

@Suite("Image-only deformation (mode I)")
struct ImageDeformationTests {
    private func rows(_ scene: RegistrationScene, threads: Int = 2) throws -> [Measurement] {
        try Deformation.measureImages(
            generated: scene.generated, reference: scene.reference, liver: scene.liver,
            settings: ImageDeformationSettings(limitMM: 1.2, threads: threads)
        ).measurements
    }

    private func number(_ metric: String, _ rows: [Measurement]) throws -> Double {
        try #require(rows.first { $0.metric == metric }?.value.number, "\(metric)")
    }

    @Test func theGoldenPairIsReportedWithItsFloorRecoveryAndVerdict() throws {
        let rows = try rows(.golden())
        #expect(rows.map(\.metric) == ImageDeformation.metrics)
        #expect(rows.allSatisfy { $0.value.number != nil && MetricCatalog.definition(of: $0.metric) != nil })
        // 1.116 mm are true.
        #expect(abs(try number("coronal_deformation", rows) - 1.116) < 0.15)
        #expect(try number("coronal_deformation_floor", rows) <= 0.23)
        #expect((0.8...1.2).contains(try number("deformation_recovery_slope", rows)))
        #expect(try number("deformation_recovery_error", rows) <= 0.37)
        #expect(try number("deformation_inverse_consistency", rows) <= 0.5)
        #expect(try number("fold_fraction", rows) == 0)
        #expect(try number("deformation_lncc_after", rows) > number("deformation_lncc_before", rows))
        let headline = try #require(rows.first)
        func parameter(_ name: String) -> ParameterValue? { headline.parameters.first { $0.name == name }?.value }
        #expect(parameter("mode") == .text("images"))
        #expect(parameter("registration") == .text("plk3d/1"))
        #expect(parameter("verdict") != nil)
        #expect(headline.details.map(\.name) == ["deformation_statistics", "coronal_by_ap_slab"])
        let recovery = try #require(rows.first { $0.metric == "deformation_recovery_slope" })
        #expect(recovery.details.first?.rows.count == RegistrationRecovery.amplitudesMM.count)
    }

    @Test func wherePartsAgreeTheVerdictIsPass() throws {
        let rows = try rows(.still())
        #expect(try number("coronal_deformation", rows) <= 0.23)
        #expect(rows.first?.parameters.first { $0.name == "verdict" }?.value == .text("pass"))
    }

    @Test func everyRowIsTheSameAtAnyNumberOfThreads() throws {
        let scene = try RegistrationScene.small()
        let one = try rows(scene, threads: 1)
        #expect(try rows(scene, threads: 2) == one)
        #expect(try rows(scene, threads: 3) == one)
    }

    @Test func anEmptyLiverOrValuesThatAreNotNumbersAreRowsWithAReason() throws {
        var scene = try RegistrationScene.small()
        scene.generated[15, 13, 11] = .nan
        let odd = try rows(scene)
        #expect(odd.map(\.metric) == ImageDeformation.metrics)
        #expect(odd.allSatisfy { $0.value == .notComputed(.notFinite) })
        scene.liver = Mask(geometry: scene.liver.geometry, repeating: 0)
        #expect(try rows(scene).allSatisfy { $0.value == .notComputed(.emptyRegion) })
    }

    @Test func anImageWithoutContrastHasNoDeformation() throws {
        var scene = try RegistrationScene.small()
        scene.generated = scene.generated.map { _ in 7 }
        let rows = try rows(scene)
        #expect(rows.first?.value.reason != nil)
        #expect(rows.first?.parameters.first { $0.name == "verdict" }?.value == .text("indeterminate"))
    }

    @Test func theVerdictFollowsItsRules() {
        func decide(
            upper: Double = 1, lower: Double = 0.5, floor: Double = 0.2, slope: Double = 1, inverse: Double = 0.1,
            folds: Double = 0
        ) -> ImageDeformationVerdict {
            .decide(
                limitMM: 1.2, upperMM: upper, debiasedLowerMM: lower, floorMM: floor, slope: slope,
                inverseConsistencyMM: inverse, foldFraction: folds)
        }
        #expect(decide() == .pass)
        #expect(decide(lower: 1.3) == .fail)
        #expect(decide(upper: 1.3) == .indeterminate)
        #expect(decide(floor: 0.61) == .indeterminate)
        #expect(decide(slope: 0.7) == .indeterminate)
        #expect(decide(inverse: 0.6) == .indeterminate)
        #expect(decide(lower: 1.3, folds: 0.01) == .indeterminate)
    }

    @Test func theMapHoldsTheLengthsThatTheHeadlineAverages() throws {
        let scene = try RegistrationScene.golden()
        let found = try Deformation.measureImages(
            generated: scene.generated, reference: scene.reference, liver: scene.liver,
            settings: ImageDeformationSettings(limitMM: 1.2, threads: 2))
        let map = try #require(found.map)
        #expect(map.mode == .images)
        let inside = zip(map.region.voxels, map.magnitudeMM.voxels).filter { $0.0 != 0 }.map { Double($0.1) }
        #expect(inside.count == scene.liver.voxels.count { $0 != 0 })
        let mean = inside.reduce(0, +) / Double(inside.count)
        #expect(abs(mean - (try number("coronal_deformation", found.measurements))) < 1e-5)
        #expect(zip(map.region.voxels, map.magnitudeMM.voxels).allSatisfy { $0 != 0 || $1.isNaN })
    }
}
