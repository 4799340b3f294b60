import ArgumentParser
import Cohort
import Study

/// `validate audit`: work on the audit chain of a store.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Verify the audit chain of a store.", subcommands: [AuditVerifyCommand.self])
}

/// `validate audit verify`: recomputes the chain and every hash that it binds.
struct AuditVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Recompute the audit chain of a store and every value that it binds.",
        discussion: """
            Ends with code 77 and names the first row that is wrong. A chain cannot show that its end was cut off or \
            that all of it was rewritten: give the head that a report or a site has printed to find that too.

            Examples:
              validate audit verify --store study.sqlite
              validate audit verify --store study.sqlite --head 3f2a…
            """)

    @Option(name: .long, help: "The store.")
    var store: String

    @Option(name: .long, help: "Head of the chain as a report or a site has printed it (64 hexadecimal digits).")
    var head: String?

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let outcome = try AuditVerification.verify(path: store, expectedHead: head)
        guard !output.json else {
            return try Terminal.result(
                JSON.object([
                    ("schema", .string("validate.audit/1")), ("rows", .integer(outcome.count)),
                    ("head", .string(outcome.head)), ("sealed", outcome.isSealed.map(JSON.flag) ?? .null),
                ]).text)
        }
        try Terminal.result(
            """
            \(SafeText.printable(store)) holds: \(outcome.count) rows of the chain and every value that they bind
            head \(outcome.head)
            \(outcome.isSealed == true ? "the file's bytes fit its seal" : "there is no seal beside the file")
            """)
    }
}
