import ArgumentParser
import Cohort
import Foundation
import Study

/// `validate merge`: joins the stores of shards to one run.
struct MergeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Join the stores of shards to one run, equal to what one process would have stored.",
        discussion: """
            Every store is verified first, and all have to be shards of one protocol, model, cohort and seed. Shards that \
            are not there are named; a shard that ran twice with equal results counts once. Exit code 0: every criterion \
            passed; 1: not; 3: shards or cases are missing.

            Example:
              validate merge --store study.sqlite shard-*.sqlite
            """)

    @Option(name: .long, help: "Store to add the joined run to; made if it does not exist.")
    var store: String

    @Argument(help: "Stores of the shards.")
    var shards: [String]

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let outcome = try ShardMerge(stores: shards, utc: UTCTime.now()).merge(into: store)
        let page = ShardMergePage(outcome: outcome)
        try Terminal.result(output.json ? page.json.text : page.text)
        guard outcome.exitCode == 0 else { throw ExitCode(outcome.exitCode) }
    }
}

/// The outcome of a merge for machines and for people.
struct ShardMergePage {
    let outcome: ShardMerge.Outcome

    /// The document `validate.merge/1`.
    var json: JSON {
        .object([
            ("schema", .string("validate.merge/1")), ("run", .string(outcome.runID)),
            ("status", .string(outcome.status.rawValue)), ("verdict", .string(outcome.verdict.rawValue)),
            ("results_digest", .string(outcome.resultsDigest)), ("shards", .integer(outcome.shardCount)),
            ("found", .array(outcome.found.map(JSON.integer))), ("missing", .array(outcome.missing.map(JSON.integer))),
            (
                "cases", .object(CaseStatus.allCases.map { ($0.rawValue, .integer(outcome.counts[$0, default: 0])) })
            ), ("exit_code", .integer(Int(outcome.exitCode))),
        ])
    }

    /// Shards, cases and verdict.
    var text: String {
        let cases = CaseStatus.allCases.compactMap { status -> String? in
            let count = outcome.counts[status, default: 0]
            return count > 0 ? "\(count) \(status.rawValue)" : nil
        }.joined(separator: ", ")
        var lines = ["run \(outcome.runID): \(outcome.status.rawValue); cases: \(cases)"]
        if !outcome.missing.isEmpty {
            lines.append(
                "shards missing, of \(outcome.shardCount): " + outcome.missing.map(String.init).joined(separator: ", "))
        }
        lines.append("verdict: \(outcome.verdict.words); results digest \(outcome.resultsDigest)")
        return lines.joined(separator: "\n")
    }
}
