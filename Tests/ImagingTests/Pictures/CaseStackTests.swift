import Testing

@testable import Imaging

@Suite("Stacks of a case for display")
struct CaseStackTests {
    /// A bright block at the patient's right, front and top, on grids of every orientation.
    @Test(
        "Right is left, front is up, top is last, whatever the voxel order",
        arguments: [
            SIMD3(0, 1, 2), SIMD3(1, 0, 2), SIMD3(2, 1, 0), SIMD3(1, 2, 0),
        ], [SIMD3(1.0, 1, 1), SIMD3(-1, 1, 1), SIMD3(1, -1, -1), SIMD3(-1, -1, -1)])
    func orientation(axes: SIMD3<Int>, signs: SIMD3<Double>) throws {
        let extent = SIMD3(24.0, 18, 40)
        let spacing = SIMD3(2.0, 2, 5)
        var dimensions = SIMD3(0, 0, 0)
        var columns = [SIMD3<Double>](repeating: .zero, count: 3)
        var origin = SIMD3<Double>.zero
        for world in 0..<3 {
            let axis = axes[world]
            dimensions[axis] = Int(extent[world] / spacing[world])
            columns[axis][world] = signs[world] * spacing[world]
            origin[world] = signs[world] > 0 ? spacing[world] / 2 : extent[world] - spacing[world] / 2
        }
        func row(_ world: Int) -> SIMD4<Double> {
            SIMD4(columns[0][world], columns[1][world], columns[2][world], origin[world])
        }
        let geometry = try Geometry(dimensions: dimensions, affine: Affine(row(0), row(1), row(2)))
        let d = dimensions
        let places = (0..<d.z).flatMap { k in (0..<d.y).flatMap { j in (0..<d.x).map { i in SIMD3(i, j, k) } } }
        let truth = try Volume<Float>(
            geometry: geometry,
            voxels: places.map { index in
                let place = geometry.world(SIMD3(Double(index.x), Double(index.y), Double(index.z)))
                return place.x > 16 && place.y > 10 && place.z > 30 ? 100 : -100
            })
        var input = CasePictureInput(
            source: nil, generated: truth, truth: truth, sourceWindow: .ctAbdomen, targetWindow: .ctAbdomen)
        input.truthStructures.liver = truth.map { $0 > 0 ? UInt8(1) : 0 }
        let stack = CaseStack(input, axialIndex: 0)
        #expect(stack.depth == 8 && stack.images.map(\.content) == [.generated, .truth])
        let levels = try #require(stack.images.last).levels
        func level(_ x: Double, _ y: Double, _ slice: Int) -> UInt8 {
            levels[(slice * stack.height + Int(y * Double(stack.height))) * stack.width + Int(x * Double(stack.width))]
        }
        let bright = GreyScale.ct.level(of: 100)
        let dark = GreyScale.ct.level(of: -100)
        #expect(level(0.1, 0.1, 7) == bright)
        #expect(level(0.9, 0.1, 7) == dark && level(0.1, 0.9, 7) == dark && level(0.1, 0.1, 0) == dark)
        for (offset, bits) in stack.structures.enumerated() where bits & 1 != 0 { #expect(levels[offset] > dark) }
        #expect(stack.structures.contains { $0 & 1 != 0 })
        #expect(abs(stack.originMM.z - 2.5) < 1e-9)
        #expect(abs(stack.originMM.x - (24 - stack.pixelMM / 2)) < 1e-9)
    }

    @Test("An image has no more pixels than the budget")
    func budget() throws {
        let geometry = try Geometry(dimensions: SIMD3(200, 200, 30), affine: Affine(spacingMM: SIMD3(1, 1, 3)))
        let volume = Volume<Float>(geometry: geometry, repeating: 10)
        let input = CasePictureInput(
            source: volume, generated: volume, truth: volume, sourceWindow: .ctAbdomen, targetWindow: .ctAbdomen)
        let stack = CaseStack(input, axialIndex: 3, budgetPixels: 300_000)
        #expect(stack.width * stack.height * stack.depth <= 300_000 && stack.width > 90)
        #expect(stack.images.count == 3 && stack.slice == 3)
        #expect(stack.images.allSatisfy { $0.levels.count == stack.width * stack.height * stack.depth })
    }

    @Test("Levels stand for values to half a step, and rise with them")
    func levels() {
        for scale in [GreyScale.ct, .linear(over: PictureWindow(lower: 3, upper: 900, unit: "a.u."))] {
            var last: UInt8 = 0
            for value in stride(from: scale.knots[0].value, through: scale.knots[scale.knots.count - 1].value, by: 0.7)
            {
                let level = scale.level(of: Float(value))
                #expect(level >= last)
                last = level
                let knots = scale.knots
                guard let at = knots.indices.dropLast().first(where: { Int(level) <= knots[$0 + 1].level }) else {
                    continue
                }
                let (a, b) = (knots[at], knots[at + 1])
                let shown = a.value + (b.value - a.value) * Double(Int(level) - a.level) / Double(b.level - a.level)
                // On a knot the coarser side rounds, too.
                let step = scale.step(from: value - 1e-6, to: value + 1e-6)
                #expect(abs(shown - value) <= step / 2 * 1.001 + 1e-3 || level == 0 || level == 255)
            }
            #expect(scale.level(of: .nan) == 0 && scale.level(of: -.infinity) == 0 && scale.level(of: .infinity) == 255)
        }
        #expect(GreyScale.ct.step(from: -160, to: 240) == 2.5)
    }

    @Test("Packed bytes are a gzip member of the same content")
    func packing() throws {
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
        let packed = try CaseStack.packed(bytes)
        #expect(packed.prefix(2) == [0x1F, 0x8B] && packed.count < bytes.count / 10)
        #expect(try CaseStack.packed(bytes) == packed)
    }
}
