import Imaging
import Metrics
import Study
import Testing

/// A ball with a lesion and a vessel, in HU or in MR units, on a small grid.
private struct BallCase {
    let geometry: Geometry

    init(_ size: SIMD3<Int> = SIMD3(40, 36, 16)) throws {
        geometry = try Geometry(
            dimensions: size, affine: Affine(spacingMM: SIMD3(1.5, 1.5, 3), originMM: SIMD3(-30, -27, -24)))
    }

    private func distance(_ i: Int, _ j: Int, _ k: Int, from centre: SIMD3<Double>) -> Double {
        length(geometry.world(SIMD3(Double(i), Double(j), Double(k))) - centre)
    }

    func volume<Scalar: Sendable>(_ zero: Scalar, _ value: (Int, Int, Int) -> Scalar) -> Volume<Scalar> {
        var volume = Volume(geometry: geometry, repeating: zero)
        let d = geometry.dimensions
        for k in 0..<d.z { for j in 0..<d.y { for i in 0..<d.x { volume[i, j, k] = value(i, j, k) } } }
        return volume
    }

    func ball(_ radius: Double, at centre: SIMD3<Double> = .zero) -> Mask {
        volume(0) { distance($0, $1, $2, from: centre) <= radius ? 1 : 0 }
    }

    func image(gain: Float = 1) -> Volume<Float> {
        volume(0) { i, j, k in
            let inside = distance(i, j, k, from: .zero) <= 22
            return inside ? gain * (60 + Float((i * 7 + j * 13 + k * 29) % 23)) : -1000
        }
    }

    var vessel: Mask { volume(0) { i, j, _ in abs(i - 20) <= 1 && abs(j - 18) <= 1 ? 1 : 0 } }
}

@Suite struct CaseEvaluationTests {
    private func inputs() throws -> EvaluationInputs {
        let ball = try BallCase()
        var inputs = EvaluationInputs(modality: .ct)
        inputs.reference = ball.image()
        inputs.generated = ball.image(gain: 1.1)
        inputs.liver = ball.ball(16)
        inputs.generatedLiver = ball.ball(15)
        inputs.lesions = ball.ball(6).map { Int32($0) }
        inputs.generatedLesions = ball.ball(7).map { Int32($0) }
        inputs.vessels = ball.vessel
        inputs.generatedVessels = ball.vessel
        return inputs
    }

    @Test func everythingThatTheInputsAllowIsMeasured() throws {
        let result = try CaseEvaluation.evaluate(inputs(), settings: EvaluationSettings(nsdToleranceMM: 2))
        for (metric, structure) in [
            ("ssim", "body"), ("ssim", "liver"), ("mae", "liver"), ("dice", "liver"), ("hausdorff_95", "lesions"),
            ("hausdorff_95", "lesion:1"), ("lesion_f1", "lesions"), ("vtc", "vessels"), ("dice", "vessels"),
        ] {
            #expect(result.measurement(metric, on: structure)?.value.number != nil, "\(metric) on \(structure)")
        }
        #expect(result.vesselDrawing != nil)
        #expect(result.bodyMethod?.contains("-300 HU") == true)
        let targets = result.measurements.map { MetricTarget(metric: $0.metric, structure: $0.structure) }
        #expect(Set(targets).count == targets.count)
    }

    @Test func vesselsAreNeverMeasuredWithSurfaceElements() throws {
        let result = try CaseEvaluation.evaluate(inputs(), settings: EvaluationSettings(nsdToleranceMM: 2))
        for metric in ["nsd", "hausdorff_95:surfel", "assd:surfel"] {
            #expect(result.measurement(metric, on: "vessels") == nil)
            #expect(result.measurement(metric, on: "liver") != nil)
            #expect(!MetricFamily.isMeasured(metric, on: "vessels"))
        }
        #expect(result.measurement("nsd:voxel", on: "vessels")?.value.number == 1)
    }

    @Test func onlyTheChosenMetricsAreMeasured() throws {
        let settings = EvaluationSettings(nsdToleranceMM: 2, metrics: ["ssim:skimage", "hausdorff_95:pooled", "vtc"])
        let result = try CaseEvaluation.evaluate(inputs(), settings: settings)
        #expect(Set(result.measurements.map(\.metric)) == ["ssim:skimage", "hausdorff_95:pooled", "vtc"])
    }

    @Test func aRegionTakesThePlaceOfTheBody() throws {
        var inputs = try inputs()
        inputs.region = try BallCase().ball(10)
        let result = try CaseEvaluation.evaluate(
            inputs, settings: EvaluationSettings(nsdToleranceMM: 2, metrics: ["mae"]))
        #expect(result.measurements.map(\.structure) == ["mask", "liver"])
        #expect(result.region?.voxels == inputs.region?.voxels)
    }

