import ArgumentParser
import Cohort
import Engine
import Foundation
import Study

/// `validate demo`: the whole job on a cohort of phantoms.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Run the whole job on a cohort of phantoms: make, check, evaluate, report.",
        discussion: """
            Makes a multi-site cohort of digital abdomens, evaluates the embedded model on it, and writes the report. \
            What is there already is kept: a demo that was stopped goes on. Phantoms are no evidence for patients.

            Examples:
              validate demo --output demo
              validate demo --qualify --output qualification
              validate demo --output demo --cases 8 --size 256 --slices 32 --generator intensity-map
            """)

    @Option(name: .long, help: "Folder for cohort, store and report.")
    var output = "demo"

    @Option(name: .long, help: "Number of phantoms.")
    var cases = 12

    @Option(name: .long, help: "Number of sites, dealt out in turn (1 to 4).")
    var sites = 4

    @Option(name: .long, help: "Pixels along each side of a slice.")
    var size = 256

    @Option(name: .long, help: "Slices of a volume.")
    var slices = 40

    @Option(name: .long, help: "Seed of the cohort and of the run.")
    var seed: UInt64 = 2026

    @Option(name: .long, help: "What makes the images (default: the embedded model; the naive baseline without it).")
    var generator: String?

    @Flag(
        name: .long,
        help: "Instead, show on phantoms that every metric finds the faults that concern it, and no others.")
    var qualify = false

    @Flag(name: .long, help: "Leave the PDF out.")
    var noPdf = false

    @OptionGroup var jobs: JobOptions
    @OptionGroup var format: OutputOptions

    func validate() throws {
        if let problem = phantoms.problem { throw ValidationError(problem) }
    }

    private var phantoms: PhantomCohortOptions {
        var options = PhantomCohortOptions(cases: cases, seed: seed)
        options.sites = sites
        options.size = size
        options.slices = slices
        options.jobs = jobs.jobs
        return options
    }

    func run() async throws {
        if qualify { return try runQualification() }
        let protocolPath = try InstallationFolder.file("protocols/phantom-demo.xml")
        do {
            try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
        } catch { throw CommandFailure(.cannotCreate, "'\(SafeText.printable(output))' cannot be created") }
        let cohort = output + "/cohort"
        try await makeCohort(cohort)
        let model = try chosenGenerator(cohort)
        let outcome = try await StudyJob(
            protocolPath: protocolPath, cohortPath: cohort, storePath: output + "/study.sqlite",
            generator: GeneratorArguments.parse(["--generator", model]), seed: seed, isResuming: true, shard: nil,
            memoryMiB: nil, jobs: jobs.jobs, isSilent: format.quiet, pagesPath: output + "/report/cases"
        ).carryOut()
        say("rendering the report")
        let report = try await ReportJob(
            storePath: output + "/study.sqlite", run: outcome.runID, folder: output + "/report", wantsPDF: !noPdf,
            baseline: nil, baselineStore: nil, templates: nil
        ).carryOut()
        try Terminal.result(format.json ? json(outcome, report).text : words(outcome, report))
        guard outcome.exitCode == 0 else { throw ExitCode(outcome.exitCode) }
    }

    private func runQualification() throws {
        let outcome = try QualifyJob(
            output: output, phantoms: min(cases, 2), seed: seed, size: size, slices: slices, threads: jobs.jobs,
            isSilent: format.quiet
        ).carryOut()
        try Terminal.result(
            format.json
                ? QualifyJob.json(outcome.result, path: outcome.path).text
                : QualifyJob.words(outcome.result, path: outcome.path))
        guard outcome.result.isPassed else { throw ExitStatus.criterionNotMet.code }
    }

    private func say(_ text: String) {
        if !format.quiet { Terminal.error("demo: \(text)") }
    }

    /// Makes the cohort, unless it is there from a demo that was stopped.
    private func makeCohort(_ folder: String) async throws {
        if FileManager.default.fileExists(atPath: folder + "/" + Cohort.manifestName) {
            return say("the cohort is there")
        }
        say("making \(cases) phantoms of \(size)×\(size)×\(slices) voxels from \(sites) sites")
        let progress = ProgressLine("phantoms", total: cases, isSilent: format.quiet)
        try await PhantomCohort.write(phantoms, to: folder) { progress.advance($0) }
        progress.finish()
    }

    /// The generator that was asked for; else the embedded model, or the baseline where there are no weights.
    private func chosenGenerator(_ folder: String) throws -> String {
        if let generator { return generator }
        let embedded = "aphidiff"
        guard GeneratorFactory.names.contains(embedded) else { return "intensity-map" }
        do {
            _ = try GeneratorFactory.make(embedded, cohort: Cohort.load(directory: folder))
            return embedded
        } catch let error as GeneratorError where error.reason == .weightsInvalid {
            say("the embedded model is not there (\(error.message)); the naive baseline takes its place")
            return "intensity-map"
        }
    }

    private func words(_ outcome: RunOutcome, _ report: ReportJob.Outcome) -> String {
        """
        \(RunPage(outcome: outcome, store: output + "/study.sqlite").text.split(separator: "\n").prefix(2).joined(separator: "\n"))
        store:  \(output)/study.sqlite
        report: \(report.files.joined(separator: "\n        "))
        """
    }

    private func json(_ outcome: RunOutcome, _ report: ReportJob.Outcome) -> JSON {
        .object([
            ("schema", .string("validate.demo/1")), ("run", RunPage(outcome: outcome, store: output).json),
            ("store", .string(output + "/study.sqlite")), ("files", .array(report.files.map(JSON.string))),
        ])
    }
}
