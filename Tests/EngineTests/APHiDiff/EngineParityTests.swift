import CDNNL
import Imaging
import Testing

@testable import Engine

@Suite(
    "The engine against its reference", .enabled(if: TestWeights.folder != nil, Comment(rawValue: TestWeights.absent)))
struct EngineParityTests {
    @Test("Every stage and image of the float path agrees with the reference to 1e-4 of its range")
    func floatsAgree() throws {
        let verification = try EngineVerification(try TestWeights.shared())
        #expect(verification.checks.count >= 40)
        for check in verification.checks {
            #expect(check.passes, "\(check.name): \(check.maximumDifference) of \(check.range)")
        }
        for agreement in verification.codeAgreement {
            #expect(agreement.fine > 0.999 && agreement.coarse > 0.999, "\(agreement.name)")
        }
    }

    @Test("The released arithmetic stays near the floats on a trunk")
    func bytesStayNear() throws {
        let weights = try TestWeights.shared()
        let floats = try APHiDiffModel(weights: weights, precision: .fp32, size: TestWeights.size)
        let settings = APHiDiffGenerator.Settings(steps: 1, segments: false)
        let request = try SyntheticTrunk.request(try SyntheticTrunk.axial(slices: 5), threads: 2)
        let exact = try APHiDiffGenerator(floats, settings: settings).generate(request).volume.voxels
        let quick = try APHiDiffGenerator(try TestWeights.smallModel(), settings: settings).generate(request).volume
            .voxels
        let square = zip(exact, quick).reduce(0.0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
        let difference = (square / Double(exact.count)).squareRoot()
        let range = Double((exact.max() ?? 0) - (exact.min() ?? 0))
        #expect(difference < 0.02 * range, "RMS difference \(difference) of a range of \(range)")
    }

    @Test(
        "Dot products of bytes and our own 8-bit code give the same bits of a whole volume and its masks",
        .enabled(
            if: cdnnl_integers_are_exact() != 0,
            "this processor has no dot products of bytes: only our own code runs here"))
    func integerCodesAgree() throws {
        let weights = try TestWeights.shared()
        let request = try SyntheticTrunk.request(try SyntheticTrunk.axial(slices: 5), threads: 2)
        func made(own: Bool) throws -> GeneratedCase {
            let model = try Convolution.$prefersOwnCode.withValue(own) {
                try APHiDiffModel(weights: weights, precision: .int8, size: TestWeights.size)
            }
            return try APHiDiffGenerator(model, settings: APHiDiffGenerator.Settings(steps: 2)).generate(request)
        }
        let (ours, library) = (try made(own: true), try made(own: false))
        #expect(ours.volume.voxels.map(\.bitPattern) == library.volume.voxels.map(\.bitPattern))
        #expect(ours.liver?.voxels == library.liver?.voxels && ours.vessels?.voxels == library.vessels?.voxels)
        #expect(ours.lesions?.voxels == library.lesions?.voxels)
    }

    @Test("The parameters are those of the architecture")
    func parametersAreCounted() throws {
        #expect((41_650_000...41_750_000).contains(try TestWeights.shared().parameters))
    }
}
