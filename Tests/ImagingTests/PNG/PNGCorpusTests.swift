import Foundation
import Testing

@testable import Imaging

@Suite("Malformed PNG files")
struct PNGCorpusTests {
    @Test("Every PNG case of the fixtures ends as its manifest says")
    func fixturesBehave() throws {
        // Four bombs of the full corpus are too large to travel with the tests.
        let cases = try MalformedCorpus.fixtures("png").cases.filter { FileManager.default.fileExists(atPath: $0.path) }
        #expect(cases.count == 57)
        for item in cases { try check(item) }
    }

    @Test(
        "Every PNG case of the full corpus ends as its manifest says, each within two seconds",
        .enabled(if: MalformedCorpus.fullFolder != nil, "the full corpus does not lie beside the checkout"))
    func fullCorpusBehaves() throws {
        let folder = try #require(MalformedCorpus.fullFolder)
        let cases = try MalformedCorpus(folder: folder, family: "png").cases
        #expect(cases.count == 61)
        for item in cases {
            let seconds = try ThreadTime.seconds { try check(item) }
            #expect(seconds < 2, "\(item.name) took \(seconds) s")
        }
    }

    private func check(_ item: MalformedCorpus.Case) throws {
        switch item.outcome {
        case "reject":
            let error = #expect(throws: ImagingError.self, "\(item.name) was accepted") { try findings(item) }
            let cause = (error?.description ?? "").replacingOccurrences(of: item.path, with: "")
            #expect(matches(cause, item.reason), "\(item.name): \(cause)")
        case "flag":
            do {
                let findings = try findings(item)
                #expect(findings.contains { matches($0, item.reason) }, "\(item.name): \(findings)")
            } catch let error as ImagingError {
                #expect(matches(error.description, item.reason), "\(item.name): \(error)")
            }
        default:
            try checkValues(item)
        }
    }

    private func findings(_ item: MalformedCorpus.Case) throws -> [String] {
        if item.name.hasSuffix("/") {
            return try PNGStack.readSlices(folder: String(item.path.dropLast())).findings
        }
        return try PNGReader.read(path: item.path).findings
    }

    private func checkValues(_ item: MalformedCorpus.Case) throws {
        if item.name.hasSuffix("/") {
            let slices = try PNGStack.readSlices(folder: String(item.path.dropLast()))
            #expect(slices.dimensions.z == 12)
            let size = slices.dimensions.x * slices.dimensions.y
            for k in 0..<12 { #expect(slices.samples[k * size] == UInt16(k + 1), "slice \(k)") }
            return
        }
        let image = try PNGReader.read(path: item.path)
        let expected = try #require(item.expected, "\(item.name) has no expected values")
        #expect([image.height, image.width] == expected.shape, "\(item.name)")
        #expect(image.channels == 1, "\(item.name)")
        #expect(image.samples.reduce(0) { $0 + Double($1) } == expected.sum, "\(item.name)")
        #expect(image.samples.min().map(Double.init) == expected.min, "\(item.name)")
        #expect(image.samples.max().map(Double.init) == expected.max, "\(item.name)")
    }
}
