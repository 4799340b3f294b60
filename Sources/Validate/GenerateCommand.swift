import ArgumentParser
import Cohort
import Engine
import Foundation
import Imaging
import Metrics

/// `validate generate`: runs a generator on one case.
struct GenerateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Run a generator on one image.",
        discussion: """
            Generators: \(GeneratorFactory.usage.joined(separator: "; ")).

            Examples:
              validate generate --source ct.nii.gz --source-series CT --target-series MR-T1 --output mr.nii.gz \\
                  --generator intensity-map --cohort cohort/
              validate generate --source mr.nii.gz --source-series MR-T1 --target-series CT --output ct.nii.gz \\
                  --generator 'command:/opt/model/run --in {source} --out {output} --seed {seed}'
            """)

    @Option(name: .long, help: "The source image.")
    var source: String

    @Option(name: .long, help: "Its series: CT, MR, MR-T1, MR-T2… Without it, values below -200 mean CT.")
    var sourceSeries: ImageSeries?

    @Option(name: .long, help: "The series that is asked for (default: MR-T1 from CT, CT from MR).")
    var targetSeries: ImageSeries?

    @Option(name: .long, help: "Where to write the generated image: .nii or .nii.gz.")
    var output: String

    @Option(name: .long, help: "Respiratory phase of the source, in [0, 1).")
    var sourcePhase: Double?

    @Option(name: .long, help: "Respiratory phase that is asked for, in [0, 1).")
    var targetPhase: Double?

    @Option(name: .long, help: "Amplitude of the breath, in mm.")
    var amplitude: Double?

    @Option(name: .long, help: "Seed of every random number.")
    var seed: UInt64 = 1

    @Option(name: .long, help: "Cohort that the generator learns from, for intensity-map.")
    var cohort: String?

    @Option(name: .long, help: "Subject of the source; it is left out of what the generator learns from.")
    var subject: String = "unlisted"

    @Flag(name: .long, help: "Replace the output if it exists.")
    var force = false

    @OptionGroup(title: "Generator") var generator: GeneratorArguments
    @OptionGroup var jobs: JobOptions
    @OptionGroup var options: OutputOptions

    mutating func validate() throws {
        for (name, phase) in [("source-phase", sourcePhase), ("target-phase", targetPhase)] {
            if let phase, !(0..<1).contains(phase) { throw ValidationError("--\(name) has to lie in [0, 1)") }
        }
        if let amplitude, !(0..<200).contains(amplitude) {
            throw ValidationError("--amplitude has to lie in [0, 200) mm")
        }
        guard output.hasSuffix(".nii") || output.hasSuffix(".nii.gz") else {
            throw ValidationError("--output has to end in .nii or .nii.gz")
        }
    }

    func run() async throws {
        if !force, access(output, F_OK) == 0 {
            throw CommandFailure(.cannotCreate, "'\(SafeText.printable(output))' exists; --force replaces it")
        }
        let volume = try VolumeReader.readVolume(path: source)
        let series = try chosenSeries(volume)
        let loaded = try cohort.map { try Cohort.load(directory: $0) }
        let line = ProgressLine("steps", total: 1, isSilent: options.quiet)
        let engine = try GeneratorFactory.make(
            generator.generator, cohort: loaded, options: generator.options(threads: jobs.jobs)
        ) { step, fraction in line.update(fraction: fraction, step) }
        var request = GenerationRequest(
            caseID: "single", subject: subject, targetSeries: series.target, seed: seed, threads: jobs.jobs)
        request.source = volume
        request.sourcePath = source
        request.sourceSeries = series.source
        request.sourcePhase = sourcePhase
        request.targetPhase = targetPhase
        request.respiratoryAmplitudeMM = amplitude
        request.progress = { fraction in line.update(fraction: fraction, "generating") }
        let made = try engine.generate(request)
        line.finish()
        try NIfTIWriter.write(made.volume, to: output)
        let digest = try FileDigest.sha256(path: output)
        if options.json {
            try Terminal.result(
                JSON.object([
                    ("schema", .string("validate.generate/1")), ("sha256", .string(digest)),
                    ("model", .string(engine.identity.name)), ("model_version", .string(engine.identity.version)),
                    ("weights_sha256", .string(engine.identity.weightsSHA256)),
                    ("configuration_sha256", .string(engine.identity.configurationSHA256)),
                    ("seed", .string(String(seed))),
                    (
                        "stage_seconds",
                        .object(made.stageSeconds.map { ($0.name, .number($0.seconds)) })
                    ),
                ]).text)
        } else {
            Terminal.error("\(engine.identity.name) \(engine.identity.version): wrote \(output)")
        }
    }
}

extension GenerateCommand {
    /// The series on both sides, with what was assumed said aloud.
    private func chosenSeries(_ volume: Volume<Float>) throws -> (source: ImageSeries, target: ImageSeries) {
        let looksLikeCT = volume.voxels.contains { $0 < -200 }
        guard let source = sourceSeries ?? ImageSeries(looksLikeCT ? "CT" : "MR-T1"),
            let target = targetSeries ?? ImageSeries(source.modality == .ct ? "MR-T1" : "CT")
        else { throw CommandFailure(.usage, "--source-series is needed") }
        if !options.quiet, sourceSeries == nil || targetSeries == nil {
            Terminal.error("validate: taking the source as \(source), asking for \(target)")
        }
        return (source, target)
    }
}

/// Which generator, and what the user sets about it.
struct GeneratorArguments: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp("What makes the images: " + GeneratorFactory.usage.joined(separator: "; ") + "."))
    var generator: String = "volumes"

    @Option(name: .long, help: "Name of the model under test, for finished volumes and commands.")
    var modelName: String?

    @Option(name: .long, help: "Its version.")
    var modelVersion: String?

    @Option(name: .long, help: "File of weights that replaces the embedded ones.")
    var weights: String?

    @Option(name: .long, help: "Time limit of a command, in seconds a case.")
    var generatorTimeout: Int = 3600

    @Option(name: .long, help: "Memory limit of a command, in MiB.")
    var generatorMemory: Int = 16_384

    mutating func validate() throws {
        guard (1...604_800).contains(generatorTimeout) else {
            throw ValidationError("--generator-timeout has to lie in 1...604800 seconds")
        }
        guard (64...4_194_304).contains(generatorMemory) else {
            throw ValidationError("--generator-memory has to lie in 64...4194304 MiB")
        }
    }

    /// The options for the factory.
    func options(threads: Int) -> GeneratorOptions {
        GeneratorOptions(
            modelName: modelName, modelVersion: modelVersion, weightsPath: weights,
            timeLimitSeconds: generatorTimeout, memoryLimitMiB: generatorMemory, threads: threads)
    }
}
