import Cohort
import Imaging

@testable import Engine

/// A trunk with liver, vessel, lesion and bone, in CT or MR, on any grid.
struct SyntheticTrunk {
    static func volume(_ geometry: Geometry, isCT: Bool = true) -> Volume<Float> {
        var volume = Volume<Float>(geometry: geometry, repeating: isCT ? -1000 : 0)
        let corners = geometry.corners
        let low = corners.reduce(corners[0]) { pointwiseMin($0, $1) }
        let high = corners.reduce(corners[0]) { pointwiseMax($0, $1) }
        let centre = (low + high) / 2
        let half = (high - low) / 2
        let d = geometry.dimensions
        var state: UInt64 = 3
        for k in 0..<d.z {
            for j in 0..<d.y {
                for i in 0..<d.x {
                    let p = (geometry.world(SIMD3(Double(i), Double(j), Double(k))) - centre) / half
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    let noise = Float(Int(state >> 40 & 15) - 8)
                    let body = (p.x / 0.85) * (p.x / 0.85) + (p.y / 0.7) * (p.y / 0.7)
                    guard body < 1 else { continue }
                    let liver = ((p.x - 0.25) / 0.45) * ((p.x - 0.25) / 0.45) + (p.y / 0.4) * (p.y / 0.4)
                    let lesion = (p.x - 0.3) * (p.x - 0.3) + (p.y - 0.1) * (p.y - 0.1)
                    let values: [Float] = isCT ? [40, 105, 60] : [90, 320, 200]
                    volume[i, j, k] = noise + (lesion < 0.01 ? values[2] : liver < 1 ? values[1] : values[0])
                }
            }
        }
        return volume
    }

    /// Axial slices as scanners store them: 128 × 128 pixels of 3.2 mm.
    static func axial(slices: Int, isCT: Bool = true) throws -> Volume<Float> {
        let affine = Affine(SIMD4(-3.2, 0, 0, 200), SIMD4(0, -3.2, 0, 200), SIMD4(0, 0, 3, 0))
        return volume(try Geometry(dimensions: SIMD3(128, 128, slices), affine: affine), isCT: isCT)
    }

    static func request(
        _ source: Volume<Float>, from: String = "CT", to: String = "MR-T1", seed: UInt64 = 5, threads: Int = 1
    ) throws -> GenerationRequest {
        guard let source = ImageSeries(from).map({ (source, $0) }), let target = ImageSeries(to) else {
            throw GeneratorError(.failed, "no series")
        }
        var request = GenerationRequest(
            caseID: "c", subject: "s", targetSeries: target, seed: seed, threads: threads)
        request.source = source.0
        request.sourceSeries = source.1
        return request
    }
}
