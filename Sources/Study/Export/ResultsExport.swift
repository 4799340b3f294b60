import GRDB
import GRDBSQLite
import Metrics

/// Results in long format, for tables and statistics programs.
///
/// One row a run, a case, a measurement, a vessel branch, an analysis. Numbers have 17 significant digits and a point, whatever the locale; what has no value
/// is empty (CSV) or null (JSON). Of a case that was done more than once, the last results are given.
public struct ResultsExport: Sendable {
    /// The tables, by name, in the order of export.
    public static let tableNames = ["runs", "case_results", "measurements", "vessel_branches", "analyses"]

    private let tables: [Table]

    /// Rows of one table in both formats; made in one pass over the store, as a large study has some hundred megabytes of them.
    private struct Table {
        let name: String
        var csv: [UInt8] = []
        var json: [UInt8] = []
    }

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
                return try ResultsExport.table(name, statement, arguments)
            }
        }
    }

    private static func table(
        _ name: String, _ statement: Statement, _ arguments: StatementArguments
    ) throws -> Table {
        var table = Table(name: name)
        let columns = Int32(statement.columnCount)
        let keys = statement.columnNames.enumerated().map { index, column in
            Array((index == 0 ? "  {" : ", ").utf8) + Array("\(CellText.quoted(column)): ".utf8)
        }
        table.csv += statement.columnNames.map(CSV.field).joined(separator: ",").utf8
        table.csv += [0x0D, 0x0A]
        let rows = try Row.fetchCursor(statement, arguments: arguments)
        while try rows.next() != nil {
            if !table.json.isEmpty { table.json += [UInt8(ascii: ","), 0x0A] }
            for column in 0..<columns {
                if column > 0 { table.csv.append(UInt8(ascii: ",")) }
                table.json += keys[Int(column)]
                ExportCell(statement.sqliteStatement, column: column).append(csv: &table.csv, json: &table.json)
            }
            table.csv += [0x0D, 0x0A]
            table.json.append(UInt8(ascii: "}"))
        }
        return table
    }

    /// One table as CSV (RFC 4180, UTF-8, CRLF), or nil when there is no table of that name.
    ///
    /// A text that a spreadsheet would take for a formula gets an apostrophe before it.
    public func csv(table name: String) -> [UInt8]? { tables.first { $0.name == name }?.csv }

    /// All tables as one JSON object of arrays of objects.
    public func json() -> [UInt8] {
        var bytes = Array("{\"schema\": \"validate.results/1\",\n".utf8)
        bytes.reserveCapacity(tables.reduce(1024) { $0 + $1.json.count + 64 })
        for (position, table) in tables.enumerated() {
            if position > 0 { bytes += ",\n".utf8 }
            bytes += " \"\(table.name)\": [\n".utf8
            bytes += table.json
            bytes += "\n ]".utf8
        }
        bytes += "}\n".utf8
        return bytes
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
