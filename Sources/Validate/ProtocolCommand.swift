import ArgumentParser
import Cohort
import Study

/// `validate protocol`: work on study protocols.
struct ProtocolCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "protocol", abstract: "Check study protocols.", subcommands: [ProtocolCheckCommand.self])
}

/// `validate protocol check`: a protocol against its schema and the rules that a schema cannot say.
struct ProtocolCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check a study protocol; every finding is printed with its line and element.",
        discussion: """
            Ends with code 78 when the protocol is invalid. The SHA-256 that is printed is what a run is locked to.

            Example:
              validate protocol check protocols/liver-ct-to-mr.xml
            """)

    @Argument(help: "The protocol (XML).")
    var file: String

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let checked: ProtocolFile
        do throws(ProtocolError) { checked = try ProtocolFile.load(path: file) } catch {
            if output.json, case .invalid(_, let findings) = error { try page(findings) }
            throw error
        }
        do throws(RunError) { try checked.requireCurrentMethods() } catch {
            if output.json {
                try page([ProtocolDiagnostic(line: 0, element: "Measurement", message: error.description)])
            }
            throw error
        }
        try page(checked)
    }

    private func page(_ checked: ProtocolFile) throws {
        let plan = checked.plan
        guard !output.json else { return try Terminal.result(json(checked).text) }
        let primary = plan.endpoints.filter { $0.role == .primary }.map(\.name).joined(separator: ", ")
        try Terminal.result(
            """
            \(SafeText.printable(file)) is valid
            study \(plan.identity.studyOID), version \(plan.identity.version): \(plan.identity.title)
            \(plan.direction); \(plan.endpoints.count) endpoints, \(plan.criteria.count) criteria
            primary: \(primary)
            SHA-256 \(checked.sha256)
            schema  \(ProtocolSchema.sha256)
            """)
    }

    private func json(_ checked: ProtocolFile) -> JSON {
        let plan = checked.plan
        return .object([
            ("schema", .string("validate.protocol/1")), ("valid", .flag(true)),
            ("study", .string(plan.identity.studyOID)),
            ("version", .string(plan.identity.version)), ("sha256", .string(checked.sha256)),
            ("schema_sha256", .string(ProtocolSchema.sha256)), ("source", .string(plan.sourceSeries)),
            ("target", .string(plan.targetSeries)),
            (
                "endpoints",
                .array(
                    plan.endpoints.map { endpoint in
                        .object([
                            ("oid", .string(endpoint.oid)), ("role", .string(endpoint.role.rawValue)),
                            ("metric", .string(endpoint.metric)), ("structure", .string(endpoint.structure)),
                        ])
                    })
            ),
            ("findings", .array([])),
        ])
    }

    private func page(_ findings: [ProtocolDiagnostic]) throws {
        let rows = findings.map { finding in
            JSON.object([
                ("line", .integer(finding.line)), ("element", .optional(finding.element)),
                ("message", .string(finding.message)),
            ])
        }
        try Terminal.result(
            JSON.object([
                ("schema", .string("validate.protocol/1")), ("valid", .flag(false)), ("findings", .array(rows)),
            ]).text)
    }
}
