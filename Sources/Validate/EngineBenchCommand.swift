import ArgumentParser
import Engine
import Foundation

/// `validate engine bench`: slices per second and where the time goes.
struct EngineBenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Time the engine on a made-up trunk of 512×512 pixels.",
        discussion: """
            End to end: from the source's voxels to the generated image on the source's grid. Without --steps and \
            --precision the released setting is timed.

            Examples:
              validate engine bench --json
              validate engine bench --steps 1 --steps 2 --steps 4 --precision int8 --precision fp32 --jobs 2
            """)

    @Option(name: .long, help: "Steps of the sampler; may be given several times.")
    var steps: [Int] = []

    @Option(name: .long, help: "int8 or fp32; may be given several times.")
    var precision: [EnginePrecision] = [.int8]

    @Option(name: .long, help: "Slices of the volume.")
    var slices = 48

    @Option(name: .long, help: "Runs of each setting; the median counts.")
    var repeats = 3

    @Flag(name: .long, help: "Segment the generated image, too, as a study does.")
    var masks = false

    @OptionGroup var place: WeightsOption
    @OptionGroup var jobs: JobOptions
    @OptionGroup var options: OutputOptions

    mutating func validate() throws {
        guard steps.allSatisfy((1...64).contains) else { throw ValidationError("--steps has to lie in 1...64") }
        guard (3...512).contains(slices) else { throw ValidationError("--slices has to lie in 3...512") }
        guard (1...100).contains(repeats) else { throw ValidationError("--repeats has to lie in 1...100") }
    }

    func run() async throws {
        let folder = try place.folder()
        let released = try EngineWeights(folder: folder).manifest.samplingSteps ?? 1
        let plans = precision.flatMap { precision in
            (steps.isEmpty ? [released] : steps).map {
                EngineBenchmark.Plan(
                    precision: precision, steps: $0, threads: jobs.jobs, slices: slices, repeats: repeats,
                    segments: masks)
            }
        }
        let line = ProgressLine("settings", total: plans.count, isSilent: options.quiet)
        let benchmark = try EngineBenchmark(folder: folder, plans: plans) { done, all in
            line.update(fraction: Double(done) / Double(all))
        }
        line.finish()
        if options.json {
            try Terminal.result(json(benchmark).text)
        } else {
            try Terminal.result(text(benchmark))
        }
    }

    private func json(_ benchmark: EngineBenchmark) -> JSON {
        let results: [JSON] = benchmark.results.map { result in
            .object([
                ("precision", .string(result.plan.precision.rawValue)), ("steps", .integer(result.plan.steps)),
                ("threads", .integer(result.plan.threads)), ("slices", .integer(result.plan.slices)),
                ("masks", .flag(result.plan.segments)), ("slices_per_second", .number(result.slicesPerSecond)),
                ("slices_per_second_least", .number(result.slicesPerSecondRange.lowerBound)),
                ("slices_per_second_most", .number(result.slicesPerSecondRange.upperBound)),
                (
                    "stage_milliseconds",
                    .object(result.stageMilliseconds.map { ($0.name, .number($0.milliseconds)) })
                ),
            ])
        }
        return .object([
            ("schema", .string("validate.engine-bench/1")),
            ("slices_per_second", .optional(benchmark.results.first?.slicesPerSecond)),
            (
                "stage_milliseconds",
                .object((benchmark.results.first?.stageMilliseconds ?? []).map { ($0.name, .number($0.milliseconds)) })
            ),
            ("read_seconds", .number(benchmark.readSeconds)), ("prepare_seconds", .number(benchmark.prepareSeconds)),
            ("first_slice_seconds", .number(benchmark.firstSliceSeconds)),
            ("peak_megabytes", .optional(EngineBenchmark.peakMegabytes)),
            ("arithmetic", .string(EngineArithmetic.description)), ("results", .array(results)),
        ])
    }

    private func text(_ benchmark: EngineBenchmark) -> String {
        let stages = benchmark.results.first?.stageMilliseconds.map(\.name) ?? []
        var table = TextTable(
            ["precision", "steps", "threads", "slices/s"] + stages.map { $0 + " ms" },
            rightAligned: Set(1..<4 + stages.count))
        for result in benchmark.results {
            table.add(
                [
                    result.plan.precision.rawValue, String(result.plan.steps), String(result.plan.threads),
                    String(format: "%.1f", result.slicesPerSecond),
                ] + result.stageMilliseconds.map { String(format: "%.1f", $0.milliseconds) })
        }
        let memory = EngineBenchmark.peakMegabytes.map { String(format: "%.0f MB at the peak", $0) } ?? ""
        return """
            arithmetic: \(EngineArithmetic.description)
            first slice \(String(format: "%.2f", benchmark.firstSliceSeconds)) s after the start \
            (reading \(String(format: "%.2f", benchmark.readSeconds)) s, \
            preparing \(String(format: "%.2f", benchmark.prepareSeconds)) s); \(memory)
            milliseconds are of one thread, for a slice

            \(table.text)
            """
    }
}