    @Test func whatTheInputsDoNotAllowIsARowWithAReason() throws {
        var inputs = EvaluationInputs(modality: .mr)
        inputs.reference = try BallCase().image()
        inputs.generated = inputs.reference
        let required = [
            MetricTarget(metric: "hausdorff_95", structure: "lesions"),
            MetricTarget(metric: "coronal_deformation", structure: "liver"),
        ]
        let result = try CaseEvaluation.evaluate(
            inputs, settings: EvaluationSettings(nsdToleranceMM: 2, metrics: ["mae", "vtc"], required: required))
        for (metric, structure) in [
            ("hausdorff_95", "lesions"), ("coronal_deformation", "liver"), ("vtc", "vessels"),
        ] {
            #expect(result.measurement(metric, on: structure)?.value.reason == .inputMissing)
        }
        #expect(result.measurement("mae", on: "body")?.value.number == 0)
    }

    @Test func theRangeOfMagneticResonanceIsThatOfTheTruthInTheBody() throws {
        let ball = try BallCase()
        var inputs = EvaluationInputs(modality: .mr)
        inputs.reference = ball.image()
        inputs.generated = ball.image(gain: 1.2)
        inputs.body = ball.ball(20)
        let result = try CaseEvaluation.evaluate(inputs, settings: EvaluationSettings(nsdToleranceMM: 2))
        #expect(result.dataRange?.low == 60)
        #expect(result.dataRange?.high == 82)
        #expect(result.measurement("ssim", on: "body")?.value.number != nil)
    }

    @Test func anImageWithoutARangeSaysSo() throws {
        let ball = try BallCase()
        var inputs = EvaluationInputs(modality: .mr)
        inputs.reference = ball.volume(0) { _, _, _ in 7 }
        inputs.generated = inputs.reference
        let result = try CaseEvaluation.evaluate(
            inputs, settings: EvaluationSettings(nsdToleranceMM: 2, metrics: ["ssim", "mae"]))
        #expect(result.measurement("ssim", on: "body")?.value.number == nil)
    }

    @Test func anotherGridIsRefusedByName() throws {
        var inputs = try inputs()
        let other = try BallCase(SIMD3(40, 36, 15))
        inputs.generatedVessels = other.vessel
        #expect {
            try CaseEvaluation.evaluate(inputs, settings: EvaluationSettings(nsdToleranceMM: 2))
        } throws: { error in
            guard case EvaluationError.gridMismatch(let input, _, let actual) = error else { return false }
            return input == "generated vessels" && actual == other.geometry
        }
    }

    @Test func anUnknownMetricAndNothingAtAllAreRefused() throws {
        #expect(throws: EvaluationError.unknownMetric("simm")) {
            try CaseEvaluation.evaluate(inputs(), settings: EvaluationSettings(nsdToleranceMM: 2, metrics: ["simm"]))
        }
        #expect(throws: EvaluationError.nothingToMeasure) {
            try CaseEvaluation.evaluate(
                EvaluationInputs(modality: .ct), settings: EvaluationSettings(nsdToleranceMM: 2))
        }
    }

    @Test func theThreadCountChangesNothing() throws {
        let inputs = try inputs()
        let one = try CaseEvaluation.evaluate(inputs, settings: EvaluationSettings(nsdToleranceMM: 2, threads: 1))
        let three = try CaseEvaluation.evaluate(inputs, settings: EvaluationSettings(nsdToleranceMM: 2, threads: 3))
        #expect(one.measurements == three.measurements)
    }

    @Test func landmarksAndFieldsAreMeasuredWithoutImages() throws {
        let ball = try BallCase()
        var inputs = EvaluationInputs(modality: .mr)
        inputs.landmarks = [Landmark(name: "a", positionMM: SIMD3(0, 0, 0)), Landmark(name: "b", positionMM: .one)]
        inputs.generatedLandmarks = [
            Landmark(name: "b", positionMM: .one), Landmark(name: "a", positionMM: SIMD3(3, 7, 4)),
        ]
        inputs.liver = ball.ball(12)
        inputs.displacement = DisplacementField(zeroOn: ball.geometry)
        inputs.estimatedDisplacement = DisplacementField(zeroOn: ball.geometry)
        let result = try CaseEvaluation.evaluate(
            inputs, settings: EvaluationSettings(nsdToleranceMM: 2, metrics: ["coronal_deformation"]))
        #expect(result.measurement("coronal_deformation", on: "landmarks")?.value.number == 2.5)
        #expect(result.measurement("coronal_deformation", on: "liver")?.value.number == 0)
    }

    @Test func theWorstDistanceIsTheDiagonalOfBothLivers() throws {
        let ball = try BallCase()
        var a = Mask(geometry: ball.geometry, repeating: 0)
        var b = a
        a[2, 3, 4] = 1
        b[5, 3, 8] = 1
        let worst = try #require(CaseEvaluation.worstDistanceMM(liver: a, generatedLiver: b))
        #expect(abs(worst - length(SIMD3(4 * 1.5, 1.5, 5 * 3))) < 1e-12)
        #expect(CaseEvaluation.worstDistanceMM(liver: nil, generatedLiver: nil) == nil)
    }
}
