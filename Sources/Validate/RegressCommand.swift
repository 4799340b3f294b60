import ArgumentParser
import Cohort
import Foundation
import Imaging
import Statistics
import Study

/// `validate regress`: the gate after retraining.
struct RegressCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "regress",
        abstract: "Compare a retrained model with the one before it, by the margins of the protocol.",
        discussion: """
            Both runs have to be of the same protocol and cohort and of different weights. Every endpoint with a margin \
            has to hold it: the whole interval of the paired difference on the right side. Exit code 0: held; 1: not \
            held, or not shown; 3: held, but cases are lost that the baseline could evaluate.

            Examples:
              validate regress --store study.sqlite --baseline 3f2a --candidate 91c0 --protocol P.xml
              validate regress --store new.sqlite --baseline-store old.sqlite --baseline 3f2a --candidate latest \
            --protocol P.xml --junit gate.xml --markdown gate.md
            """)

    @Option(name: .long, help: "Store of the candidate, and of the baseline unless --baseline-store names another.")
    var store: String

    @Option(name: .long, help: "Store of the baseline.")
    var baselineStore: String?

    @Option(name: .long, help: "Run of the old model, or the beginning of its identifier.")
    var baseline: String

    @Option(name: .long, help: "Run of the new model, the beginning of its identifier, or 'latest'.")
    var candidate: String

    @Option(name: .customLong("protocol"), help: "The study protocol (XML) that both runs were made under.")
    var protocolPath: String

    @Flag(name: .long, help: "Compare the cases that two different cohorts have in common (same case, same truth).")
    var intersection = false

    @Option(name: .long, help: "Write a JUnit XML file for a CI server.")
    var junit: String?

    @Option(name: .long, help: "Write a Markdown summary, such as for a pull request.")
    var markdown: String?

    @OptionGroup var output: OutputOptions

    func run() async throws {
        try RunArgument.check(baseline, option: "--baseline")
        try RunArgument.check(candidate, option: "--candidate")
        let file = try ProtocolFile.load(path: protocolPath)
        let report = try RegressionComparison(
            baseline: record(baseline, in: baselineStore ?? store), candidate: record(candidate, in: store),
            protocolSHA256: file.sha256, intersection: intersection
        ).report()
        if let junit { try AtomicFile.write(Array(RegressionJUnit.document(report).utf8), to: junit) }
        if let markdown { try AtomicFile.write(Array(RegressionText.markdown(report).utf8), to: markdown) }
        let page = RegressionPage(report: report)
        try Terminal.result(output.json ? page.json.text : page.text)
        guard report.exitCode == 0 else { throw ExitCode(report.exitCode) }
    }

    private func record(_ run: String, in path: String) throws -> RunRecord {
        let opened = try Store.openForReading(path: path)
        let identifier = try opened.run(matching: run == "latest" ? nil : run).id
        return try opened.record(ofRun: identifier, pictures: false)
    }
}

/// The outcome of the gate for machines and for people.
struct RegressionPage {
    let report: RegressionReport

    /// The document `validate.regress/1`.
    var json: JSON {
        .object([
            ("schema", .string("validate.regress/1")), ("verdict", .string(report.verdict.rawValue)),
            ("exit_code", .integer(Int(report.exitCode))), ("protocol_sha256", .string(report.protocolSHA256)),
            ("baseline", side(report.baseline)), ("candidate", side(report.candidate)),
            ("intersection", .flag(report.isIntersection)), ("cases", .integer(report.commonCases)),
            ("lost_cases", .array(report.lostCases.map(crossing))),
            ("gained_cases", .array(report.gainedCases.map(crossing))),
            ("endpoints", .array(report.endpoints.map(endpoint))),
            (
                "criteria",
                .array(
                    report.criteria.map {
                        .object([
                            ("oid", .string($0.oid)), ("endpoint", .string($0.endpointOID)),
                            ("baseline", .string($0.baseline.rawValue)), ("candidate", .string($0.candidate.rawValue)),
                            ("lost", .flag($0.isLost)), ("detail", .string($0.detail)),
                        ])
                    })
            ),
        ])
    }

    private func side(_ side: RegressionReport.Side) -> JSON {
        .object([
            ("run", .string(side.run)), ("model", .string(side.model.name)), ("version", .string(side.model.version)),
            ("weights_sha256", .string(side.model.weightsSHA256)), ("results_digest", .string(side.resultsDigest)),
        ])
    }

    private func crossing(_ item: RegressionReport.Crossing) -> JSON {
        .object([("case", .string(item.caseID)), ("reason", .string(item.reason))])
    }

    private func endpoint(_ item: RegressionReport.Endpoint) -> JSON {
        .object([
            ("oid", .string(item.endpoint.oid)), ("name", .string(item.endpoint.name)),
            ("metric", .string(item.endpoint.metric)), ("structure", .string(item.endpoint.structure)),
            ("unit", .string(item.endpoint.unit)), ("better", .string(item.better.rawValue)),
            ("margin", .number(item.margin.nonInferiority)), ("verdict", .string(item.verdict.rawValue)),
            ("method", .string(item.method)), ("pairs", .integer(item.pairs.count)),
            ("missing", .integer(item.missing)), ("baseline", .optional(item.baseline)),
            ("candidate", .optional(item.candidate)), ("difference", .optional(item.difference)),
            ("lower", .optional(item.interval?.lower)), ("upper", .optional(item.interval?.upper)),
            ("level", .optional(item.interval?.level)),
            ("paired_lower", .optional(item.pairedInterval?.lower)),
            ("paired_upper", .optional(item.pairedInterval?.upper)), ("p", .optional(item.p)),
            ("secondary_test", .optional(item.secondaryTest)), ("secondary_p", .optional(item.secondaryP)),
            ("equivalent", item.isEquivalent.map(JSON.flag) ?? .null), ("note", .optional(item.note)),
            ("newly_failing", .array(item.newlyFailing.map(crossing))),
            ("newly_fixed", .array(item.newlyFixed.map(crossing))),
            ("worst_site", item.worstSite.map(part) ?? .null),
            ("worst_subgroup", item.worstSubgroup.map(part) ?? .null),
            ("sites", .array(item.sites.map(part))), ("subgroups", .array(item.subgroups.map(part))),
        ])
    }

    private func part(_ part: RegressionReport.Part) -> JSON {
        .object([
            ("name", .string(part.name)), ("pairs", .integer(part.count)), ("difference", .number(part.difference)),
            ("lower", .optional(part.interval?.lower)), ("upper", .optional(part.interval?.upper)),
            ("assessable", .flag(part.isAssessable)),
        ])
    }

    /// One line an endpoint, then what was lost, then the verdict.
    var text: String {
        var lines = report.endpoints.map { "\($0.endpoint.oid) \($0.endpoint.name): \(RegressionText.summary($0))" }
        for item in report.endpoints {
            lines += item.newlyFailing.map { "newly failing on \(item.endpoint.oid): case \($0.caseID), \($0.reason)" }
        }
        lines += report.criteria.filter(\.isLost).map { "lost criterion \($0.oid): \($0.detail)" }
        lines += report.lostCases.map { "lost case \($0.caseID): \($0.reason)" }
        lines.append("verdict: \(report.verdict.words) (\(report.commonCases) cases)")
        return lines.map(SafeText.printable).joined(separator: "\n")
    }
}
