public import Cohort
import Foundation
import Imaging
import Metrics

/// An executable that is run once per case, under limits, and whose output is read as untrusted.
///
/// It runs in a folder of its own, without a shell, with a small environment. Its output has to be a finite image on
/// the source's grid with the intensities of the target's modality.
public struct CommandGenerator: Generator {
    /// The executable's digest as weights; arguments, limits and files named in the arguments as configuration.
    public let identity: ModelIdentity
    private let template: CommandTemplate
    private let executable: String
    private let timeLimitSeconds: Int
    private let memoryLimitMiB: Int

    /// Prepares a command such as `/opt/model/run --in {source} --out {output}`.
    ///
    /// - Throws: `GeneratorError.inputRefused` for a template that makes no sense or an executable that is not there.
    public init(_ command: String, options: GeneratorOptions = GeneratorOptions()) throws(GeneratorError) {
        template = try CommandTemplate(command)
        executable = try CommandGenerator.executablePath(template.words[0])
        timeLimitSeconds = options.timeLimitSeconds
        memoryLimitMiB = options.memoryLimitMiB
        var configuration = "command/1\n\(timeLimitSeconds) s, \(memoryLimitMiB) MiB\n"
        let weights: String
        do throws(CohortError) {
            weights = try FileDigest.sha256(path: executable)
            for word in template.words.dropFirst() {
                var facts = stat()
                // A script or a file of weights changes the output as much as the executable does.
                let isFile = stat(word, &facts) == 0 && facts.st_mode & S_IFMT == S_IFREG
                configuration += isFile ? "file \(try FileDigest.sha256(path: word))\n" : "\(word)\n"
            }
        } catch { throw GeneratorError(.inputRefused, error.description) }
        identity = ModelIdentity(
            name: options.modelName ?? "command", version: options.modelVersion ?? "1", weightsSHA256: weights,
            configurationSHA256: FileDigest.sha256(Array(configuration.utf8)))
    }

    static func make(_ order: GeneratorFactory.Order) throws(GeneratorError) -> any Generator {
        guard let command = order.argument else {
            throw GeneratorError(
                .inputRefused, "'command' needs an executable: command:/opt/model/run {source} {output}")
        }
        return try CommandGenerator(command, options: order.options)
    }

    /// Runs the command on a case.
    public func generate(_ request: GenerationRequest) throws(GeneratorError) -> GeneratedCase {
        let folder = try PrivateFolder()
        let output = "output.nii.gz"
        let words = template.filled([
            "source": try sourcePath(request, in: folder.path), "output": "\(folder.path)/\(output)",
            "target": request.targetSeries.name, "case": request.caseID,
            "source_phase": request.sourcePhase.map { "\($0)" } ?? "",
            "phase": request.targetPhase.map { "\($0)" } ?? "",
            "amplitude": request.respiratoryAmplitudeMM.map { "\($0)" } ?? "", "seed": String(request.seed),
            "threads": String(request.threads),
        ])
        try run(Array(words.dropFirst()), in: folder.path)
        guard folder.holdsRegularFile(output) else {
            throw GeneratorError(.outputInvalid, "the command ended well but left no regular file as its output")
        }
        let volume = try CommandGenerator.readOutput("\(folder.path)/\(output)", request)
        return GeneratedCase(volume: volume)
    }

    private func run(_ arguments: [String], in folder: String) throws(GeneratorError) {
        let url = URL(fileURLWithPath: folder, isDirectory: true)
        let log = url.appendingPathComponent("log.txt")
        let process = BoundedProcess(
            executable: executable, arguments: arguments, timeLimitSeconds: timeLimitSeconds,
            memoryLimitMiB: memoryLimitMiB, workingDirectory: url)
        let outcome: BoundedProcess.Outcome
        do {
            outcome = try process.run(log: log)
        } catch { throw GeneratorError(.failed, "the command cannot be started: \(error.localizedDescription)") }
        switch outcome {
        case .timedOut:
            throw GeneratorError(.timedOut, "the command was ended after its \(timeLimitSeconds) s")
        case .exited(code: 0): return
        case .exited(let code):
            // What it printed may name a patient or a path: it stays in the folder.
            throw GeneratorError(.failed, "the command ended with code \(code)")
        }
    }

    private func sourcePath(_ request: GenerationRequest, in folder: String) throws(GeneratorError) -> String {
        if let path = request.sourcePath {
            return URL(fileURLWithPath: path).standardizedFileURL.path
        }
        guard let source = request.source else {
            throw GeneratorError(.sourceMissing, "the cohort lists no source image for this case")
        }
        do throws(ImagingError) {
            try NIfTIWriter.write(source, to: "\(folder)/source.nii.gz")
        } catch { throw GeneratorError(.failed, "the source cannot be handed over: \(error.description)") }
        return "\(folder)/source.nii.gz"
    }

    private static func readOutput(
        _ path: String, _ request: GenerationRequest
    ) throws(GeneratorError) -> Volume<Float> {
        let volume: Volume<Float>
        do throws(ImagingError) {
            let image = try NIfTIReader.read(path: path)
            volume = try image.volume()
            try GeneratedImageCheck(image, series: request.targetSeries).require()
        } catch {
            // The path is that of a folder that is gone by the time anyone reads this.
            throw GeneratorError(
                .outputInvalid,
                "the command's output: \(error.description.replacingOccurrences(of: path, with: "output"))")
        }
        if let source = request.source, !source.geometry.isSameGrid(as: volume.geometry) {
            throw GeneratorError(
                .outputInvalid,
                "the command's output does not lie on the grid of the source: \(volume.geometry) against "
                    + "\(source.geometry)")
        }
        return volume
    }

    private static func executablePath(_ name: String) throws(GeneratorError) -> String {
        let folders = name.contains("/") ? [""] : ["/usr/local/bin/", "/usr/bin/", "/bin/"]
        for folder in folders where access(folder + name, X_OK) == 0 {
            return URL(fileURLWithPath: folder + name).standardizedFileURL.path
        }
        throw GeneratorError(.inputRefused, "'\(SafeText.printable(name))' is not an executable file")
    }
}
