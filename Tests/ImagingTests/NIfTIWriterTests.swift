import Foundation
import Imaging
import Testing

@Suite("Writing NIfTI")
struct NIfTIWriterTests {
    @Test("A volume comes back with its values and its place", arguments: ["a.nii", "a.nii.gz"], [true, false])
    func roundTrip(name: String, isOblique: Bool) throws {
        let folder = try TemporaryFolder()
        let geometry = isOblique ? try Synthetic.oblique() : try Synthetic.axisAligned()
        let volume = try Synthetic.scattered(geometry).map { $0 + 0.125 }
        try NIfTIWriter.write(volume, to: folder.path(name))
        let image = try NIfTIReader.read(path: folder.path(name))
        #expect(image.findings == [])
        #expect(try image.volume().voxels == volume.voxels)
        #expect(image.geometry.isSameGrid(as: geometry, toleranceMM: 1e-4))
        #expect(image.header.qformCode == 1 && image.header.sformCode == 1)
    }

    @Test("The quaternion alone gives the same grid as the affine, in every orientation")
    func quaternionAgreesWithAffine() throws {
        let folder = try TemporaryFolder()
        let oblique = try Synthetic.oblique()
        for flips in 0..<8 {
            let signs = SIMD3<Double>(flips & 1 == 0 ? 1 : -1, flips & 2 == 0 ? 1 : -1, flips & 4 == 0 ? 1 : -1)
            for order in [SIMD3(0, 1, 2), SIMD3(1, 2, 0), SIMD3(2, 1, 0), SIMD3(0, 2, 1)] {
                let columns = (0..<3).map { oblique.affine.column(order[$0]) * signs[$0] }
                let geometry = try Geometry(
                    dimensions: SIMD3(7, 6, 5),
                    affine: Affine(
                        SIMD4(columns[0].x, columns[1].x, columns[2].x, 4),
                        SIMD4(columns[0].y, columns[1].y, columns[2].y, 5),
                        SIMD4(columns[0].z, columns[1].z, columns[2].z, 6)))
                var bytes = try NIfTIWriter.encode(Synthetic.scattered(geometry))
                // Switch the sform off.
                bytes[254] = 0
                try Data(bytes).write(to: URL(fileURLWithPath: folder.path("q.nii")))
                let image = try NIfTIReader.read(path: folder.path("q.nii"))
                #expect(image.geometry.isSameGrid(as: geometry, toleranceMM: 1e-4))
            }
        }
    }

    @Test("A sheared grid is written with an affine only, and comes back")
    func shearedGrid() throws {
        let folder = try TemporaryFolder()
        let geometry = try Geometry(
            dimensions: SIMD3(4, 4, 4), affine: Affine(SIMD4(1, 0.2, 0, 0), SIMD4(0, 1, 0, 0), SIMD4(0, 0, 1, 0)))
        try NIfTIWriter.write(try Synthetic.scattered(geometry), to: folder.path("s.nii"))
        let image = try NIfTIReader.read(path: folder.path("s.nii"))
        #expect(image.geometry.isSameGrid(as: geometry, toleranceMM: 1e-6))
        #expect(image.header.qformCode == 0)
    }

    @Test("Integer datatypes keep whole numbers", arguments: NIfTIDatatype.allCases)
    func integerDatatypes(datatype: NIfTIDatatype) throws {
        let folder = try TemporaryFolder()
        let volume = try Synthetic.scattered(Synthetic.axisAligned(), from: 0, to: 127)
        try NIfTIWriter.write(volume, to: folder.path("i.nii.gz"), datatype: datatype)
        let image = try NIfTIReader.read(path: folder.path("i.nii.gz"))
        #expect(image.header.datatype == datatype)
        #expect(try image.volume().voxels == volume.voxels)
        #expect(try image.labels().voxels == volume.voxels.map { Int32($0) })
    }

    @Test("A slope keeps values within half a step")
    func slope() throws {
        let folder = try TemporaryFolder()
        let volume = try Synthetic.scattered(Synthetic.axisAligned()).map { $0 / 7 }
        try NIfTIWriter.write(volume, to: folder.path("s.nii"), datatype: .int16, slope: 0.01, intercept: 3)
        let read = try VolumeReader.readVolume(path: folder.path("s.nii"))
        for (a, b) in zip(read.voxels, volume.voxels) { #expect(abs(a - b) <= 0.00501) }
    }

    @Test("A value that does not fit the datatype is refused and leaves no file")
    func overflowIsRefused() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("o.nii")
        let volume = try Synthetic.volume(Synthetic.axisAligned()) { i, _, _ in Float(i) * 40000 }
        #expect(throws: ImagingError.self) { try NIfTIWriter.write(volume, to: path, datatype: .int16) }
        let nan = volume.map { _ in Float.nan }
        #expect(throws: ImagingError.self) { try NIfTIWriter.write(nan, to: path, datatype: .int32) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == [])
    }

    @Test("Masks, label maps and vector fields come back")
    func otherKinds() throws {
        let folder = try TemporaryFolder()
        let geometry = try Synthetic.oblique()
        let mask = try Synthetic.scattered(geometry).map { UInt8($0 > 0 ? 1 : 0) }
        try NIfTIWriter.write(mask, to: folder.path("m.nii.gz"))
        #expect(try VolumeReader.readMask(path: folder.path("m.nii.gz")).voxels == mask.voxels)
        for (largest, datatype) in [(200, NIfTIDatatype.uint8), (30000, .int16), (1 << 20, .int32)] {
            let labels = try Synthetic.scattered(geometry, from: 0, to: largest).map { Int32($0) }
            try NIfTIWriter.write(labels, to: folder.path("l.nii.gz"))
            let image = try NIfTIReader.read(path: folder.path("l.nii.gz"))
            #expect(image.header.datatype == datatype)
            #expect(try image.labels().voxels == labels.voxels)
        }
        let x = try Synthetic.scattered(geometry).voxels
        let field = try VectorField(geometry: geometry, x: x, y: x.map { -$0 }, z: x.map { $0 / 3 })
        try NIfTIWriter.write(field, to: folder.path("v.nii.gz"))
        let image = try NIfTIReader.read(path: folder.path("v.nii.gz"))
        #expect(image.components == 3)
        let read = try image.vectorField()
        #expect(read.x == field.x && read.y == field.y && read.z == field.z)
        #expect(throws: ImagingError.self) { try image.volume() }
    }

    @Test("Equal input gives equal bytes, and the file equals the encoding in memory")
    func deterministic() throws {
        let folder = try TemporaryFolder()
        let volume = try Synthetic.scattered(Synthetic.oblique())
        let first = try NIfTIWriter.encode(volume, compressed: true)
        try NIfTIWriter.write(volume, to: folder.path("d.nii.gz"))
        let file = try Data(contentsOf: URL(fileURLWithPath: folder.path("d.nii.gz")))
        #expect([UInt8](file) == first)
        // Bytes 4 to 7 of a gzip header are its time.
        #expect(Array(first[4..<8]) == [0, 0, 0, 0])
    }

    @Test("An output that cannot be created is an error with the file's name")
    func unwritable() throws {
        let volume = try Synthetic.scattered(Synthetic.axisAligned())
        let error = #expect(throws: ImagingError.self) {
            try NIfTIWriter.write(volume, to: "/nonexistent-folder/x.nii")
        }
        #expect(error?.description.contains("/nonexistent-folder/x.nii") == true)
    }
}
