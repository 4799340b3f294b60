import Cohort
import Foundation
import Imaging

/// An image in a file or a folder of slices, with what is odd about it.
struct ImageFile {
    /// What was read: a NIfTI file or a stack.
    enum Content {
        case nifti(NIfTIImage)
        case stack(Volume<Float>)
    }

    let path: String
    let content: Content
    /// Oddities that did not stop the reading.
    let findings: [String]

    /// Reads a file.
    ///
    /// - Throws: `ImagingError`; a stack is judged slice by slice before its geometry is asked for.
    init(path: String) throws {
        self.path = path
        (content, findings) = try ImageFile.read(path)
    }

    private static func read(_ path: String) throws -> (Content, [String]) {
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
            let findings = try PNGStack.readSlices(folder: path).findings
            return (.stack(try stack(path)), findings)
        }
        if path.lowercased().hasSuffix(".png") {
            let kind = try PNGReader.read(path: path).grey == nil ? "a colour image; a slice is grey" : "one slice"
            throw ImagingError.unsupported(
                path: path, reason: "it is \(kind), and has no place in a patient: give a folder with geometry.txt")
        }
        let image = try NIfTIReader.read(path: path)
        return (.nifti(image), image.findings)
    }

    private static func stack(_ path: String) throws -> Volume<Float> {
        guard FileManager.default.fileExists(atPath: path + "/" + PNGStack.geometryName) else {
            throw ImagingError.malformed(
                path: path, reason: "the stack has no '\(PNGStack.geometryName)', so it lies nowhere")
        }
        return try PNGStack.readVolume(folder: path)
    }

    /// The grid.
    var geometry: Geometry {
        switch content {
        case .nifti(let image): image.geometry
        case .stack(let volume): volume.geometry
        }
    }

    /// The values.
    func volume() throws -> Volume<Float> {
        switch content {
        case .nifti(let image): try image.volume()
        case .stack(let volume): volume
        }
    }

    /// The labels.
    func labels() throws -> LabelMap {
        switch content {
        case .nifti(let image): try image.labels()
        case .stack: try VolumeReader.readLabels(path: path)
        }
    }

    /// The mask: 1 where the label is not 0.
    func mask() throws -> Mask {
        switch content {
        case .nifti(let image): try image.mask()
        case .stack: try VolumeReader.readMask(path: path)
        }
    }

    /// The vectors of a field.
    func vectorField() throws -> VectorField {
        guard case .nifti(let image) = content else {
            throw ImagingError.unsupported(path: path, reason: "a stack of PNG slices is no vector field")
        }
        return try image.vectorField(anyIntent: true)
    }

    /// Smallest finite value.
    var minimum: Double {
        switch content {
        case .nifti(let image): image.minimum
        case .stack(let volume): Double(volume.voxels.min() ?? 0)
        }
    }

    /// Largest finite value.
    var maximum: Double {
        switch content {
        case .nifti(let image): image.maximum
        case .stack(let volume): Double(volume.voxels.max() ?? 0)
        }
    }

    /// SHA-256 of the file; of all slices and the side file, in order, for a stack.
    func sha256() throws -> String {
        guard case .stack = content else { return try FileDigest.sha256(path: path) }
        var text = ""
        for file in try PNGStack.readSlices(folder: path).paths + [path + "/" + PNGStack.geometryName] {
            text += try FileDigest.sha256(path: file) + "\n"
        }
        return FileDigest.sha256(Array(text.utf8))
    }
}
