import Foundation
import Imaging
import Testing

@testable import Metrics

/// One golden case: volumes, known field and the values of the independent implementation.
struct DeformationFixture {
    let expected: [String: Any]
    let geometry: Geometry
    let mask: Mask
    let field: DisplacementField

    static func url(_ name: String) throws -> URL {
        try #require(Bundle.module.url(forResource: "Fixtures/deformation/\(name)", withExtension: nil))
    }

    static func volume(_ name: String) throws -> Volume<Float> {
        try VolumeReader.readVolume(path: url("\(name).nii.gz").path)
    }

    init(_ name: String) throws {
        let json = try JSONSerialization.jsonObject(with: Data(contentsOf: Self.url("expected.json")))
        let cases = try #require((json as? [String: Any])?["cases"] as? [String: Any])
        expected = try #require(cases[name] as? [String: Any])
        let rows = try #require(expected["affine_ras"] as? [[Double]])
        let read = try NIfTIReader.read(path: Self.url("\(name)_u.nii.gz").path).vectorField(anyIntent: true)
        // The expected values were computed with the affine in double, the file keeps it in single precision.
        let affine = Affine(SIMD4(rows[0]), SIMD4(rows[1]), SIMD4(rows[2]))
        geometry = try Geometry(dimensions: read.geometry.dimensions, affine: affine)
        #expect(geometry.isSameGrid(as: read.geometry))
        let quantum = 0.005
        func whole(_ component: [Float]) -> [Float] { component.map { Float((Double($0) / quantum).rounded()) } }
        field = try DisplacementField(
            geometry: geometry, components: (whole(read.x), whole(read.y), whole(read.z)), frame: .ras,
            scaleMM: quantum)
        mask = try Mask(
            geometry: geometry, voxels: VolumeReader.readMask(path: Self.url("\(name)_liver.nii.gz").path).voxels)
    }

    func numbers(_ path: String...) throws -> [String: Double] {
        var node = expected
        for name in path { node = try #require(node[name] as? [String: Any]) }
        return node.compactMapValues { ($0 as? NSNumber)?.doubleValue }
    }

    func signedMean(_ group: String) throws -> SIMD3<Double> {
        let node = try #require(expected[group] as? [String: Any])
        return SIMD3(try #require(node["signed_mean_RAS"] as? [Double]))
    }

    /// The known field scaled and shifted, mm; kept in double through the quantum.
    func scaled(_ factor: Double, adding shift: SIMD3<Double> = .zero) throws -> DisplacementField {
        // 0.8 of the quantum 0.005 is 0.004, and every shift used here is a whole number of it or of 0.001.
        let quantum = 0.001
        func component(_ values: [Float], _ offset: Double) -> [Float] {
            values.map { Float(((Double($0) * field.scaleMM * factor + offset) / quantum).rounded()) }
        }
        return try DisplacementField(
            geometry: geometry,
            components: (component(field.r, shift.x), component(field.a, shift.y), component(field.s, shift.z)),
            frame: .ras, scaleMM: quantum)
    }

    func landmarks() throws -> (generated: [Landmark], reference: [Landmark], displaced: [Landmark]) {
        let list = try #require(expected["landmarks"] as? [[String: [Double]]])
        var result: (generated: [Landmark], reference: [Landmark], displaced: [Landmark]) = ([], [], [])
        for (index, entry) in list.enumerated() {
            let truth = SIMD3(try #require(entry["truth_ras"]))
            let moved = SIMD3(try #require(entry["field_at_truth_trilinear"]))
            result.reference.append(Landmark(name: "\(index)", positionMM: truth))
            result.generated.append(
                Landmark(name: "\(index)", positionMM: SIMD3(try #require(entry["generated_ras"]))))
            result.displaced.append(Landmark(name: "\(index)", positionMM: truth + moved))
        }
        return result
    }
}
