import Foundation
import GRDB
import GRDBSQLite
import Imaging
import Metrics

/// Reads the cases of a run, table by table and case by case.
struct CaseReader {
    private let db: Database
    private let run: String
    private let path: String
    private let latest: [LatestResult]
    /// Parameters by their text: thousands of measurements share theirs.
    private var parameters: [String: [MetricParameter]] = [:]

    init(db: Database, run: String, path: String) throws {
        self.db = db
        self.run = run
        self.path = path
        latest = try LatestResult.all(of: run, db)
    }

    /// Every case in the order of the cohort's manifest.
    ///
    /// - Throws: `StoreError.broken` for values that this tool never writes.
    func cases(pictures wantsPictures: Bool) throws -> [CaseRecord] {
        var reader = self
        let outcomes = try reader.rows("SELECT * FROM case_result") { id, row in
            (outcome: try reader.outcome(row, id), geometry: row["geometry"] as String?)
        }
        let files = try reader.rows("SELECT * FROM case_file", order: "position") { _, row in
            CaseRecord.FileRecord(column: row["column_"], sha256: row["sha256"])
        }
        let pictures = wantsPictures ? try reader.pictures() : [:]
        let measurements = try reader.measurements()
        let cases = try Row.fetchAll(
            db,
            sql: """
                SELECT c.*, s.sex, s.age_band FROM case_ AS c
                JOIN subject AS s ON s.run = c.run AND s.pseudonym = c.subject AND s.site = c.site
                WHERE c.run = ? ORDER BY c.position
                """, arguments: [run])
        return try cases.map { row in
            let id: String = row["id"]
            guard let covariates = CellText.dictionary(row["covariates"]) else {
                throw StoreError.broken(path: path, finding: "the covariates of case \(id) cannot be read")
            }
            let result = outcomes[id]?.first
            return CaseRecord(
                id: id, subject: row["subject"], site: row["site"], sex: row["sex"], ageBand: row["age_band"],
                covariates: covariates, files: files[id] ?? [], geometry: result?.geometry,
                sourcePhase: row["source_phase"], truthPhase: row["truth_phase"],
                registrationMethod: row["registration_method"], registrationErrorMM: row["registration_error_mm"],
                outcome: result?.outcome ?? CaseOutcome(status: .missing), measurements: measurements[id] ?? [],
                pictures: pictures[id] ?? [])
        }
    }

    private static let place = "WHERE run = ? AND case_ = ? AND revision = ?"

    /// What a query gives for the last results of each case; cases without rows are left out.
    private func rows<Value>(
        _ select: String, order: String = "revision", _ value: (String, Row) throws -> Value
    ) throws -> [String: [Value]] {
        let statement = try db.cachedStatement(sql: "\(select) \(CaseReader.place) ORDER BY \(order)")
        var found: [String: [Value]] = [:]
        for result in latest {
            var values: [Value] = []
            let rows = try Row.fetchCursor(statement, arguments: [run, result.caseID, result.revision])
            while let row = try rows.next() { values.append(try value(result.caseID, row)) }
            if !values.isEmpty { found[result.caseID] = values }
        }
        return found
    }

    private func broken(_ id: String) -> StoreError {
        .broken(path: path, finding: "case \(id) has values that this tool never writes")
    }

    private func outcome(_ row: Row, _ id: String) throws -> CaseOutcome {
        guard let status = CaseStatus(rawValue: row["status"]),
            let stages = CellText.parameters(row["stage_seconds"])
        else { throw broken(id) }
        return CaseOutcome(
            status: status, stage: (row["stage"] as String?).flatMap(CaseStage.init(rawValue:)),
            reasonCode: row["reason_code"], message: row["message"], seconds: row["seconds"],
            stageSeconds: stages.compactMap { stage in
                guard case .number(let seconds) = stage.value else { return nil }
                return CaseOutcome.StageSeconds(name: stage.name, seconds: seconds)
            }, peakMemoryMiB: row["peak_memory_mib"], outputSHA256: row["output_sha256"])
    }

