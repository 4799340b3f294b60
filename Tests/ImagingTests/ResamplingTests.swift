import Foundation
import Imaging
import Testing

/// The oblique pair of grids and what scipy.ndimage makes of it.
private struct ResamplingFixture: Decodable {
    var sourceDimensions: [Int]
    var targetDimensions: [Int]
    var sourceRows: [[Double]]
    var targetRows: [[Double]]
    var voxels: [Float]
    var inside: [Bool]
    var nearest: [Double]
    var linear: [Double]
    var cubic: [Double]

    enum CodingKeys: String, CodingKey {
        case sourceDimensions = "source_dimensions"
        case targetDimensions = "target_dimensions"
        case sourceRows = "source_rows"
        case targetRows = "target_rows"
        case voxels, inside, nearest, linear
        case cubic = "cubic-bspline"
    }

    static func load() throws -> ResamplingFixture {
        let url = Bundle.module.bundleURL.appendingPathComponent("Fixtures/resampling/expected.json")
        return try JSONDecoder().decode(ResamplingFixture.self, from: Data(contentsOf: url))
    }

    static func geometry(_ dimensions: [Int], _ rows: [[Double]]) throws -> Geometry {
        func row(_ r: Int) -> SIMD4<Double> { SIMD4(rows[r][0], rows[r][1], rows[r][2], rows[r][3]) }
        return try Geometry(
            dimensions: SIMD3(dimensions[0], dimensions[1], dimensions[2]), affine: Affine(row(0), row(1), row(2)))
    }

    func source() throws -> Volume<Float> {
        try Volume(geometry: Self.geometry(sourceDimensions, sourceRows), voxels: voxels)
    }

    func target() throws -> Geometry { try Self.geometry(targetDimensions, targetRows) }

    func expected(_ interpolation: Interpolation) -> [Double] {
        switch interpolation {
        case .nearest: nearest
        case .linear: linear
        case .cubicBSpline: cubic
        }
    }
}

@Suite("Resampling onto another grid")
struct ResamplingTests {
    @Test(arguments: Interpolation.allCases)
    func obliqueGridsAgreeWithSciPy(_ interpolation: Interpolation) throws {
        let fixture = try ResamplingFixture.load()
        let result = try fixture.source().resampled(
            onto: fixture.target(), interpolation: interpolation, outside: -1024)
        #expect(fixture.inside.count { $0 } > 100 && fixture.inside.contains(false))
        let wanted = fixture.expected(interpolation)
        for offset in wanted.indices {
            let value = Double(result.voxels[offset])
            // Values span 300; single precision keeps seven digits of them.
            #expect(abs(value - (fixture.inside[offset] ? wanted[offset] : -1024)) <= 1e-4, "voxel \(offset)")
        }
    }

