import Foundation
import Imaging
import Testing

@Suite("Reading NIfTI")
struct NIfTIReaderTests {
    @Test("A missing file, a folder and a device are refused by name")
    func notRegularFiles() throws {
        let folder = try TemporaryFolder()
        #expect(throws: ImagingError.notFound(path: folder.path("none.nii"))) {
            try NIfTIReader.read(path: folder.path("none.nii"))
        }
        for path in [folder.url.path, "/dev/zero"] {
            let error = #expect(throws: ImagingError.self) { try NIfTIReader.read(path: path) }
            #expect(error?.description.contains("regular file") == true)
        }
    }

    @Test("The budget is checked before memory is taken")
    func budget() throws {
        let folder = try TemporaryFolder()
        let volume = try Synthetic.scattered(Synthetic.axisAligned())
        try NIfTIWriter.write(volume, to: folder.path("b.nii.gz"), datatype: .uint8, slope: 20, intercept: -1000)
        #expect(throws: ImagingError.self) {
            try NIfTIReader.read(path: folder.path("b.nii.gz"), maximumBytes: 4 * 7 * 6 * 5 - 1)
        }
        #expect(throws: Never.self) {
            try NIfTIReader.read(path: folder.path("b.nii.gz"), maximumBytes: 4 * 7 * 6 * 5)
        }
    }

    @Test("No single bit flip in a compressed file changes a voxel")
    func bitFlipsInGzip() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("f.nii.gz")
        let volume = try Synthetic.scattered(Synthetic.axisAligned(SIMD3(5, 4, 3)))
        let bytes = try NIfTIWriter.encode(volume, datatype: .int16, compressed: true)
        for bit in 0..<(8 * bytes.count) {
            var damaged = bytes
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            try Data(damaged).write(to: URL(fileURLWithPath: path))
            // What is read in spite of the damage must be the image: gzip header bits carry no content.
            if let image = try? NIfTIReader.read(path: path) {
                #expect(try image.volume().voxels == volume.voxels)
            }
        }
    }

    @Test("No cut of a valid file is read")
    func truncations() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("t.nii")
        for compressed in [false, true] {
            let volume = try Synthetic.scattered(Synthetic.axisAligned(SIMD3(5, 4, 3)))
            let bytes = try NIfTIWriter.encode(volume, datatype: .int16, compressed: compressed)
            for count in 0..<bytes.count {
                try Data(bytes[..<count]).write(to: URL(fileURLWithPath: path))
                #expect(throws: ImagingError.self) { try NIfTIReader.read(path: path) }
            }
        }
    }

    @Test("Random header bytes never crash the reader")
    func randomHeaders() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("r.nii")
        var generator = SplitMix(state: 7)
        let good = try NIfTIWriter.encode(Synthetic.scattered(Synthetic.oblique()))
        for _ in 0..<3000 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                bytes[Int.random(in: 0..<352, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            if let image = try? NIfTIReader.read(path: path) {
                _ = try? image.volume()
                _ = try? image.labels()
                _ = try? image.vectorField(anyIntent: true)
            }
        }
    }

    @Test("Control characters of a file name do not reach the message")
    func printableNames() {
        let error = ImagingError.notFound(path: "a\u{1b}[31m\n.nii")
        #expect(!error.description.unicodeScalars.contains { $0.value < 32 })
    }
}

/// A generator with a seed, so that a failure can be repeated.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
