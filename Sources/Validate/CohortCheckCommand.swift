import ArgumentParser
import Cohort
import Imaging

/// `validate cohort check`: reads everything and says what a person should look at before a study.
struct CohortCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Read a whole cohort and report what is wrong or suspicious.",
        discussion: """
            Errors end with code 65; warnings and notes do not. Patient data that are found in headers are never \
            printed. Nothing is changed.

            Examples:
              validate cohort check cohort/
              validate cohort check cohort/ --json > findings.json
              validate cohort check cohort/cohort.tsv --dry-run
            """)

    @Argument(help: "Folder of the cohort, or its manifest.")
    var cohort: String

    @Flag(name: .long, help: "Look at the manifest alone; read no file that it names.")
    var dryRun = false

    @Option(name: .long, help: "File with one training subject a line; a subject of the cohort among them is an error.")
    var trainingSubjects: String?

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let loaded = try Cohort.load(directory: cohort, requiringFiles: false)
        let training = try trainingSubjects.map { path in
            String(decoding: try FileBytes.read(path: path, maximumBytes: 16 << 20), as: UTF8.self)
                .split(whereSeparator: \.isNewline).map { $0.trimmed }
        }
        let progress = ProgressLine("cases", total: loaded.cases.count, isSilent: output.quiet || dryRun)
        let report = CohortCheck.check(
            loaded, manifestOnly: dryRun, trainingSubjects: training.map(Set.init)
        ) { item, findings in
            let errors = findings.count { $0.level == .error }
            let warnings = findings.count { $0.level == .warning }
            progress.advance("\(item.id): \(errors) errors, \(warnings) warnings")
        }
        progress.finish()
        let page = CohortCheckPage(cohort: loaded, path: cohort, report: report)
        try Terminal.result(output.json ? page.json.text : page.text)
        let errors = report.count(.error)
        if errors > 0 {
            throw CommandFailure(
                .malformedInput,
                "'\(SafeText.printable(cohort))' has \(errors) \(errors == 1 ? "error" : "errors"); the first: "
                    + (report.findings.first { $0.level == .error }.map(page.line) ?? ""))
        }
    }
}

/// The findings for machines and for people.
struct CohortCheckPage {
    let cohort: Cohort
    let path: String
    let report: CohortCheckReport

    /// The document `validate.cohort-check/1`.
    var json: JSON {
        .object([
            ("schema", .string("validate.cohort-check/1")),
            ("manifest_sha256", .string(cohort.manifestSHA256)),
            ("manifest_only", .flag(report.isManifestOnly)),
            ("cases", .integer(cohort.cases.count)),
            ("subjects", .integer(Set(cohort.cases.map(\.subject)).count)),
            ("sites", .array(cohort.sites.map(JSON.string))),
            ("errors", .integer(report.count(.error))),
            ("warnings", .integer(report.count(.warning))),
            ("notes", .integer(report.count(.note))),
            ("findings", .array(report.findings.map(finding))),
            ("images", .array(report.facts.flatMap { caseID, images in images.map { image(caseID, $0) } })),
        ])
    }

    private func finding(_ finding: CohortFinding) -> JSON {
        .object([
            ("level", .string(finding.level.rawValue)), ("code", .string(finding.code.rawValue)),
            ("case", .optional(finding.caseID)), ("column", .optional(finding.column?.rawValue)),
            ("message", .string(finding.message)),
        ])
    }

    private func image(_ caseID: String, _ facts: ImageFacts) -> JSON {
        let size = facts.geometry.dimensions
        let spacing = facts.geometry.spacingMM
        return .object([
            ("case", .string(caseID)), ("column", .string(facts.column.rawValue)),
            ("dimensions", .array([size.x, size.y, size.z].map(JSON.integer))),
            ("spacing_mm", .array([spacing.x, spacing.y, spacing.z].map(JSON.number))),
            ("orientation", .string(facts.geometry.orientationCode)),
            ("obliquity_degrees", .number(facts.geometry.obliquityDegrees(of: .axial))),
            ("minimum", .number(facts.minimum)), ("maximum", .number(facts.maximum)),
        ])
    }

    /// One finding in one line.
    func line(_ finding: CohortFinding) -> String {
        let place = [finding.caseID.map { "case \(SafeText.printable($0))" }, finding.column?.rawValue]
            .compactMap(\.self).joined(separator: ", ")
        return (place.isEmpty ? "" : place + ": ") + finding.message
    }

    /// The findings by level, worst first, and a summary.
    var text: String {
        var lines: [String] = []
        for level in CohortFinding.Level.allCases {
            for finding in report.findings where finding.level == level {
                lines.append("\(level.rawValue): \(line(finding))")
            }
        }
        let subjects = Set(cohort.cases.map(\.subject)).count
        lines.append(
            "\(cohort.cases.count) cases of \(subjects) subjects from \(cohort.sites.count) sites: "
                + "\(report.count(.error)) errors, \(report.count(.warning)) warnings, \(report.count(.note)) notes")
        return lines.joined(separator: "\n")
    }
}

extension Substring {
    /// The text without spaces at both ends.
    fileprivate var trimmed: String {
        String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
}
