import Imaging
import Phantom
import Testing

@testable import Metrics

@Suite("Registration plk3d/1 against known displacements")
struct RegistrationGoldenTests {
    @Test(arguments: ["axis", "oblique"])
    func theGoldenPairIsFollowedToAThirdOfAMillimetre(_ name: String) throws {
        let errors = try RegistrationScene.golden(name).errors()
        #expect(try #require(errors["coronal_deformation"]) <= 0.37)
        #expect(errors["fold_fraction"] == 0)
    }

    @Test func whereNothingMovedLittleIsFound() throws {
        let errors = try RegistrationScene.still().errors()
        #expect(try #require(errors["coronal_deformation"]) <= 0.23)
        #expect(errors["fold_fraction"] == 0)
    }

    @Test(arguments: [0, 1]) func aDeepBreathWithAResidualIsFollowed(_ site: Int) throws {
        let phantom = try PhantomScene(
            seed: 77, site: site, modality: .mr, dimensions: SIMD3(124, 100, 90), spacingMM: SIMD3(2.5, 2.5, 2.5))
        // Breath and residual in one smooth field; the border is far enough away that no anatomy is lost.
        let pair = try RegistrationPair(
            reference: phantom.image, generated: phantom.image, liver: phantom.liver,
            settings: .plk3d1, threads: 2)
        let frame = pair.frame
        var field = try InjectedDisplacement(seed: 3, rmsMM: 1.4, in: pair)
        for at in 0..<frame.count {
            let d = frame.geometry.dimensions
            let index = SIMD3(Double(at % d.x), Double(at / d.x % d.y), Double(at / (d.x * d.y)))
            let far = (frame.geometry.world(index) - SIMD3(40, 0, 20)) / SIMD3(150, 140, 130)
            let share = Float(1 / (1 + (far * far).sum()))
            field.inverse.x[at] -= share
            field.inverse.y[at] -= 3 * share
            field.inverse.z[at] -= 12 * share
        }
        let moved = try pair.warp(pair.reference, by: field.inverse, cubic: true)
        let truth = try field.solved(in: pair)
        let found = try pair.register(fixed: pair.reference, moving: moved)
        let rows = try Deformation.measureField(
            estimated: pair.field(found), known: pair.field(truth), mask: pair.liver)
        #expect(try #require(rows.first?.value.number) <= 0.30)
        #expect(rows.first { $0.metric == "fold_fraction" }?.value.number == 0)
    }

    /// The golden file ends 5 mm beyond the liver: a breath takes anatomy out of the one image that the other shows.
    @Test(arguments: [SIMD3<Double>(40, 0, 20), SIMD3(38, 12, -6)], [1.0, -1.0])
    func aDeepBreathIsFollowedWhereTheImageEndsCloseToTheLiver(_ centreMM: SIMD3<Double>, _ sign: Double) throws {
        let values = try RegistrationScene.breathingGolden(centreMM: centreMM, sign: sign)
        #expect(try #require(values["coronal_deformation"]) <= 0.30)
        #expect(try #require(values["coronal_deformation_max"]) <= 2)
        #expect(values["fold_fraction"] == 0)
    }

    @Test func aSlidingLiverIsFollowed() throws {
        let phantom = try PhantomScene(
            seed: 77, site: 0, modality: .mr, dimensions: SIMD3(124, 100, 90), spacingMM: SIMD3(2.5, 2.5, 2.5))
        let scene = RegistrationScene(
            reference: phantom.image, generated: phantom.other, liver: phantom.liver, known: phantom.displacement)
        let errors = try scene.errors()
        // The truth jumps by a centimetre at the wall of the cavity; a smooth field cannot.
        #expect(try #require(errors["coronal_deformation"]) <= 0.6)
    }
}
