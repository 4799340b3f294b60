import ArgumentParser
import Cohort
import Engine
import Foundation
import Reports
import Study

/// `validate run`: evaluates a cohort by a protocol and stores everything.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Evaluate a cohort by a protocol and store every result.",
        discussion: """
            The store is a SQLite file; results are only ever added to it. A run that was stopped, killed or \
            interrupted by a failing machine goes on with --resume and ends with the same results. Exit code 0: every \
            criterion passed; 1: one failed or is inconclusive; 3: cases failed or are missing.

            Examples:
              validate run --protocol protocols/liver-ct-to-mr.xml --cohort cohort/ --store study.sqlite
              validate run --protocol P.xml --cohort cohort/ --store study.sqlite --generator intensity-map --resume
              validate run --protocol P.xml --cohort cohort/ --store shard-2.sqlite --shard 2/8
              validate run --protocol P.xml --cohort cohort/ --store study.sqlite --pages report/cases
            """)

    @Option(name: .customLong("protocol"), help: "The study protocol (XML).")
    var protocolPath: String

    @Option(name: .long, help: "Folder of the cohort.")
    var cohort: String

    @Option(name: .long, help: "Store to add the run to; made if it does not exist.")
    var store: String

    @Flag(name: .long, help: "Go on with the last run of the same protocol, model, cohort and seed.")
    var resume = false

    @Option(
        name: .long, help: ArgumentHelp("Part i of n of the case list, each into a store of its own.", valueName: "i/n")
    )
    var shard: String?

    @Option(name: .long, help: "Seed of every random number.")
    var seed: UInt64 = 1

    @Option(
        name: .long,
        help:
            "Folder for a page per case on which a reader looks through all slices; the protocol has to allow pictures."
    )
    var pages: String?

    @Option(name: .long, help: "Memory that all cases together may take, in MiB; a case that cannot fit is refused.")
    var memory: Int?

    @OptionGroup(title: "Generator") var generator: GeneratorArguments
    @OptionGroup var jobs: JobOptions
    @OptionGroup var output: OutputOptions

    mutating func validate() throws {
        if let shard, Shard(shard) == nil {
            throw ValidationError("--shard has to be i/n with 1 ≤ i ≤ n, such as 2/8")
        }
        if let memory, memory < 64 { throw ValidationError("--memory has to be at least 64 MiB") }
    }

    func run() async throws {
        let outcome = try await StudyJob(
            protocolPath: protocolPath, cohortPath: cohort, storePath: store, generator: generator, seed: seed,
            isResuming: resume, shard: shard.flatMap { Shard($0) }, memoryMiB: memory, jobs: jobs.jobs,
            isSilent: output.quiet, pagesPath: pages
        ).carryOut()
        let page = RunPage(outcome: outcome, store: store)
        if output.json { try Terminal.result(page.json.text) } else { try Terminal.result(page.text) }
        guard outcome.exitCode == 0 else { throw ExitCode(outcome.exitCode) }
    }
}

/// One run from files to a store, with its progress on standard error.
struct StudyJob {
    var protocolPath: String
    var cohortPath: String
    var storePath: String
    var generator: GeneratorArguments
    var seed: UInt64
    var isResuming: Bool
    var shard: Shard?
    var memoryMiB: Int?
    var jobs: Int
    var isSilent: Bool
    /// Folder for a page per case; nil: none.
    var pagesPath: String?

    /// Carries the run out.
    ///
    /// Everything that can be wrong is looked at before the first case: protocol, cohort, store, generator.
    func carryOut() async throws -> RunOutcome {
        let file = try ProtocolFile.load(path: protocolPath)
        try file.requireCurrentMethods()
        let cases = try Cohort.load(directory: cohortPath)
        let writer = try Store.openForWriting(path: storePath)
        let line = ProgressLine("steps", total: 1, isSilent: isSilent)
        let engine = try GeneratorFactory.make(
            generator.generator, cohort: cases, options: generator.options(threads: jobs)
        ) { step, fraction in line.update(fraction: fraction, step) }
        line.finish()
        if let learned = engine as? IntensityMapGenerator, !isSilent {
            for item in learned.leftOut {
                Terminal.error("validate: note: case \(item.caseID) teaches the intensity map nothing: \(item.reason)")
            }
        }
        // Threads that are left over when there are fewer cases than cores work inside the cases.
        let width = min(jobs, max(1, cases.cases.count))
        var arguments = ["--generator", generator.generator.split(separator: ":").first.map(String.init) ?? ""]
        arguments += ["--seed", String(seed)]
        if let shard { arguments += ["--shard", "\(shard.index)/\(shard.count)"] }
        let pages = try caseViewers(file.plan, engine.identity)
        var options = RunOptions(
            runID: UUID().uuidString.lowercased(), jobs: width, threadsPerCase: max(1, jobs / width), seed: seed,
            isResuming: isResuming, shard: shard, memoryBudgetMiB: memoryMiB, arguments: arguments)
        if let pages { options.show = { pages.write($0) } }
        let run = try StudyRun(
            protocolFile: file, cohort: cases, generator: engine, store: writer,
            options: options)
        let news = RunNews(isSilent: isSilent)
        defer { news.finish() }
        let outcome = try await run.execute { news.report($0) }
        try writer.seal()
        for (caseID, reason) in pages?.missing ?? [] {
            Terminal.error("validate: the page of case \(SafeText.printable(caseID)) is missing: \(reason)")
        }
        return outcome
    }

    /// Where pages of cases go, if they are wanted.
    private func caseViewers(_ plan: StudyProtocol, _ model: ModelIdentity) throws -> CaseViewerFolder? {
        guard let pagesPath else { return nil }
        guard plan.allowsPictures else {
            throw CommandFailure(.usage, "the protocol allows no pictures, so that there can be no pages of cases")
        }
        return try CaseViewerFolder(
            path: pagesPath,
            study: CaseViewer.Study(
                title: plan.identity.title, model: "\(model.name) \(model.version)", direction: plan.direction,
                toolVersion: ToolVersion.current),
            templates: ReportTemplates(folder: InstallationFolder.file("templates")))
    }
}

/// The outcome of a run for machines and for people.
struct RunPage {
    let outcome: RunOutcome
    let store: String

    /// The document `validate.run/1`.
    var json: JSON {
        .object([
            ("schema", .string("validate.run/1")), ("run", .string(outcome.runID)),
            ("status", .string(outcome.status.rawValue)), ("verdict", .string(outcome.verdict.rawValue)),
            ("results_digest", .string(outcome.resultsDigest)),
            (
                "cases",
                .object(CaseStatus.allCases.map { ($0.rawValue, .integer(outcome.counts[$0, default: 0])) })
            ),
            ("exit_code", .integer(Int(outcome.exitCode))),
        ])
    }

    /// Lines for the run, the verdict, and what to do next.
    var text: String {
        let cases = CaseStatus.allCases.compactMap { status -> String? in
            let count = outcome.counts[status, default: 0]
            return count > 0 ? "\(count) \(status.rawValue)" : nil
        }.joined(separator: ", ")
        let rest = outcome.status == .interrupted ? "\nstopped: the same command with --resume does the rest" : ""
        return """
            run \(outcome.runID): \(outcome.status.rawValue); cases: \(cases)
            verdict: \(outcome.verdict.words); results digest \(outcome.resultsDigest)
            report: validate report --store \(store) --output report/ --pdf\(rest)
            """
    }
}

extension Verdict {
    /// The verdict in words.
    var words: String { rawValue.replacing("_", with: " ") }
}
