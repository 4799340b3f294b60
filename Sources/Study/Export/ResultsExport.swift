import Foundation
import GRDB
import Metrics

/// Results in long format, for tables and statistics programs.
///
/// One row a run, a case, a measurement, a vessel branch, an analysis. Numbers have 17 significant digits and a point, whatever the locale; what has no value
/// is empty (CSV) or null (JSON). Of a case that was done more than once, the last results are given.
public struct ResultsExport: Sendable {
    /// The tables, by name, in the order of export.
    public static let tableNames = ["runs", "case_results", "measurements", "vessel_branches", "analyses"]

    private let tables: [(name: String, columns: [String], rows: [[Cell]])]

    /// Reads the results of runs.
    ///
    /// - Parameters:
    ///   - store: The store.
    ///   - run: UUID of one run; nil: all.
    /// - Throws: `StoreError`.
    public init(store: Store, run: String? = nil) throws(StoreError) {
        tables = try store.read { db in
            try ResultsExport.queries.map { name, sql in
                let statement = try db.makeStatement(sql: sql)
                var arguments: StatementArguments = ["run": run]
                if sql.contains(":columns") { arguments += ["columns": CellText.encode(VesselBranchRow.columns)] }
                let rows = try Row.fetchAll(statement, arguments: arguments)
                return (name, statement.columnNames, rows.map { row in row.databaseValues.map(Cell.init) })
            }
        }
    }

    /// One table as CSV (RFC 4180, UTF-8, CRLF), or nil when there is no table of that name.
    ///
    /// A text that a spreadsheet would take for a formula gets an apostrophe before it.
    public func csv(table name: String) -> [UInt8]? {
        guard let table = tables.first(where: { $0.name == name }) else { return nil }
        var text = table.columns.map(CSV.field).joined(separator: ",") + "\r\n"
        for row in table.rows { text += row.map(\.csv).joined(separator: ",") + "\r\n" }
        return Array(text.utf8)
    }

    /// All tables as one JSON object of arrays of objects.
    public func json() -> [UInt8] {
        var text = "{\"schema\": \"validate.results/1\",\n"
        let parts = tables.map { table in
            let rows = table.rows.map { row in
                "  {" + zip(table.columns, row).map { "\(CellText.quoted($0)): \($1.json)" }.joined(separator: ", ")
                    + "}"
            }
            return " \"\(table.name)\": [\n" + rows.joined(separator: ",\n") + "\n ]"
        }
        text += parts.joined(separator: ",\n") + "}\n"
        return Array(text.utf8)
    }

    /// One value.
    private enum Cell {
        case empty
        case text(String)
        case integer(Int64)
        case number(Double)

        init(_ value: DatabaseValue) {
            switch value.storage {
            case .null, .blob: self = .empty
            case .int64(let number): self = .integer(number)
            case .double(let number): self = .number(number)
            case .string(let text): self = .text(text)
            }
        }

        var csv: String {
            switch self {
            case .empty: ""
            case .text(let text): CSV.field(text)
            case .integer(let number): String(number)
            case .number(let number): Digits.text(number)
            }
        }

        var json: String {
            switch self {
            case .empty: "null"
            case .text(let text): CellText.quoted(text)
            case .integer(let number): String(number)
            case .number(let number): Digits.text(number)
            }
        }
    }

    private static let latest =
        "r.revision = (SELECT max(revision) FROM case_result AS l WHERE l.run = r.run AND l.case_ = r.case_)"