    @Test(arguments: Interpolation.allCases)
    func theOwnGridGivesTheImageBack(_ interpolation: Interpolation) throws {
        let source = try ResamplingFixture.load().source()
        let same = try source.resampled(onto: source.geometry, interpolation: interpolation, outside: -1)
        for (a, b) in zip(same.voxels, source.voxels) { #expect(abs(a - b) <= 1e-4) }
        if interpolation != .cubicBSpline { #expect(same.voxels == source.voxels) }
    }

    @Test func storageOrderDoesNotMatter() throws {
        let source = try ResamplingFixture.load().source()
        let d = source.geometry.dimensions
        let a = source.geometry.affine
        // The same image with i and k exchanged and j reversed.
        let columns = [a.column(2), -a.column(1), a.column(0), a(SIMD3(0, Double(d.y - 1), 0))]
        func row(_ r: Int) -> SIMD4<Double> { SIMD4(columns[0][r], columns[1][r], columns[2][r], columns[3][r]) }
        let geometry = try Geometry(dimensions: SIMD3(d.z, d.y, d.x), affine: Affine(row(0), row(1), row(2)))
        var turned = Volume<Float>(geometry: geometry, repeating: 0)
        for k in 0..<d.z {
            for j in 0..<d.y { for i in 0..<d.x { turned[k, d.y - 1 - j, i] = source[i, j, k] } }
        }
        let target = try ResamplingFixture.load().target()
        for interpolation in [Interpolation.linear, .cubicBSpline] {
            let one = try source.resampled(onto: target, interpolation: interpolation, outside: 0)
            let other = try turned.resampled(onto: target, interpolation: interpolation, outside: 0)
            for (x, y) in zip(one.voxels, other.voxels) { #expect(abs(x - y) <= 1e-4) }
        }
    }

    @Test func aSplineKeepsACubicPolynomialInside() throws {
        let geometry = try Geometry(dimensions: SIMD3(40, 3, 3), affine: Affine(spacingMM: SIMD3(1, 1, 1)))
        var source = Volume<Float>(geometry: geometry, repeating: 0)
        func polynomial(_ x: Double) -> Double { 1e-3 * (x - 20) * (x - 20) * (x - 20) - 0.4 * x }
        for k in 0..<3 { for j in 0..<3 { for i in 0..<40 { source[i, j, k] = Float(polynomial(Double(i))) } } }
        let target = try Geometry(
            dimensions: SIMD3(9, 1, 1), affine: Affine(spacingMM: SIMD3(1, 1, 1), originMM: SIMD3(15.3, 1, 1)))
        let result = try source.resampled(onto: target, interpolation: .cubicBSpline, outside: 0)
        // The mirrored ends reach 15 voxels in with a weight of 0.27^15.
        for i in 0..<9 { #expect(abs(Double(result.voxels[i]) - polynomial(15.3 + Double(i))) < 1e-5) }
    }

    @Test func labelsAndMasksAreNeverMixed() throws {
        let geometry = try Geometry(dimensions: SIMD3(4, 2, 2), affine: Affine(spacingMM: SIMD3(2, 2, 2)))
        var labels = LabelMap(geometry: geometry, repeating: 0)
        labels[2, 0, 0] = 7
        labels[3, 0, 0] = 90_000
        let target = try Geometry(
            dimensions: SIMD3(10, 1, 1), affine: Affine(spacingMM: SIMD3(1, 1, 1), originMM: SIMD3(-1.5, 0, 0)))
        let result = labels.resampledNearest(onto: target, outside: -1)
        #expect(result.voxels == [-1, 0, 0, 0, 0, 7, 7, 90_000, 90_000, -1])
        let mask = labels.map { UInt8($0 != 0 ? 1 : 0) }.resampledNearest(onto: target, outside: 0)
        #expect(mask.voxels == [0, 0, 0, 0, 0, 1, 1, 1, 1, 0])
    }

    @Test func aVoxelThatIsNotANumberStaysWhereItIs() throws {
        let geometry = try Geometry(dimensions: SIMD3(5, 5, 5), affine: Affine(spacingMM: SIMD3(1, 1, 1)))
        var source = Volume<Float>(geometry: geometry, repeating: 3)
        source[4, 4, 4] = .nan
        let near = try source.resampled(onto: geometry, interpolation: .linear, outside: 0)
        #expect(near.voxels.count { $0.isNaN } == 1)
        #expect(throws: ResamplingError.notFinite(count: 1)) {
            try source.resampled(onto: geometry, interpolation: .cubicBSpline, outside: 0)
        }
    }

    @Test func aSingleSliceIsSampledWithinItsThickness() throws {
        let geometry = try Geometry(dimensions: SIMD3(3, 3, 1), affine: Affine(spacingMM: SIMD3(1, 1, 4)))
        let source = Volume<Float>(geometry: geometry, repeating: 5)
        let target = try Geometry(
            dimensions: SIMD3(1, 1, 6), affine: Affine(spacingMM: SIMD3(1, 1, 1), originMM: SIMD3(1, 1, -2.5)))
        for interpolation in Interpolation.allCases {
            let result = try source.resampled(onto: target, interpolation: interpolation, outside: 0)
            for (value, wanted) in zip(result.voxels, [0, 5, 5, 5, 5, 0] as [Float]) {
                #expect(abs(value - wanted) < 1e-5)
            }
        }
    }
}
