import Imaging
import Testing

@testable import Metrics

@Suite("Properties of the registration plk3d/1")
struct RegistrationPropertyTests {
    @Test func anImageIsFoundWhereItIs() throws {
        var scene = try RegistrationScene.small()
        scene.generated = scene.reference
        scene.known = DisplacementField(zeroOn: scene.reference.geometry)
        #expect(try #require(try scene.errors()["deformation_3d_max"]) < 1e-5)
    }

    @Test func aShiftIsFoundInTheDirectionOfPullBack() throws {
        let errors = try RegistrationScene.small().errors()
        #expect(try #require(errors["coronal_deformation"]) < 0.2)
        #expect(abs(try #require(errors["deformation_signed_r"])) < 0.2)
    }

    @Test func gainAndOffsetOfTheGeneratedImageChangeLittle() throws {
        var scene = try RegistrationScene.small()
        let plain = try #require(try scene.errors()["coronal_deformation"])
        scene.generated = scene.generated.map { 3 * $0 + 500 }
        #expect(abs(try #require(try scene.errors()["coronal_deformation"]) - plain) < 1e-3)
    }

    @Test func theNumberOfThreadsDoesNotChangeABit() throws {
        let scene = try RegistrationScene.golden()
        let one = try Registration.displacement(
            of: scene.generated, onto: scene.reference, liver: scene.liver, threads: 1)
        for threads in [2, 3] {
            let other = try Registration.displacement(
                of: scene.generated, onto: scene.reference, liver: scene.liver, threads: threads)
            #expect(other.field == one.field)
        }
    }

    @Test(arguments: [1, 9, 14, 22, 29, 35, 44, 47])
    func storageOrderChangesNothing(_ number: Int) throws {
        let scene = try RegistrationScene.small()
        let plain = try Registration.displacement(of: scene.generated, onto: scene.reference, liver: scene.liver)
        let orientation = AxisOrientation.all[number]
        let turned = try Registration.displacement(
            of: orientation.stored(scene.generated), onto: orientation.stored(scene.reference),
            liver: orientation.stored(scene.liver))
        #expect(turned.field.geometry.isSameGrid(as: plain.field.geometry, toleranceMM: 1e-9))
        for offset in stride(from: 0, to: plain.field.r.count, by: 7) {
            #expect(length(turned.field[offset: offset] - plain.field[offset: offset]) <= 1e-6)
        }
    }

    @Test func anObliqueGridTurnsTheDisplacementWithIt() throws {
        let scene = try RegistrationScene.small()
        let old = scene.reference.geometry
        // Turned by 20° about the A axis.
        let c = 0.939_692_620_785_908_4
        let s = 0.342_020_143_325_668_7
        func turned(_ v: SIMD3<Double>) -> SIMD3<Double> { SIMD3(c * v.x + s * v.z, v.y, c * v.z - s * v.x) }
        let columns = (0..<4).map { turned(old.affine.column($0)) }
        func row(_ r: Int) -> SIMD4<Double> { SIMD4(columns[0][r], columns[1][r], columns[2][r], columns[3][r]) }
        let geometry = try Geometry(dimensions: old.dimensions, affine: Affine(row(0), row(1), row(2)))
        let plain = try Registration.displacement(of: scene.generated, onto: scene.reference, liver: scene.liver)
        let oblique = try Registration.displacement(
            of: Volume(geometry: geometry, voxels: scene.generated.voxels),
            onto: Volume(geometry: geometry, voxels: scene.reference.voxels),
            liver: Mask(geometry: geometry, voxels: scene.liver.voxels))
        for offset in stride(from: 0, to: plain.field.r.count, by: 7) {
            #expect(length(oblique.field[offset: offset] - turned(plain.field[offset: offset])) <= 1e-4)
        }
    }

    @Test func valuesThatAreNotNumbersAreRefusedNearTheLiverOnly() throws {
        let scene = try RegistrationScene.golden()
        var liver = Mask(geometry: scene.liver.geometry, repeating: 0)
        for k in 30..<38 { for j in 20..<28 { for i in 60..<68 { liver[i, j, k] = scene.liver[i, j, k] } } }
        var far = scene.generated
        far[2, 2, 2] = .nan
        _ = try Registration.displacement(of: far, onto: scene.reference, liver: liver)
        var near = scene.generated
        near[58, 24, 34] = .infinity
        #expect(throws: RegistrationError.notFinite(image: "generated image", count: 1)) {
            try Registration.displacement(of: near, onto: scene.reference, liver: liver)
        }
    }

    @Test func nothingToFollowAndForeignGridsAreErrors() throws {
        let scene = try RegistrationScene.small()
        let empty = Mask(geometry: scene.liver.geometry, repeating: 0)
        #expect(throws: RegistrationError.emptyMask) {
            try Registration.displacement(of: scene.generated, onto: scene.reference, liver: empty)
        }
        let foreign = try Geometry(dimensions: SIMD3(30, 26, 22), affine: Affine(spacingMM: SIMD3(2, 2, 3)))
        let other = Volume<Float>(geometry: foreign, repeating: 0)
        #expect(throws: RegistrationError.self) {
            try Registration.displacement(of: other, onto: scene.reference, liver: scene.liver)
        }
        let flat = try Geometry(dimensions: SIMD3(30, 26, 3), affine: Affine(spacingMM: SIMD3(2, 2, 3)))
        #expect(throws: RegistrationError.tooSmall(SIMD3(30, 26, 3))) {
            try Registration.displacement(
                of: Volume(geometry: flat, repeating: 0), onto: Volume(geometry: flat, repeating: 0),
                liver: Mask(geometry: flat, repeating: 1))
        }
    }
}
