import Foundation
import Imaging
import Testing

@testable import Metrics

/// A pair of images with a displacement that is known, and what a registration makes of it.
struct RegistrationScene {
    var reference: Volume<Float>
    var generated: Volume<Float>
    var liver: Mask
    var known: DisplacementField

    /// The golden pair: residual motion and the look of a generator.
    static func golden(_ name: String = "axis") throws -> RegistrationScene {
        let fixture = try DeformationFixture(name)
        return RegistrationScene(
            reference: try DeformationFixture.volume("\(name)_fixed"),
            generated: try DeformationFixture.volume("\(name)_moving"), liver: fixture.mask, known: fixture.field)
    }

    /// Nothing moved, only the look differs.
    static func still() throws -> RegistrationScene {
        let reference = try DeformationFixture.volume("axisnull_fixed")
        let liver = try Mask(
            geometry: reference.geometry,
            voxels: VolumeReader.readMask(path: DeformationFixture.url("axisnull_liver.nii.gz").path).voxels)
        return RegistrationScene(
            reference: reference, generated: try DeformationFixture.volume("axis_moving"), liver: liver,
            known: DisplacementField(zeroOn: reference.geometry))
    }

    /// A few blobs in a box with a round liver: small enough to try every storage order.
    static func small(shiftMM: Double = 1.5) throws -> RegistrationScene {
        let geometry = try Geometry(
            dimensions: SIMD3(30, 26, 22), affine: Affine(spacingMM: SIMD3(2, 2.5, 3), originMM: SIMD3(-30, -32, -33)))
        func value(_ p: SIMD3<Double>) -> Float {
            var sum = 0.0
            var random = SplitMix(seed: 5)
            for _ in 0..<60 {
                let centre = SIMD3(
                    60 * random.unit() - 30, 60 * random.unit() - 30, 60 * random.unit() - 30)
                let d = p - centre
                sum += (random.unit() - 0.5) / (1 + (d * d).sum() / 12)
            }
            return Float(100 * sum)
        }
        var reference = Volume<Float>(geometry: geometry, repeating: 0)
        var generated = reference
        var liver = Mask(geometry: geometry, repeating: 0)
        for k in 0..<22 {
            for j in 0..<26 {
                for i in 0..<30 {
                    let p = geometry.world(SIMD3(Double(i), Double(j), Double(k)))
                    reference[i, j, k] = value(p)
                    generated[i, j, k] = value(p - SIMD3(shiftMM, 0, -shiftMM))
                    liver[i, j, k] = (p * p).sum() < 400 ? 1 : 0
                }
            }
        }
        let n = geometry.voxelCount
        let shift = [Float](repeating: Float(shiftMM), count: n)
        let known = try DisplacementField(
            geometry: geometry, components: (shift, [Float](repeating: 0, count: n), shift.map { -$0 }), frame: .ras)
        return RegistrationScene(reference: reference, generated: generated, liver: liver, known: known)
    }

    /// Measurements of the registration against the known field, by identifier.
    func errors(threads: Int = 2) throws -> [String: Double] {
        let found = try Registration.displacement(of: generated, onto: reference, liver: liver, threads: threads)
        let frame = try #require(
            RegistrationFrame(around: liver, marginMM: RegistrationSettings.plk3d1.marginMM))
        #expect(frame.geometry == found.field.geometry)
        let cut = try DisplacementField(
            geometry: frame.geometry, components: (frame.cut(known.r), frame.cut(known.a), frame.cut(known.s)),
            frame: .ras, scaleMM: known.scaleMM)
        let rows = try Deformation.measureField(estimated: found.field, known: cut, mask: found.liver)
        return Dictionary(uniqueKeysWithValues: rows.compactMap { row in row.value.number.map { (row.metric, $0) } })
    }

    /// Measurements on the golden pair after a breath of 12, 3 and 1 mm along S, A and R, which takes anatomy out of the file.
    static func breathingGolden(centreMM: SIMD3<Double>, sign: Double) throws -> [String: Double] {
        let scene = try RegistrationScene.golden()
        let pair = try RegistrationPair(
            reference: scene.reference, generated: scene.generated, liver: scene.liver, settings: .plk3d1, threads: 2)
        let frame = pair.frame
        var breath = AxisDisplacement(zeros: frame.count)
        var truth = breath
        let known = [frame.cut(scene.known.r), frame.cut(scene.known.a), frame.cut(scene.known.s)]
        let d = frame.geometry.dimensions
        for at in 0..<frame.count {
            let index = SIMD3(Double(at % d.x), Double(at / d.x % d.y), Double(at / (d.x * d.y)))
            let far = (frame.geometry.world(index) - centreMM) / SIMD3(150, 140, 130)
            let share = Float(sign / (1 + (far * far).sum()))
            breath.x[at] = -share
            breath.y[at] = -3 * share
            breath.z[at] = -12 * share
            let u = SIMD3(Double(known[0][at]), Double(known[1][at]), Double(known[2][at])) * scene.known.scaleMM
            truth.x[at] = Float((u * frame.directions[0]).sum())
            truth.y[at] = Float((u * frame.directions[1]).sum())
            truth.z[at] = Float((u * frame.directions[2]).sum())
        }
        let moved = try pair.warp(pair.generated, by: breath, cubic: true)
        // What is at x in the reference is at x + w in the breathing image, where w + breath(x + w) is the residual.
        let residual = truth
        for _ in 0..<16 {
            let there = [
                try pair.warp(breath.x, by: truth, cubic: false), try pair.warp(breath.y, by: truth, cubic: false),
                try pair.warp(breath.z, by: truth, cubic: false),
            ]
            truth.x = zip(residual.x, there[0]).map { $0 - $1 }
            truth.y = zip(residual.y, there[1]).map { $0 - $1 }
            truth.z = zip(residual.z, there[2]).map { $0 - $1 }
        }
        let found = try pair.register(fixed: pair.reference, moving: moved)
        let rows = try Deformation.measureField(
            estimated: pair.field(found), known: pair.field(truth), mask: pair.liver)
        return Dictionary(uniqueKeysWithValues: rows.compactMap { row in row.value.number.map { (row.metric, $0) } })
    }
}
