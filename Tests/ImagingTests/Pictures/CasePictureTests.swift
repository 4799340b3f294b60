import Testing

@testable import Imaging

@Suite("Pictures of a case")
struct CasePictureTests {
    /// A block whose right front upper corner is brightest, on the given voxel axes.
    private func block(flippingR: Bool, swapping: Bool) throws -> Volume<Float> {
        let d = swapping ? SIMD3(20, 16, 10) : SIMD3(16, 20, 10)
        var affine = Affine(spacingMM: SIMD3(2, 2, 4))
        if swapping {
            affine = Affine(SIMD4(0, 2, 0, 0), SIMD4(2, 0, 0, 0), SIMD4(0, 0, 4, 0))
        } else if flippingR {
            affine = Affine(SIMD4(-2, 0, 0, 30), SIMD4(0, 2, 0, 0), SIMD4(0, 0, 4, 0))
        }
        let geometry = try Geometry(dimensions: d, affine: affine)
        var volume = Volume<Float>(geometry: geometry, repeating: 0)
        for k in 0..<d.z {
            for j in 0..<d.y {
                for i in 0..<d.x {
                    let world = geometry.world(SIMD3(Double(i), Double(j), Double(k)))
                    volume[i, j, k] = Float(world.x * 3 + world.y * 2 + world.z)
                }
            }
        }
        return volume
    }

    private func pictures(_ truth: Volume<Float>) throws -> [CasePicture] {
        let window = PictureWindow(lower: 0, upper: 220, unit: "HU")
        return try CasePictures.render(
            CasePictureInput(
                source: truth, generated: truth.map { $0 + 10 }, truth: truth, sourceWindow: window,
                targetWindow: window),
            axialIndex: 5, coronalIndex: 10)
    }

    @Test("The patient's right is on the left, front and top are up, whatever the voxel axes")
    func orientation() throws {
        let plain = try pictures(block(flippingR: false, swapping: false))
        let image = try PNGReader.read(plain[0].png, name: "axial")
        let last = image.samples.count - image.channels
        // World R grows to the left and A upwards: the brightest corner is top left.
        #expect(image.samples[0] > image.samples[(image.width - 1) * image.channels])
        #expect(image.samples[0] > image.samples[last])
        #expect(try pictures(block(flippingR: true, swapping: false)) == plain)
        #expect(try pictures(block(flippingR: false, swapping: true)).map(\.png) == plain.map(\.png))
    }

    @Test("Pixels are square in mm: the coronal picture of thick slices has its true proportions")
    func proportions() throws {
        let pictures = try pictures(block(flippingR: false, swapping: false))
        #expect(
            pictures.map(\.name).prefix(4) == ["axial/source", "axial/generated", "axial/truth", "axial/difference"])
        let coronal = pictures[5]
        let ratio = Double(coronal.width) / Double(coronal.height)
        #expect(abs(ratio - 32.0 / 40.0) < 0.05, "\(coronal.width)×\(coronal.height)")
    }

    @Test("The same case gives the same bytes, within the budget")
    func budget() throws {
        let truth = try block(flippingR: false, swapping: false)
        let window = PictureWindow(lower: 0, upper: 220, unit: "HU")
        let input = CasePictureInput(
            source: nil, generated: truth, truth: truth, sourceWindow: window, targetWindow: window)
        let first = try CasePictures.render(input, axialIndex: 99, budgetBytes: 4000)
        #expect(try CasePictures.render(input, axialIndex: 99, budgetBytes: 4000) == first)
        #expect(first.count == 6)
        #expect(first.reduce(0) { $0 + $1.png.count } <= 4000)
    }

    @Test("A scale names its ends, and the difference is dark where there is none")
    func difference() throws {
        let picture = try pictures(block(flippingR: false, swapping: false))[3]
        #expect(picture.scaleLower == 0)
        #expect(picture.scaleUpper == 110)
        let image = try PNGReader.read(picture.png, name: "difference")
        let colour = PictureColours.ramp((10.0 / 110 * 63).rounded() / 63)
        let centre = 3 * (image.width * (image.height / 2) + image.width / 2)
        #expect(Array(image.samples[centre..<(centre + 3)]) == [colour.x, colour.y, colour.z].map(UInt16.init))
    }
}
