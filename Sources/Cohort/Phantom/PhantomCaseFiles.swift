import Foundation
import Imaging
import Phantom

/// Where the files of one case lie and how they are written.
struct PhantomCaseFiles {
    /// Folder of the cohort.
    let directory: String
    /// Folder of the case, relative to the cohort's.
    let folder: String

    /// Compression: level 1 costs half the time of 3 and its noisy images grow by 5 %.
    static let compressionLevel = 1
    /// Quantum of the displacement, mm: a power of two, so that the file's scale is exact.
    static let displacementQuantumMM = 1.0 / 64

    func relative(_ name: String) -> String { folder + "/" + name }

    func open(
        _ name: String, _ geometry: Geometry, _ datatype: NIfTIDatatype, components: Int = 1, slope: Double = 1
    ) throws(CohortError) -> PhantomFile {
        try PhantomFile(
            path: directory + "/" + relative(name), geometry: geometry, components: components, datatype: datatype,
            slope: slope)
    }

    /// Writes landmarks as CSV: id, position, phase.
    func write(
        landmarks: [(name: String, positionMM: SIMD3<Double>)], phase: Double, to name: String
    ) throws(CohortError) {
        var lines = ["id,R,A,S,phase"]
        for mark in landmarks {
            let p = mark.positionMM
            lines.append(
                mark.name + "," + [p.x, p.y, p.z].map { String(format: "%.4f", $0) }.joined(separator: ",")
                    + "," + String(format: "%.4f", phase))
        }
        try write(lines, to: name)
    }

    func write(_ lines: [String], to name: String) throws(CohortError) {
        let path = directory + "/" + relative(name)
        do throws(ImagingError) {
            try AtomicFile.write(Array((lines.joined(separator: "\n") + "\n").utf8), to: path)
        } catch { throw .cannotWrite(path: path, reason: error.description) }
    }

    /// Makes the folder, and those above it.
    func makeFolder() throws(CohortError) {
        let path = directory + "/" + folder
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch { throw .cannotWrite(path: path, reason: "the folder cannot be created") }
    }
}

/// A volume that is written slice by slice; errors become those of the cohort.
struct PhantomFile {
    private let path: String
    private let writer: NIfTISliceWriter

    init(
        path: String, geometry: Geometry, components: Int, datatype: NIfTIDatatype, slope: Double
    ) throws(CohortError) {
        self.path = path
        do throws(ImagingError) {
            writer = try NIfTISliceWriter(
                path: path, geometry: geometry, components: components, datatype: datatype, slope: slope,
                compressionLevel: PhantomCaseFiles.compressionLevel, description: "phantom")
        } catch { throw .cannotWrite(path: path, reason: error.description) }
    }

    func append<Stored: FixedWidthInteger & BitwiseCopyable>(_ values: [Stored]) throws(CohortError) {
        do throws(ImagingError) { try writer.append(values) } catch {
            throw .cannotWrite(path: path, reason: error.description)
        }
    }

    func finish() throws(CohortError) {
        do throws(ImagingError) { try writer.finish() } catch {
            throw .cannotWrite(path: path, reason: error.description)
        }
    }
}
