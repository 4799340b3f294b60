import Cohort
public import Foundation
import Glibc

/// The weights of AP-HiDiff in a folder: `aphidiff.safetensors`, its manifest `aphidiff.json`, and parity vectors beside them.
public struct EngineWeights: Sendable {
    /// Name of the tensor file.
    public static let fileName = "aphidiff.safetensors"
    /// Name of the manifest.
    public static let manifestName = "aphidiff.json"
    /// Name of the reference's vectors.
    public static let parityName = "aphidiff-parity.safetensors"

    /// What the manifest must say; it may say more.
    public struct Manifest: Sendable, Decodable {
        /// SHA-256 of the tensor file.
        public let weightsSHA256: String
        /// Steps of the sampler that the weights are released for; 1 when not given.
        public let samplingSteps: Int?
        /// Least volume of liver, in ml, that a generated image must hold; no such check when not given.
        public let minimumLiverML: Double?
        /// How far below the liver's logit a vessel's may be next to a sure vessel; 0 when not given.
        let vesselMargin: Double?
        /// What a bridge between vessels may cost; none are made when not given.
        let vesselBridge: Double?
        /// How far above all others a lesion's logit must be somewhere in it; 0 when not given.
        let lesionMargin: Double?

        /// Both margins.
        var margins: AnatomyMasks.Margins {
            AnatomyMasks.Margins(vessel: vesselMargin ?? 0, bridge: vesselBridge ?? 0, lesion: lesionMargin ?? 0)
        }

        enum CodingKeys: String, CodingKey {
            case weightsSHA256 = "weights_sha256"
            case samplingSteps = "sampling_steps"
            case minimumLiverML = "minimum_liver_ml"
            case vesselMargin = "vessel_margin"
            case vesselBridge = "vessel_bridge"
            case lesionMargin = "lesion_margin"
        }
    }

    /// Folder that holds the files.
    public let folder: URL
    /// The checked manifest.
    public let manifest: Manifest
    /// SHA-256 of the tensor file, 64 hexadecimal digits.
    public let sha256: String
    let network: NetworkWeights

    /// Reads and checks the weights of a folder.
    ///
    /// - Throws: `GeneratorError` (`weights_invalid`) naming the file and the cause.
    public init(folder: URL) throws(GeneratorError) {
        self.folder = folder
        manifest = try EngineWeights.readManifest(folder)
        do throws(SafetensorsError) {
            let file = try SafetensorsFile(path: folder.appendingPathComponent(EngineWeights.fileName).path)
            guard file.sha256 == manifest.weightsSHA256 else {
                throw SafetensorsError(
                    file: file.name,
                    reason: "its SHA-256 is \(file.sha256.prefix(16))…, the manifest says "
                        + "\(manifest.weightsSHA256.prefix(16))…: the weights are damaged or were exchanged")
            }
            sha256 = file.sha256
            network = try NetworkWeights(file)
        } catch {
            throw GeneratorError(.weightsInvalid, "\(error)")
        }
    }

    private static func readManifest(_ folder: URL) throws(GeneratorError) -> Manifest {
        let path = folder.appendingPathComponent(manifestName).path
        do {
            let bytes = try FileBytes.read(path: path, maximumBytes: 16 << 20)
            let manifest = try JSONDecoder().decode(Manifest.self, from: Data(bytes))
            if let steps = manifest.samplingSteps, !(1...64).contains(steps) {
                throw GeneratorError(.weightsInvalid, "\(manifestName): sampling_steps is not between 1 and 64")
            }
            let margins = [
                ("vessel_margin", manifest.vesselMargin), ("vessel_bridge", manifest.vesselBridge),
                ("lesion_margin", manifest.lesionMargin),
            ]
            for (name, value) in margins {
                if let value, !(0...200).contains(value) {
                    throw GeneratorError(.weightsInvalid, "\(manifestName): \(name) is not between 0 and 200")
                }
            }
            return manifest
        } catch let error as GeneratorError {
            throw error
        } catch is CohortError {
            throw GeneratorError(
                .weightsInvalid,
                "\(manifestName) is missing beside the weights or cannot be read (\(folder.lastPathComponent))")
        } catch {
            throw GeneratorError(
                .weightsInvalid, "\(manifestName) is not the manifest of weights: weights_sha256 is needed")
        }
    }

