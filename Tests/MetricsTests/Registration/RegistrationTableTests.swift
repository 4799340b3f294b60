import Foundation
import Imaging
import Phantom
import Testing

@testable import Metrics

/// Follows displacements that are known on phantoms of all sites; prints the table of `docs/registration.md`.
///
/// Runs where `REGISTRATION_TABLE` is set, since it takes minutes.
@Suite(.serialized, .enabled(if: ProcessInfo.processInfo.environment["REGISTRATION_TABLE"] != nil))
struct RegistrationTableTests {
    private static let cells: [(seed: UInt64, site: Int, modality: PhantomModality)] = [
        (77, 0, .mr), (77, 1, .mr), (77, 2, .mr), (77, 3, .mr), (77, 0, .ct), (77, 1, .ct), (77, 2, .ct), (77, 3, .ct),
        // Patients that no number of the setting was chosen with.
        (901, 0, .mr), (902, 1, .mr), (903, 2, .mr), (904, 3, .mr), (905, 0, .mr), (901, 0, .ct), (902, 1, .ct),
    ]

    @Test func everyPairIsFollowed() throws {
        for cell in RegistrationTableTests.cells {
            let scene = try PhantomScene(
                seed: cell.seed, site: cell.site, modality: cell.modality, dimensions: SIMD3(208, 168, 92),
                spacingMM: SIMD3(1.5, 1.5, 2.5))
            let name = "\(cell.seed), site \("ABCD".map(String.init)[cell.site]), \(cell.modality == .ct ? "CT" : "MR")"
            let still = try RegistrationPair(
                reference: scene.image, generated: scene.clean, liver: scene.liver, settings: .plk3d1, threads: 2)
            let nothing = AxisDisplacement(zeros: still.frame.count)
            try row("\(name) | nothing", still, generatedLook(of: still.generated, still, cell.modality), nothing)
            let (inverse, truth) = try breath(in: still, seed: cell.seed)
            let moved = try still.warp(still.generated, by: inverse, cubic: true)
            let error = try row(
                "\(name) | 12 mm smooth + residual", still, generatedLook(of: moved, still, cell.modality), truth)
            #expect(error <= 0.30)
            let sliding = try RegistrationPair(
                reference: scene.image, generated: scene.other, liver: scene.liver, settings: .plk3d1, threads: 2)
            try row(
                "\(name) | 12 mm sliding", sliding, generatedLook(of: sliding.generated, sliding, cell.modality),
                axes(of: scene.displacement, in: sliding.frame))
        }
    }

    @Test func theGoldenPairsAreFollowed() throws {
        let pairs: [(String, [String: Double])] = [
            ("golden axis | residual", try RegistrationScene.golden().errors()),
            ("golden oblique | residual", try RegistrationScene.golden("oblique").errors()),
            ("golden axisnull | nothing", try RegistrationScene.still().errors()),
            (
                "golden axis | 12 mm breath + residual",
                try RegistrationScene.breathingGolden(centreMM: SIMD3(40, 0, 20), sign: 1)
            ),
            (
                "golden axis | the breath the other way",
                try RegistrationScene.breathingGolden(centreMM: SIMD3(40, 0, 20), sign: -1)
            ),
        ]
        for (name, errors) in pairs {
            let cells = ["coronal_deformation", "coronal_deformation_p95", "coronal_deformation_max", "fold_fraction"]
                .map { String(format: "%.3f", errors[$0] ?? .nan) }
            print("registration | \(name) | \(cells.joined(separator: " | "))")
        }
    }

    /// A breath of 12, 3 and 1 mm along S, A and R with a smooth residual: the field to resample with, and what is to be found.
    private func breath(
        in pair: RegistrationPair, seed: UInt64
    ) throws -> (inverse: AxisDisplacement, truth: AxisDisplacement) {
        let frame = pair.frame
        var field = try InjectedDisplacement(seed: seed, rmsMM: 1.4, in: pair)
        let d = frame.geometry.dimensions
        for at in 0..<frame.count {
            let index = SIMD3(Double(at % d.x), Double(at / d.x % d.y), Double(at / (d.x * d.y)))
            let far = (frame.geometry.world(index) - SIMD3(40, 0, 20)) / SIMD3(150, 140, 130)
            let share = Float(1 / (1 + (far * far).sum()))
            field.inverse.x[at] -= share
            field.inverse.y[at] -= 3 * share
            field.inverse.z[at] -= 12 * share
        }
        return (field.inverse, try field.solved(in: pair))
    }