    private static let queries: [(name: String, sql: String)] = [
        (
            "runs",
            """
            SELECT run.id, coalesce((SELECT status FROM run_end WHERE run_end.run = run.id ORDER BY revision DESC LIMIT 1),
                    'running') AS status,
                model.name AS model, model.version AS model_version, model.weights_sha256 AS model_weights_sha256,
                model.configuration_sha256 AS model_configuration_sha256, protocol.study AS study,
                protocol.version AS protocol_version, run.protocol AS protocol_sha256,
                run.cohort_name AS cohort, run.cohort_manifest_sha256 AS cohort_sha256, run.seed, run.tool_version,
                run.started_utc, (SELECT ended_utc FROM run_end WHERE run_end.run = run.id ORDER BY revision DESC LIMIT 1)
                    AS ended_utc, run.case_count
            FROM run JOIN model ON model.id = run.model JOIN protocol ON protocol.sha256 = run.protocol
            WHERE :run IS NULL OR run.id = :run ORDER BY run.rowid
            """
        ),
        (
            "case_results",
            """
            SELECT c.run, c.id AS "case", c.subject, c.site, s.sex, s.age_band, coalesce(r.status, 'missing') AS status,
                r.stage, r.reason_code, r.message, r.seconds, r.peak_memory_mib, r.input_sha256, r.output_sha256
            FROM case_ AS c JOIN subject AS s ON s.run = c.run AND s.pseudonym = c.subject AND s.site = c.site
            LEFT JOIN case_result AS r ON r.run = c.run AND r.case_ = c.id AND \(latest)
            WHERE :run IS NULL OR c.run = :run ORDER BY c.run, c.position
            """
        ),
        (
            "measurements",
            """
            SELECT r.run, r.case_ AS "case", c.subject, c.site, r.metric, r.structure, r.value, r.unit, r.status, r.reason,
                r.imputed, r.implementation_version, r.parameters
            FROM measurement AS r JOIN case_ AS c ON c.run = r.run AND c.id = r.case_
            WHERE \(latest) AND (:run IS NULL OR r.run = :run) ORDER BY r.run, c.position, r.position
            """
        ),
        (
            // Stores of version 1 held branches as JSON behind the measurement; those rows cannot be rewritten.
            "vessel_branches",
            """
            SELECT r.run, r.case_ AS "case", c.subject, c.site, m.metric, m.structure, b.side, b.branch, b.length_mm,
                b.mean_radius_mm, b.covered_share, b.detected, b.unbroken, b.middle_r_mm, b.middle_a_mm, b.middle_s_mm
            FROM case_result AS r JOIN case_ AS c ON c.run = r.run AND c.id = r.case_
            JOIN measurement AS m ON m.run = r.run AND m.case_ = r.case_ AND m.revision = r.revision
            JOIN (SELECT run, case_, revision, measurement, position, side, branch, length_mm, mean_radius_mm, covered_share,
                    detected, unbroken, middle_r_mm, middle_a_mm, middle_s_mm FROM vessel_branch
                UNION ALL SELECT d.run, d.case_, d.revision, d.measurement, j.key, json_extract(j.value, '$[0]'),
                    json_extract(j.value, '$[1]'), json_extract(j.value, '$[2]'), json_extract(j.value, '$[3]'),
                    json_extract(j.value, '$[4]'), json_extract(j.value, '$[5]'), json_extract(j.value, '$[6]'),
                    json_extract(j.value, '$[7]'), json_extract(j.value, '$[8]'), json_extract(j.value, '$[9]')
                FROM detail AS d, json_each(d.content, '$.rows') AS j
                WHERE d.name = 'branches' AND json_extract(d.content, '$.columns') = :columns) AS b
                ON b.run = m.run AND b.case_ = m.case_ AND b.revision = m.revision AND b.measurement = m.position
            WHERE \(latest) AND (:run IS NULL OR r.run = :run) ORDER BY r.run, c.position, m.position, b.position
            """
        ),
        (
            "analyses",
            """
            SELECT a.run, a.endpoint, a.criterion, a.kind, a.set_ AS "set", a.method, a.group_ AS "group", a.planned,
                a.evaluated, a.missing, a.estimate, a.lower, a.upper, a.p, a.verdict, a.note, a.parameters
            FROM analysis AS a WHERE a.revision = (SELECT max(revision) FROM analysis AS l WHERE l.run = a.run)
                AND (:run IS NULL OR a.run = :run) ORDER BY a.run, a.position
            """
        ),
    ]
}

/// Numbers with 17 significant digits, enough to give the same bits back.
enum Digits {
    static func text(_ number: Double) -> String { String(format: "%.17g", number) }
}

/// Fields of comma-separated tables.
public enum CSV {
    /// A text as a field: quoted where RFC 4180 asks for it, and with an apostrophe before what a spreadsheet would run as a formula.
    public static func field(_ text: String) -> String {
        var text = text
        if let first = text.unicodeScalars.first,
            "=+-@\t\r\n|%".unicodeScalars.contains(first) || isFullWidthFormula(first)
        {
            text = "'" + text
        }
        guard text.unicodeScalars.contains(where: { ",\"\r\n;\t'".unicodeScalars.contains($0) }) else { return text }
        return "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\""
    }

    /// Full-width forms of = + - @ that some programs fold to ASCII.
    private static func isFullWidthFormula(_ scalar: Unicode.Scalar) -> Bool {
        [0xFF1D, 0xFF0B, 0xFF0D, 0xFF20].contains(scalar.value)
    }
}