    /// Finds the weights: the folder that was asked for, else beside an installed executable, else in the checkout that it was built in.
    ///
    /// - Throws: `GeneratorError` (`weights_invalid`) that says where weights are looked for.
    public static func locate(explicit: String? = nil) throws(GeneratorError) -> URL {
        let manager = FileManager.default
        func holdsWeights(_ folder: URL) -> Bool {
            manager.fileExists(atPath: folder.appendingPathComponent(fileName).path)
        }
        if let explicit {
            let folder = URL(fileURLWithPath: explicit)
            guard holdsWeights(folder) else {
                throw GeneratorError(.weightsInvalid, "no \(fileName) in the folder that --weights names")
            }
            return folder
        }
        var folder = executableFolder()
        let installed = folder.deletingLastPathComponent().appendingPathComponent("share/aphidiff-validate/weights")
        if holdsWeights(installed) { return installed }
        // .build/<triple>/<configuration>/validate lies some folders below the checkout.
        for _ in 0..<8 {
            let checkout = folder.appendingPathComponent("Sources/Engine/Resources")
            if holdsWeights(checkout) { return checkout }
            folder.deleteLastPathComponent()
        }
        throw GeneratorError(
            .weightsInvalid,
            "no weights: neither PREFIX/share/aphidiff-validate/weights nor Sources/Engine/Resources holds \(fileName); "
                + "give the folder with --weights")
    }

    private static func executableFolder() -> URL {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = buffer.withUnsafeMutableBytes { bytes in
            guard let base = bytes.bindMemory(to: CChar.self).baseAddress else { return 0 }
            return readlink("/proc/self/exe", base, bytes.count)
        }
        let path = count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : CommandLine.arguments.first ?? "/"
        return URL(fileURLWithPath: path).deletingLastPathComponent()
    }

    /// Parameters at inference by block, in the order of the data flow: weights, biases and codebooks; scales, statistics and tables do not count.
    public var parametersByBlock: [(block: String, parameters: Int)] {
        let blocks: [(name: String, prefixes: [String])] = [
            ("anatomy encoder", ["anatomy.encoder."]),
            ("anatomy codebooks", ["anatomy.fine.", "anatomy.coarse."]),
            ("anatomy pyramid", ["anatomy.pyramid."]),
            ("anatomy head", ["anatomy.head."]),
            ("modality encoder and codebooks", ["modality."]),
            ("gates", ["gates."]),
            ("deformation head", ["deformation."]),
            ("denoiser: embedding", ["denoiser.e1.", "denoiser.e2."]),
            (
                "denoiser: stem, output, source skip",
                ["denoiser.stem.", "denoiser.out.", "denoiser.s1.", "denoiser.sm.", "denoiser.s2."]
            ),
            ("denoiser: encoder", ["denoiser.enter.", "denoiser.down."]),
            ("denoiser: attention", ["denoiser.attention."]),
            ("denoiser: decoder", ["denoiser.leave.", "denoiser.up."]),
            ("texture", ["texture."]),
            ("refinement", ["refinement."]),
        ]
        var counts = [Int](repeating: 0, count: blocks.count)
        for (name, entry) in network.file.tensors {
            let isParameter =
                name.hasSuffix(".weight") || name.hasSuffix(".bias") || name.hasSuffix(".codebook")
                || name.hasPrefix("refinement.")
            guard isParameter else { continue }
            let block = blocks.firstIndex { $0.prefixes.contains { name.hasPrefix($0) } }
            if let block { counts[block] += entry.count }
        }
        return zip(blocks, counts).map { ($0.name, $1) }
    }

    /// Series that the weights know, such as `CT`, `MR-T1`.
    public var series: [String] { network.series }

    /// Parameters at inference.
    public var parameters: Int { parametersByBlock.reduce(0) { $0 + $1.parameters } }
}
