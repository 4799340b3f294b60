import Foundation
import Testing

@testable import Imaging

@Suite("PNG files")
struct PNGWriterTests {
    @Test("What is written is read back exactly", arguments: [1, 3], [8, 16])
    func roundTrip(channels: Int, bitDepth: Int) throws {
        let samples = (0..<(37 * 23 * channels)).map { UInt16(($0 * 7919) % (bitDepth == 8 ? 256 : 65_536)) }
        let image = try #require(
            PNGImage(width: 37, height: 23, channels: channels, bitDepth: bitDepth, samples: samples))
        let bytes = try PNGWriter.encode(image)
        var read = try PNGReader.read(bytes, name: "memory")
        read.findings = []
        #expect(read == image)
        #expect(try PNGWriter.encode(image) == bytes)
    }

    @Test("Indices come back as the colours of their palette")
    func palette() throws {
        let bytes = try PNGWriter.encodeIndexed(
            [0, 1, 2, 1], width: 2, height: 2, palette: [SIMD3(0, 0, 0), SIMD3(10, 20, 30), SIMD3(255, 0, 9)])
        let image = try PNGReader.read(bytes, name: "memory")
        #expect(image.samples == [0, 0, 0, 10, 20, 30, 255, 0, 9, 10, 20, 30])
    }

    @Test("A stack with a side file is a volume in its place; without one it is refused")
    func stack() throws {
        let folder = try TemporaryFolder()
        for k in 0..<11 {
            let image = try #require(
                PNGImage(width: 3, height: 2, channels: 1, bitDepth: 16, samples: (0..<6).map { UInt16(100 * k + $0) }))
            try PNGWriter.write(image, to: folder.path("slice_\(k).png"))
        }
        #expect(throws: ImagingError.notFound(path: folder.path("geometry.txt"))) {
            try PNGStack.readVolume(folder: folder.url.path)
        }
        let side = """
            # columns grow to the left, rows to the back, slices upwards
            spacing: 0.8 0.8 3
            origin: 10 20 -30
            column: -1 0 0
            row: 0 -1 0
            slice: 0 0 1
            slope: 0.5
            intercept: -1024
            """
        try side.write(toFile: folder.path("geometry.txt"), atomically: true, encoding: .utf8)
        let volume = try PNGStack.readVolume(folder: folder.url.path)
        #expect(volume.geometry.dimensions == SIMD3(3, 2, 11))
        #expect(volume.geometry.orientationCode == "LPS")
        #expect(volume[2, 1, 10] == 0.5 * 1005 - 1024)
        #expect(volume.geometry.world(SIMD3(1, 0, 2)) == SIMD3(9.2, 20, -24))
    }

    @Test("A side file that lacks a key, or has an unknown one, is refused by name")
    func sideFile() throws {
        let keys = ["spacing: 1 1 1", "origin: 0 0 0", "column: 1 0 0", "row: 0 1 0", "slice: 0 0 1", "slope: 1"]
        let missing = #expect(throws: ImagingError.self) {
            try PNGStackGeometry(text: keys.joined(separator: "\n"), path: "geometry.txt")
        }
        #expect(missing?.description.contains("'intercept' is missing") == true)
        let unknown = #expect(throws: ImagingError.self) {
            try PNGStackGeometry(text: "thickness: 3", path: "geometry.txt")
        }
        #expect(unknown?.description.contains("'thickness'") == true)
    }

    @Test("Whether a file holds text is said without reading it")
    func text() throws {
        let corpus = try MalformedCorpus.fixtures("png")
        let withText = try #require(corpus.cases.first { $0.name == "png/text_phi_html.png" })
        let without = try #require(corpus.cases.first { $0.name == "png/ok_g8.png" })
        #expect(try PNGReader.holdsText(path: withText.path))
        #expect(try !PNGReader.holdsText(path: without.path))
    }
}
