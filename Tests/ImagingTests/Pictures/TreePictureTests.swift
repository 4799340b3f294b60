import Testing

@testable import Imaging

@Suite("Vessel trees over a projection, and maps")
struct TreePictureTests {
    /// 40×20×40 voxels of 1 mm, dark, with the first voxel at R = 0, A = 0, S = 0.
    private func ground() throws -> Volume<Float> {
        Volume<Float>(
            geometry: try Geometry(dimensions: SIMD3(40, 20, 40), affine: Affine(spacingMM: SIMD3(1, 1, 1))),
            repeating: 0)
    }

    /// Number of pixels of exactly a colour, and the mean column and row of them.
    private func pixels(_ colour: SIMD3<UInt8>, in picture: CasePicture) throws -> (count: Int, x: Double, y: Double) {
        let image = try PNGReader.read(picture.png, name: "picture")
        var (count, x, y) = (0, 0.0, 0.0)
        for at in 0..<(image.width * image.height) {
            let sample = image.samples[(3 * at)..<(3 * at + 3)].map { $0 }
            guard sample == [colour.x, colour.y, colour.z].map(UInt16.init) else { continue }
            count += 1
            x += Double(at % image.width)
            y += Double(at / image.width)
        }
        return (
            count, x / Double(max(1, count)) / Double(image.width), y / Double(max(1, count)) / Double(image.height)
        )
    }

    @Test("Each class has its colour, where its line lies: the patient's right on the left, up on top")
    func places() throws {
        let lines: [ProjectionPicture.Line] = [
            .init(pointsMM: [SIMD3(30, 5, 30), SIMD3(36, 15, 30)], style: .correct, widthMM: 2),
            .init(pointsMM: [SIMD3(3, 5, 30), SIMD3(9, 5, 30)], style: .broken, widthMM: 2),
            .init(pointsMM: [SIMD3(30, 5, 8), SIMD3(36, 5, 8)], style: .missing, widthMM: 2),
            .init(pointsMM: [SIMD3(6, 5, 8)], style: .false, widthMM: 2),
        ]
        let picture = try ProjectionPicture.render(lines: lines, background: ground(), region: nil, detail: "trees")
        #expect(picture.name == "coronal/vessel_graph")
        for (style, isRight, isUp) in [
            (TreeLineStyle.correct, true, true), (.broken, false, true), (.missing, true, false),
            (.false, false, false),
        ] {
            let found = try pixels(style.colour, in: picture)
            #expect(found.count > 0, "\(style)")
            #expect((found.x < 0.5) == isRight, "\(style)")
            #expect((found.y < 0.5) == isUp, "\(style)")
        }
    }

    @Test("A dashed line has gaps, and its dashes run on from point to point")
    func dashes() throws {
        func count(_ style: TreeLineStyle, steps: Int) throws -> Int {
            let points = (0...steps).map { SIMD3(4 + 32 * Double($0) / Double(steps), 5, 20) }
            let picture = try ProjectionPicture.render(
                lines: [.init(pointsMM: points, style: style, widthMM: 2)], background: ground(), region: nil,
                detail: "line")
            return try pixels(style.colour, in: picture).count
        }
        let whole = try count(.missing, steps: 1)
        let dashed = try count(.broken, steps: 1)
        #expect(dashed < whole * 4 / 5 && dashed > whole / 3)
        #expect(try abs(count(.broken, steps: 32) - dashed) <= dashed / 4)
    }

    @Test("Colours of classes differ from each other in brightness or hue, also in the eyes of the colour-blind")
    func colours() {
        // Machado's matrices for full deuteranopia and protanopia, on linear light.
        let blindness: [[SIMD3<Double>]] = [
            [SIMD3(1, 0, 0), SIMD3(0, 1, 0), SIMD3(0, 0, 1)],
            [
                SIMD3(0.367322, 0.860646, -0.227968), SIMD3(0.280085, 0.672501, 0.047413),
                SIMD3(-0.011820, 0.042940, 0.968881),
            ],
            [
                SIMD3(0.152286, 1.052583, -0.204868), SIMD3(0.114503, 0.786281, 0.099216),
                SIMD3(-0.003882, -0.048116, 1.051998),
            ],
        ]
        func linear(_ colour: SIMD3<UInt8>) -> SIMD3<Double> {
            let share = SIMD3(Double(colour.x), Double(colour.y), Double(colour.z)) / 255
            return share * share
        }
        for rows in blindness {
            let seen = TreeLineStyle.allCases.map { style -> SIMD3<Double> in
                let light = linear(style.colour)
                return SIMD3((rows[0] * light).sum(), (rows[1] * light).sum(), (rows[2] * light).sum())
            }
            for (index, a) in seen.enumerated() {
                for b in seen.dropFirst(index + 1) { #expect(length(a - b) > 0.15) }
            }
        }
        #expect(Set(TreeLineStyle.allCases.map(\.dash)).count >= 3)
    }

    @Test("A map shows the slice of its largest sum inside the region, and nothing outside")
    func map() throws {
        var map = try ground()
        var region = Mask(geometry: map.geometry, repeating: 0)
        for k in 10..<30 { for j in 5..<15 { for i in 10..<30 { region[i, j, k] = 1 } } }
        for k in 18..<23 { for i in 18..<23 { map[i, 12, k] = 4 } }
        map[12, 7, 12] = 9
        map[2, 2, 2] = 50
        let picture = try MapPicture.coronal(map, region: region, detail: "map")
        #expect(picture.name == "coronal/deformation")
        #expect(picture.detail.hasPrefix("map; slice 13 of 20"))
        #expect(picture.scaleUpper > 2 && picture.scaleUpper <= 4)
        #expect(picture.unit == "mm")
    }
}
