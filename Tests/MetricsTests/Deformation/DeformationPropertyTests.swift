import Glibc
import Imaging
import Testing

@testable import Metrics

@Suite("Deformation: what must and must not change it")
struct DeformationPropertyTests {
    /// A smooth field in a ball, on a small anisotropic tilted grid.
    private func sample() throws -> (field: DisplacementField, mask: Mask) {
        let geometry = try Geometry(
            dimensions: SIMD3(14, 11, 9),
            affine: Affine(SIMD4(-1.9, 0.3, 0.1, 12), SIMD4(0.25, 2.1, -0.4, -9), SIMD4(-0.1, 0.3, 3.4, 5)))
        var mask = Mask(geometry: geometry, repeating: 0)
        var components: [[Float]] = [[], [], []]
        for k in 0..<9 {
            for j in 0..<11 {
                for i in 0..<14 {
                    let p = SIMD3(Double(i) - 6.5, Double(j) - 5, (Double(k) - 4) * 1.3)
                    if (p * p).sum() < 26 { mask[i, j, k] = 1 }
                    components[0].append(Float(0.3 * p.x - 0.11 * p.y * p.z / 3))
                    components[1].append(Float(0.2 * p.y + 0.4 * (p.x * p.z / 9)))
                    components[2].append(Float(1 - 0.1 * p.z * p.x + 0.07 * p.y))
                }
            }
        }
        let field = try DisplacementField(
            geometry: geometry, components: (components[0], components[1], components[2]), frame: .ras)
        return (field, mask)
    }

    private func measure(
        _ field: DisplacementField, _ mask: Mask, plane: CoronalPlane = .patient
    ) throws -> [Measurement] {
        try Deformation.measureField(
            estimated: field, known: DisplacementField(zeroOn: mask.geometry), mask: mask, plane: plane)
    }

    private func component(_ values: [Float], _ geometry: Geometry) throws -> Volume<Float> {
        try Volume(geometry: geometry, voxels: values)
    }

    @Test func allFortyEightStorageOrdersGiveTheSameValues() throws {
        let (field, mask) = try sample()
        let wanted = try measure(field, mask)
        for orientation in AxisOrientation.all {
            let turned = try orientation.stored(mask)
            let moved = try DisplacementField(
                geometry: turned.geometry,
                components: (
                    orientation.stored(component(field.r, mask.geometry)).voxels,
                    orientation.stored(component(field.a, mask.geometry)).voxels,
                    orientation.stored(component(field.s, mask.geometry)).voxels
                ), frame: .ras)
            let found = try measure(moved, turned)
            #expect(found.count == wanted.count)
            for (a, b) in zip(found, wanted) {
                let difference = abs((a.value.number ?? .nan) - (b.value.number ?? .nan))
                #expect(difference <= 1e-9, "\(a.metric) in \(orientation)")
            }
        }
    }

    @Test func theFrameOfAFieldIsNeverGuessed() throws {
        let (field, mask) = try sample()
        let stored = (field.r, field.a, field.s)
        let geometry = mask.geometry
        let lps = try DisplacementField(geometry: geometry, components: stored, frame: .lps)
        let difference = try Deformation.measureField(estimated: lps, known: field, mask: mask)
        #expect((difference.value("coronal_deformation") ?? 0) > 0.5)
        #expect(lps[offset: 100] == field[offset: 100] * SIMD3(-1, -1, 1))
        let voxel = try DisplacementField(geometry: geometry, components: stored, frame: .voxel)
        let wanted = geometry.affine.applyLinear(field[offset: 100])
        #expect(length(voxel[offset: 100] - wanted) < 1e-5)
    }

    @Test func motionAlongAnteriorPosteriorIsInvisibleFromTheFront() throws {
        let (_, mask) = try sample()
        let zeros = [Float](repeating: 0, count: mask.geometry.voxelCount)
        let forward = try DisplacementField(
            geometry: mask.geometry, components: (zeros, zeros.map { _ in 2 }, zeros), frame: .ras)
        let found = try measure(forward, mask)
        #expect(found.value("coronal_deformation") == 0)
        #expect(found.value("deformation_3d") == 2)
        #expect(found.value("deformation_ap") == 2)
        #expect(found.value("deformation_signed_a") == 2)
        let acquired = try measure(forward, mask, plane: .acquired)
        #expect((acquired.value("coronal_deformation") ?? 0) > 0.1)
    }

    @Test func anEmptyMaskIsNotComputed() throws {
        let (field, mask) = try sample()
        let empty = Mask(geometry: mask.geometry, repeating: 0)
        for measurement in try measure(field, empty) {
            #expect(measurement.value == .notComputed(.emptyRegion), "\(measurement.metric)")
        }
    }

