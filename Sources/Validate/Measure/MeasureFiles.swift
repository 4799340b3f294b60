import Cohort
import Imaging
import Metrics
import Study

/// Reads the files of `validate measure` and remembers their hashes and oddities.
struct MeasureFiles {
    /// One file that was read.
    struct Record {
        var side: Side
        var role: String
        var path: String
        var sha256: String
    }

    /// Which side of the comparison a file is on.
    enum Side {
        case reference
        case generated
    }

    private(set) var records: [Record] = []
    private(set) var findings: [(input: String, text: String)] = []
    private(set) var modality = (value: Modality.ct, isGiven: true)

    /// Reads the image pair, if there is one.
    mutating func readImages(_ options: ImageFiles) throws -> EvaluationInputs {
        var inputs = EvaluationInputs(modality: options.modality ?? .ct)
        if let referencePath = options.reference, let generatedPath = options.generated {
            let reference = try read(referencePath, .reference, "image")
            let generated = try read(generatedPath, .generated, "image")
            inputs.reference = try reference.volume()
            inputs.generated = try generated.volume()
            modality = options.modality.map { ($0, true) } ?? (reference.minimum < -200 ? .ct : .mr, false)
            inputs.modality = modality.value
            if let a = records.first(where: { $0.side == .reference }),
                let b = records.first(where: { $0.side == .generated }), a.sha256 == b.sha256
            {
                findings.append(("generated", "the file is identical to the reference, byte by byte"))
            }
            noteOrientations(reference.geometry, generated.geometry)
        } else if let given = options.modality {
            modality = (given, true)
        }
        if let range = options.range {
            inputs.dataRange = DataRange(low: range.low, high: range.high, clips: options.clip)
        }
        if let path = options.mask {
            // Any volume, non-zero is inside.
            inputs.region = try read(path, .reference, "mask").volume().map { $0.isFinite && $0 != 0 ? 1 : 0 }
        }
        return inputs
    }

    /// Reads the masks that are given.
    mutating func readMasks(_ options: MaskFiles, into inputs: inout EvaluationInputs) throws {
        inputs.liver = try mask(options.referenceLiver, .reference, "liver")
        inputs.generatedLiver = try mask(options.generatedLiver, .generated, "liver")
        inputs.lesions = try labels(options.referenceLesions, .reference, "lesions")
        inputs.generatedLesions = try labels(options.generatedLesions, .generated, "lesions")
        inputs.vessels = try mask(options.referenceVessels, .reference, "vessels")
        inputs.generatedVessels = try mask(options.generatedVessels, .generated, "vessels")
    }

    /// Reads landmarks and fields that are given.
    mutating func readDeformation(_ options: DeformationFiles, into inputs: inout EvaluationInputs) throws {
        inputs.landmarks = try landmarks(options.referenceLandmarks, .reference)
        inputs.generatedLandmarks = try landmarks(options.generatedLandmarks, .generated)
        guard let frame = options.displacementFrame else { return }
        inputs.displacement = try field(options.displacement, .reference, frame)
        inputs.estimatedDisplacement = try field(options.estimatedDisplacement, .generated, frame)
    }

    /// The sentence about a grid that is not the reference's, with both files.
    func describeMismatch(input: String, expected: Geometry, actual: Geometry) -> String {
        let name = input.replacing("generated image", with: "generated")
        let file = records.first { name == $0.role || name == "\($0.side) \($0.role)" || name == "\($0.side)" }
        let place = file.map { "'\(SafeText.printable($0.path))' (\(input))" } ?? "the \(input)"
        return "\(place) does not lie on the grid of the reference: geometry mismatch, dimensions, spacing, origin and "
            + "orientation have to be equal: \(actual) against \(expected)"
    }

    private mutating func noteOrientations(_ a: Geometry, _ b: Geometry) {
        if a.orientationCode != b.orientationCode {
            findings.append(
                ("generated", "it is stored as \(b.orientationCode), the reference as \(a.orientationCode)"))
        }
    }

    private mutating func read(_ path: String, _ side: Side, _ role: String) throws -> ImageFile {
        let file = try ImageFile(path: path)
        records.append(Record(side: side, role: role, path: path, sha256: try file.sha256()))
        for text in file.findings { findings.append((role == "image" ? "\(side)" : "\(side) \(role)", text)) }
        return file
    }

    private mutating func mask(_ path: String?, _ side: Side, _ role: String) throws -> Mask? {
        guard let path else { return nil }
        let labels = try read(path, side, role).labels()
        if let largest = labels.voxels.max(), largest > 1 {
            findings.append(("\(side) \(role)", "the mask has labels up to \(largest); every label counts as inside"))
        }
        return labels.map { $0 == 0 ? 0 : 1 }
    }

    private mutating func labels(_ path: String?, _ side: Side, _ role: String) throws -> LabelMap? {
        try path.map { try read($0, side, role).labels() }
    }

    private mutating func landmarks(_ path: String?, _ side: Side) throws -> [Landmark]? {
        guard let path else { return nil }
        let landmarks = try LandmarkFile.read(path: path)
        records.append(
            Record(side: side, role: "landmarks", path: path, sha256: try FileDigest.sha256(path: path)))
        return landmarks
    }

    private mutating func field(_ path: String?, _ side: Side, _ frame: DisplacementFrame) throws -> DisplacementField?
    {
        try path.map { try DisplacementField(read($0, side, "displacement").vectorField(), frame: frame) }
    }
}