    private func pictures() throws -> [String: [PictureRecord]] {
        try rows("SELECT * FROM picture", order: "position") { id, row in
            guard let content = CasePicture.Content(rawValue: row["content"]),
                let plane = AnatomicalPlane(rawValue: row["plane"])
            else { throw broken(id) }
            let picture = CasePicture(
                content: content, plane: plane, detail: row["detail"], scaleLower: row["scale_lower"],
                scaleUpper: row["scale_upper"], unit: row["unit"], width: row["width"], height: row["height"],
                pixelMM: row["pixel_mm"], png: Array(row["png"] as Data))
            return PictureRecord(picture: picture, sha256: row["sha256"])
        }
    }

    // MARK: - Measurements

    private mutating func measurements() throws -> [String: [MeasurementRecord]] {
        let tables = try rows("SELECT * FROM detail", order: "measurement, position") { id, row in
            guard let table = CellText.table(row["content"]) else { throw broken(id) }
            return (
                measurement: row["measurement"] as Int,
                table: DetailTable(name: row["name"], columns: table.columns, rows: table.rows)
            )
        }
        let branches = try branches()
        let statement = try db.cachedStatement(
            sql: """
                SELECT position, metric, structure, value, reason, imputed, unit, implementation_version, parameters
                FROM measurement \(CaseReader.place) ORDER BY position
                """)
        var found: [String: [MeasurementRecord]] = [:]
        for result in latest {
            var details: [Int: [DetailTable]] = [:]
            for entry in tables[result.caseID] ?? [] { details[entry.measurement, default: []].append(entry.table) }
            let trees = Dictionary(grouping: branches[result.caseID] ?? [], by: \.measurement)
            for (place, rows) in trees {
                details[place, default: []].append(VesselBranchRow.table(rows.map(\.row)))
            }
            var records: [MeasurementRecord] = []
            let rows = try Row.fetchCursor(statement, arguments: [run, result.caseID, result.revision])
            while try rows.next() != nil {
                records.append(try measurement(statement.sqliteStatement, details, result.caseID))
            }
            if !records.isEmpty { found[result.caseID] = records }
        }
        return found
    }

    /// The measurement on which a statement stands; its columns are those of `measurements()`.
    private mutating func measurement(
        _ row: SQLiteStatement, _ details: [Int: [DetailTable]], _ id: String
    ) throws -> MeasurementRecord {
        func text(_ column: Int32) -> String? { sqlite3_column_text(row, column).map { String(cString: $0) } }
        func number(_ column: Int32) -> Double? {
            sqlite3_column_type(row, column) == SQLITE_NULL ? nil : sqlite3_column_double(row, column)
        }
        guard let metric = text(1), let structure = text(2), let unit = text(6), let content = text(8),
            let parameters = parameters(content)
        else { throw broken(id) }
        let value: MetricValue
        if let number = number(3) {
            value = .value(number)
        } else {
            guard let reason = text(4).flatMap(NotComputedReason.init(rawValue:)) else { throw broken(id) }
            value = .notComputed(reason)
        }
        return MeasurementRecord(
            measurement: Measurement(
                metric: metric, structure: structure, value: value, unit: unit, parameters: parameters,
                imputedWorst: number(5), details: details[Int(sqlite3_column_int64(row, 0))] ?? []),
            implementationVersion: Int(sqlite3_column_int64(row, 7)))
    }

    private mutating func parameters(_ text: String) -> [MetricParameter]? {
        if let known = parameters[text] { return known }
        guard let read = CellText.parameters(text) else { return nil }
        parameters[text] = read
        return read
    }

    /// Branches of vessel trees, by case.
    private func branches() throws -> [String: [(measurement: Int, row: VesselBranchRow)]] {
        try rows("SELECT * FROM vessel_branch", order: "measurement, position") { id, row in
            guard let side = VesselBranchRow.Side(rawValue: row["side"]) else { throw broken(id) }
            return (
                measurement: row["measurement"],
                row: VesselBranchRow(
                    side: side, index: row["branch"], lengthMM: row["length_mm"], meanRadiusMM: row["mean_radius_mm"],
                    coveredShare: row["covered_share"], isDetected: row["detected"], isUnbroken: row["unbroken"],
                    middleMM: SIMD3(row["middle_r_mm"], row["middle_a_mm"], row["middle_s_mm"]))
            )
        }
    }
}