    @Test func notANumberInsideTheMaskIsReportedAndOutsideIsHarmless() throws {
        let (field, mask) = try sample()
        var spoilt = field.r
        spoilt[0] = .nan
        let outside = try DisplacementField(
            geometry: mask.geometry, components: (spoilt, field.a, field.s), frame: .ras)
        #expect(try measure(outside, mask) == measure(field, mask))
        spoilt[mask.geometry.offset(7, 5, 4)] = .infinity
        let inside = try DisplacementField(
            geometry: mask.geometry, components: (spoilt, field.a, field.s), frame: .ras)
        for measurement in try measure(inside, mask) {
            #expect(measurement.value == .notComputed(.notFinite), "\(measurement.metric)")
        }
    }

    @Test func aSteepAcquisitionIsNamedAndATooSteepOneRefused() throws {
        func tilted(_ degrees: Double) throws -> Mask {
            let c = cos(degrees * .pi / 180)
            let s = sin(degrees * .pi / 180)
            let geometry = try Geometry(
                dimensions: SIMD3(9, 9, 9),
                affine: Affine(SIMD4(1, 0, 0, 0), SIMD4(0, c, -s, 0), SIMD4(0, s, c, 0)))
            return Mask(geometry: geometry, repeating: 1)
        }
        for (degrees, warning) in [(3.0, false), (12.0, true)] {
            let mask = try tilted(degrees)
            let found = try measure(DisplacementField(zeroOn: mask.geometry), mask, plane: .acquired)
            #expect(found[0].parameters.contains(MetricParameter("obliquity_warning", .flag(warning))))
        }
        // Columns that share a plane with the S axis: no voxel axis lies within 45° of anterior.
        let a = 0.5773502691896258
        let geometry = try Geometry(
            dimensions: SIMD3(9, 9, 9),
            affine: Affine(SIMD4(0.7071, -0.7071, 0.3, 0), SIMD4(a, a, a, 0), SIMD4(0.4, 0.4, -0.8, 0)))
        let mask = Mask(geometry: geometry, repeating: 1)
        #expect(throws: DeformationError.self) {
            try measure(DisplacementField(zeroOn: geometry), mask, plane: .acquired)
        }
        #expect(throws: Never.self) { try measure(DisplacementField(zeroOn: geometry), mask) }
    }

    @Test func anotherGridIsRefused() throws {
        let (field, mask) = try sample()
        let other = try Geometry(dimensions: SIMD3(14, 11, 9), affine: Affine(spacingMM: SIMD3(2, 2, 3)))
        #expect(throws: DeformationError.self) {
            try Deformation.measureField(
                estimated: field, known: DisplacementField(zeroOn: other), mask: mask)
        }
    }

    @Test func landmarksArePairedByNameAndFewOfThemHaveNoPercentile() throws {
        let reference = (0..<9).map { Landmark(name: "\($0)", positionMM: SIMD3(Double($0), 0, 1), phase: "in") }
        let generated = reference.reversed().map {
            Landmark(name: $0.name, positionMM: $0.positionMM + SIMD3(0, 0, 1), phase: "in")
        }
        let found = try Deformation.measureLandmarks(generated: generated, reference: reference)
        #expect(found.value("coronal_deformation", structure: "landmarks") == 1)
        #expect(found.value("coronal_deformation", structure: "landmarks:in") == 1)
        let p95 = found.first { $0.metric == "coronal_deformation_p95" }
        #expect(p95?.value == .notComputed(.tooFewSamples))
        #expect(throws: DeformationError.unmatchedLandmark("8")) {
            try Deformation.measureLandmarks(generated: Array(generated.dropFirst()), reference: reference)
        }
        #expect(throws: DeformationError.duplicateLandmark("8")) {
            try Deformation.measureLandmarks(generated: generated + [generated[0]], reference: reference)
        }
    }

    @Test func twoObserversGiveTheFloorOfLandmarks() throws {
        var reference: [Landmark] = []
        var generated: [Landmark] = []
        for (observer, shift) in [("a", 1.0), ("b", 1.6)] {
            for index in 0..<4 {
                let position = SIMD3(Double(index), 2, 3)
                reference.append(Landmark(name: "\(index)", positionMM: position, observer: observer))
                generated.append(
                    Landmark(name: "\(index)", positionMM: position + SIMD3(shift, 5, 0), observer: observer))
            }
        }
        let found = try Deformation.measureLandmarks(generated: generated, reference: reference)
        #expect(abs((found.value("coronal_deformation_interobserver") ?? .nan) - 0.6) < 1e-12)
    }

    @Test func everyMeasurementIsInTheCatalogue() throws {
        let (field, mask) = try sample()
        let identifiers = Set(MetricCatalog.deformation.map(\.id))
        #expect(identifiers.count == MetricCatalog.deformation.count)
        for measurement in try measure(field, mask) { #expect(identifiers.contains(measurement.metric)) }
    }
}
