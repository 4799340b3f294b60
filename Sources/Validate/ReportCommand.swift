import ArgumentParser
import Cohort
import Foundation
import Reports
import Study

/// `validate report`: renders a run of a store; nothing is computed anew.
struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Render a run of a store as HTML, and as PDF if asked.",
        discussion: """
            Writes report.html (one file, loads nothing), results.json, a CSV file per table and protocol.xml; with \
            --pdf also report.pdf (tagged PDF/A-3a with results and protocol attached). The same store gives the same \
            bytes. If the PDF cannot be printed, the rest is there all the same.

            Examples:
              validate report --store study.sqlite --output report/ --pdf
              validate report --store study.sqlite --run 91c0 --baseline 3f2a --output report/
              validate report --store study.sqlite --public --output for-publication/

            With --public the report holds what may be published: no case, no pseudonym, no picture, and no count below \
            --smallest-count or what one could be computed from; analyses.csv instead of the full tables.
            """)

    @Option(name: .long, help: "The store.")
    var store: String

    @Option(name: .long, help: "Run to render, or the beginning of its identifier (default: the latest).")
    var run: String?

    @Option(name: .long, help: "Folder for the files; made if it does not exist.")
    var output: String

    @Flag(name: .long, help: "Print report.pdf too.")
    var pdf = false

    @Option(name: .long, help: "Run of an earlier model to show beside it, or the beginning of its identifier.")
    var baseline: String?

    @Option(name: .long, help: "Store of the earlier model's run, where it is another one.")
    var baselineStore: String?

    @Option(
        name: .long,
        help:
            "Folder of the pages that 'run --pages' wrote; they are copied beside the report and linked (default: the folder 'cases' in the output, if it is there)."
    )
    var pages: String?

    @Flag(name: .customLong("public"), help: "Write the view that may be published: no cases, no small counts.")
    var isPublic = false

    @Option(
        name: .long, help: "Smallest count that the public view shows (default: \(CellSuppression.defaultThreshold)).")
    var smallestCount: Int?

    @Option(name: .long, help: "Folder of templates to use instead of the ones that come with the command.")
    var templates: String?

    @OptionGroup var format: OutputOptions

    func validate() throws {
        if smallestCount != nil, !isPublic { throw ValidationError("--smallest-count belongs to --public") }
        if let smallestCount, !(3...1000).contains(smallestCount) {
            throw ValidationError("--smallest-count has to lie between 3 and 1000")
        }
        if isPublic, pages != nil { throw ValidationError("--pages shows cases; the public view has none") }
    }

    func run() async throws {
        try RunArgument.check(run, option: "--run", otherwise: "the latest")
        try RunArgument.check(baseline, option: "--baseline", otherwise: "a report without an earlier model")
        let rendering = try await ReportJob(
            storePath: store, run: run, folder: output, wantsPDF: pdf, baseline: baseline, baselineStore: baselineStore,
            templates: templates, pages: pages,
            smallestCount: isPublic ? smallestCount ?? CellSuppression.defaultThreshold : nil
        ).carryOut()
        guard format.json else { return try Terminal.result(rendering.files.joined(separator: "\n")) }
        try Terminal.result(
            JSON.object([
                ("schema", .string("validate.report/1")), ("run", .string(rendering.runID)),
                ("report", .string(rendering.identifier)), ("verdict", .string(rendering.verdict.rawValue)),
                ("html", .string(rendering.folder.html)), ("pdf", pdf ? .string(rendering.folder.pdf) : .null),
            ]).text)
    }
}

/// Renders a run into a folder.
struct ReportJob {
    var storePath: String
    /// Run, or the beginning of its identifier; nil: the latest.
    var run: String?
    var folder: String
    var wantsPDF: Bool
    var baseline: String?
    var baselineStore: String?
    /// Folder of templates; nil: those that come with the command.
    var templates: String?
    /// Folder of pages of cases; nil: those that lie beside the report already.
    var pages: String?
    /// Smallest count of a public view; nil: the full report.
    var smallestCount: Int?

    /// What was written.
    struct Outcome {
        let runID: String
        let identifier: String
        let verdict: Verdict
        let folder: ReportFolder
        let files: [String]
    }

    /// Writes the page and what belongs beside it, then the PDF.
    func carryOut() async throws -> Outcome {
        let share = try InstallationFolder.file("templates")
        let opened = try Store.openForReading(path: storePath)
        let summary = try opened.run(matching: run)
        // The tables of a large study take as long as its page: both are made at once, on connections of their own.
        async let tables = ReportJob.tables(of: summary.id, in: storePath, isWanted: smallestCount == nil)
        let record = try opened.record(ofRun: summary.id, pictures: smallestCount == nil)
        let target = try ReportFolder(path: folder)
        var options = ReportOptions(toolVersion: ToolVersion.current, regression: try regression(record))
        let report: StudyReport
        var files: [String]
        if let smallestCount {
            try target.requirePublic()
            let view = try PublicView(of: record, smallestCount: smallestCount)
            options.publicView = view
            report = try StudyReport(
                record: record, templates: ReportTemplates(folder: templates ?? share), options: options)
            try target.write(report, view: view)
            files = [target.html, target.publicTable, target.protocolFile]
        } else {
            options.casePages = try target.takePages(of: record, from: pages)
            report = try StudyReport(
                record: record, templates: ReportTemplates(folder: templates ?? share), options: options)
            if let tables = try await tables { try target.write(report, record: record, export: tables) }
            files = [target.html, target.results, target.protocolFile]
        }
        if wantsPDF {
            let printer = try PDFPrinter(lookingIn: [(share as NSString).deletingLastPathComponent])
            try printer.print(
                html: target.html, to: target.pdf, attachments: Array(files.dropFirst()), epoch: epoch(record))
            files.insert(target.pdf, at: 1)
        }
        return Outcome(
            runID: summary.id, identifier: report.identifier, verdict: record.verdict, folder: target, files: files)
    }

    private static func tables(of run: String, in path: String, isWanted: Bool) async throws -> ResultsExport? {
        guard isWanted else { return nil }
        return try ResultsExport(store: Store.openForReading(path: path), run: run)
    }

    private func regression(_ record: RunRecord) throws -> RegressionReport? {
        guard let baseline else { return nil }
        let earlier = try Store.openForReading(path: baselineStore ?? storePath)
        let old = try earlier.record(ofRun: earlier.run(matching: baseline).id, pictures: false)
        return try RegressionComparison(
            baseline: old, candidate: record, protocolSHA256: record.protocolFile.sha256, intersection: false
        ).report()
    }

    /// The end of the run as the document's time: never the clock, so that the same store gives the same bytes.
    private func epoch(_ record: RunRecord) -> Int {
        let text = record.run.endedUTC ?? record.run.startedUTC
        return (try? Date(text, strategy: .iso8601)).map { Int($0.timeIntervalSince1970) } ?? 0
    }
}

extension ReportError: ExitStatusError {
    var exitStatus: ExitStatus {
        switch self {
        case .templatesMissing, .noPages: .noInput
        case .template: .malformedInput
        case .tooLarge: .cannotCreate
        case .notForPublication: .refused
        case .printerMissing: .cannotCreate
        case .printerFailed: .inputOutput
        case .cannotWrite(_, let reason): ExitStatus.ofWriting(reason: reason)
        }
    }
}
