import Imaging
import Testing

@testable import Metrics

@Suite("Deformation of known fields and landmarks, against golden values")
struct DeformationGoldenTests {
    static let cases = ["axis", "oblique"]

    @Test(arguments: cases)
    func theKnownFieldAgainstNoMotionHasItsOwnStatistics(_ name: String) throws {
        let fixture = try DeformationFixture(name)
        let measured = try Deformation.measureField(
            estimated: fixture.field, known: DisplacementField(zeroOn: fixture.geometry), mask: fixture.mask)
        try expectStatistics(measured, match: fixture, group: "truth_vs_zero")
    }

    @Test(arguments: cases)
    func anAffineChangeOfTheFieldIsMeasuredInEveryProjection(_ name: String) throws {
        let fixture = try DeformationFixture(name)
        let measured = try Deformation.measureField(
            estimated: fixture.scaled(0.8, adding: SIMD3(0.1, -0.2, 0.3)), known: fixture.field,
            mask: fixture.mask)
        try expectStatistics(measured, match: fixture, group: "est=0.8*u+[0.1,-0.2,0.3]")
    }

    @Test(arguments: cases)
    func theJacobianAgreesToNineDigits(_ name: String) throws {
        let fixture = try DeformationFixture(name)
        let golden = try fixture.numbers("jacobian_liver_eroded2")
        let jacobian = try #require(FieldJacobian(of: fixture.field, in: fixture.mask))
        #expect(Double(jacobian.count) == golden["n"])
        for (value, key) in [
            (jacobian.mean, "mean"), (jacobian.minimum, "min"), (jacobian.maximum, "max"),
            (jacobian.sdLog, "SDlogJ"),
        ] {
            let wanted = try #require(golden[key])
            #expect(abs(value / wanted - 1) <= 1e-9, "\(key)")
        }
        #expect(jacobian.foldFraction == 0)
    }

    @Test(arguments: cases)
    func aFieldTwelveTimesAsLargeFolds(_ name: String) throws {
        let fixture = try DeformationFixture(name)
        let golden = try fixture.numbers("folding_case_u*12")
        let jacobian = try #require(FieldJacobian(of: fixture.scaled(12), in: fixture.mask))
        #expect(abs(jacobian.foldFraction / (golden["fold_fraction"] ?? .nan) - 1) <= 1e-9)
        #expect(abs(jacobian.minimum / (golden["jac_min"] ?? .nan) - 1) <= 1e-9)
    }

    @Test(arguments: cases)
    func slabsFromBackToFrontAgree(_ name: String) throws {
        let fixture = try DeformationFixture(name)
        let measured = try Deformation.measureField(
            estimated: DisplacementField(zeroOn: fixture.geometry), known: fixture.field, mask: fixture.mask)
        let table = try #require(measured[0].details.first { $0.name == "coronal_by_ap_slab" })
        let golden = try #require(fixture.expected["coronal_by_AP_5mm_bin"] as? [String: [String: Double]])
        #expect(table.rows.count == golden.count)
        for row in table.rows {
            guard case .number(let edge) = row[0], case .integer(let count) = row[1], case .number(let mean) = row[2]
            else { continue }
            let wanted = try #require(golden["\(Int(edge))"])
            #expect(Double(count) == wanted["n"])
            #expect(abs(mean - (wanted["mean"] ?? .nan)) <= 1e-6)
        }
    }

    @Test(arguments: cases)
    func landmarksAgreeBeforeAndAfterTheField(_ name: String) throws {
        let fixture = try DeformationFixture(name)
        let marks = try fixture.landmarks()
        let before = try Deformation.measureLandmarks(generated: marks.generated, reference: marks.reference)
        try expectStatistics(before, match: fixture, group: "landmark_deformation_error")
        let after = try Deformation.measureLandmarks(generated: marks.displaced, reference: marks.generated)
        try expectStatistics(after, match: fixture, group: "landmark_TRE_after_field")
    }
}