    private func axes(of known: DisplacementField, in frame: RegistrationFrame) -> AxisDisplacement {
        let components = [frame.cut(known.r), frame.cut(known.a), frame.cut(known.s)]
        var u = AxisDisplacement(zeros: frame.count)
        for at in 0..<frame.count {
            let v = SIMD3(Double(components[0][at]), Double(components[1][at]), Double(components[2][at]))
            u.x[at] = Float((v * frame.directions[0]).sum())
            u.y[at] = Float((v * frame.directions[1]).sum())
            u.z[at] = Float((v * frame.directions[2]).sum())
        }
        return u
    }

    /// Blur of 1.2 mm, another contrast, shading of 8 % and noise of its own.
    private func generatedLook(of image: [Float], _ pair: RegistrationPair, _ modality: PhantomModality) -> [Float] {
        var voxels = image
        for axis in 0..<3 { blur(&voxels, pair.frame, axis: axis, sigmaMM: 1.2) }
        var random = SplitMix(seed: 20_261_125)
        let d = pair.frame.geometry.dimensions
        for at in voxels.indices {
            let index = SIMD3(Double(at % d.x), Double(at / d.x % d.y), Double(at / (d.x * d.y)))
            let p = pair.frame.geometry.world(index)
            let shading = Float(1 + 0.08 * sin((p * SIMD3(0.011, 0.017, 0.013)).sum()))
            let normal = Float((0..<12).reduce(0) { sum, _ in sum + random.unit() } - 6)
            voxels[at] =
                modality == .ct
                ? 0.92 * voxels[at] * shading + 8 + 10 * normal
                : 800 * pow(max(0, voxels[at]) / 800, 0.9) * shading + 9 * normal
        }
        return voxels
    }

    private func blur(_ voxels: inout [Float], _ frame: RegistrationFrame, axis: Int, sigmaMM: Double) {
        let d = frame.geometry.dimensions
        let n = d[axis]
        let stride = [1, d.x, d.x * d.y][axis]
        let sigma = sigmaMM / frame.spacing[axis]
        let reach = Int((3 * sigma).rounded(.up))
        var taps = (-reach...reach).map { exp(-0.5 * Double($0 * $0) / (sigma * sigma)) }
        let sum = taps.reduce(0, +)
        taps = taps.map { $0 / sum }
        let source = voxels
        for at in voxels.indices {
            let index = at / stride % n
            var value = 0.0
            for (tap, weight) in taps.enumerated() {
                let other = max(0, min(n - 1, index + tap - reach))
                value += weight * Double(source[at + (other - index) * stride])
            }
            voxels[at] = Float(value)
        }
    }

    @discardableResult
    private func row(
        _ name: String, _ pair: RegistrationPair, _ moving: [Float], _ truth: AxisDisplacement
    ) throws -> Double {
        let clock = ContinuousClock()
        var found = AxisDisplacement(zeros: 0)
        let time = try clock.measure { found = try pair.register(fixed: pair.reference, moving: moving) }
        let rows = try Deformation.measureField(
            estimated: pair.field(found), known: pair.field(truth), mask: pair.liver)
        let values = Dictionary(uniqueKeysWithValues: rows.map { ($0.metric, $0.value.number ?? .nan) })
        func text(_ metric: String) -> String { String(format: "%.3f", values[metric] ?? .nan) }
        func mean(_ u: AxisDisplacement) -> String {
            let vectors = pair.vectorsInLiver(u)
            return String(
                format: "%.3f",
                vectors.reduce(0) { $0 + DisplacementProjection().coronal($1) } / Double(vectors.count))
        }
        let seconds = Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18
        print(
            "registration | \(name) | \(text("coronal_deformation")) | \(text("coronal_deformation_p95")) | "
                + "\(text("coronal_deformation_max")) | \(mean(found)) / \(mean(truth)) | "
                + "\(text("fold_fraction")) | \(String(format: "%.2f", seconds)) s, \(pair.frame.count) voxels")
        return values["coronal_deformation"] ?? .nan
    }
}
