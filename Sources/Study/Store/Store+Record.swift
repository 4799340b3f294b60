import Foundation
import GRDB
import Imaging
import Metrics

extension Store {
    /// Everything about one run, for reports, gates and bundles.
    ///
    /// - Parameters:
    ///   - run: UUID of the run.
    ///   - pictures: Whether pictures are read too; without them the record is small.
    /// - Throws: `StoreError.noSuchRun`, `.broken` for values that this tool never writes.
    public func record(ofRun run: String, pictures: Bool = true) throws(StoreError) -> RunRecord {
        let digest = try resultsDigest(of: run)
        let known = try runs().map(\.id)
        return try read { db in
            guard let row = try Row.fetchOne(db, sql: "SELECT * FROM run WHERE id = ?", arguments: [run]) else {
                throw StoreError.noSuchRun(path: path, run: run, known: known)
            }
            let (file, locked) = try protocolFile(db, row["protocol"])
            let ends = try Row.fetchOne(
                db, sql: "SELECT * FROM run_end WHERE run = ? ORDER BY revision DESC LIMIT 1", arguments: [run])
            let facts = try runFacts(row, end: ends, digest: digest)
            let modelRow = try Row.fetchOne(
                db, sql: "SELECT *, name AS model_name, version AS model_version FROM model WHERE id = ?",
                arguments: [row["model"] as String])
            guard let modelRow else { throw broken("the model of run \(run) is gone") }
            var reader = CaseReader(db: db, run: run, path: path)
            if pictures { try reader.loadPictures() }
            return RunRecord(
                plan: file.plan,
                protocolFile: ProtocolFileRecord(
                    xml: file.bytes, sha256: file.sha256, schemaSHA256: locked.schema, lockedUTC: locked.utc),
                run: facts, model: Store.model(modelRow),
                cohort: CohortFacts(
                    name: row["cohort_name"], manifestSHA256: row["cohort_manifest_sha256"],
                    seedNamespace: row["seed_namespace"], notes: CellText.dictionary(row["cohort_notes"]) ?? [:]),
                sites: try sites(db, run), cases: try reader.cases(), analyses: try analyses(db, run),
                deviations: try deviations(db, run), shards: try shards(db, run), audit: try audit(db, run))
        }
    }

    private func broken(_ finding: String) -> StoreError { .broken(path: path, finding: finding) }

    private func protocolFile(
        _ db: Database, _ sha256: String
    ) throws -> (ProtocolFile, (schema: String, utc: String)) {
        let row = try Row.fetchOne(db, sql: "SELECT * FROM protocol WHERE sha256 = ?", arguments: [sha256])
        guard let row else { throw broken("protocol \(sha256) is gone") }
        let file: ProtocolFile
        do throws(ProtocolError) {
            file = try ProtocolFile(parsing: Array(row["xml"] as Data), file: "protocol.xml")
        } catch { throw broken("protocol \(sha256) cannot be read: \(error)") }
        guard file.sha256 == sha256 else { throw broken("the bytes of protocol \(sha256) were changed") }
        return (file, (row["schema_sha256"], row["locked_utc"]))
    }

    private func runFacts(_ row: Row, end: Row?, digest: String) throws -> RunFacts {
        guard let seed = UInt64(row["seed"] as String), let arguments = CellText.list(row["arguments"]),
            let libraries = CellText.dictionary(row["libraries"])
        else { throw broken("the row of the run has values that this tool never writes") }
        return RunFacts(
            id: row["id"], status: (end?["status"] as String?).flatMap(RunStatus.init(rawValue:)) ?? .running,
            startedUTC: row["started_utc"], endedUTC: end?["ended_utc"], arguments: arguments,
            hostClass: row["host_class"], processor: row["processor"], jobs: row["jobs"], seed: seed,
            toolVersion: row["tool_version"], commit: row["commit_id"], libraries: libraries,
            caseCount: row["case_count"], resultsDigest: digest)
    }

    private func sites(_ db: Database, _ run: String) throws -> [SiteRecord] {
        try Row.fetchAll(db, sql: "SELECT * FROM site WHERE run = ? ORDER BY code", arguments: [run]).map { row in
            SiteRecord(
                code: row["code"], name: row["name"], country: row["country"], ethicsReference: row["ethics_reference"],
                plannedCases: row["planned"], listedCases: row["listed"])
        }
    }

    private func shards(_ db: Database, _ run: String) throws -> [ShardRecord] {
        try Row.fetchAll(db, sql: "SELECT * FROM shard WHERE run = ? ORDER BY number", arguments: [run]).map { row in
            ShardRecord(
                index: row["number"], count: row["count"], sha256: row["sha256"],
                status: RunStatus(rawValue: row["status"]) ?? .partial)
        }
    }

    private func deviations(_ db: Database, _ run: String) throws -> [DeviationRecord] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT d.* FROM deviation AS d JOIN case_ ON case_.run = d.run AND case_.id = d.case_
                WHERE d.run = ? AND d.revision =
                    (SELECT max(revision) FROM case_result AS l WHERE l.run = d.run AND l.case_ = d.case_)
                ORDER BY case_.position, d.position
                """, arguments: [run]
        ).map { row in
            DeviationRecord(
                caseID: row["case_"], grade: DeviationRecord.Grade(rawValue: row["grade"]) ?? .major, code: row["code"],
                message: row["message"])
        }
    }

    private func analyses(_ db: Database, _ run: String) throws -> [AnalysisRecord] {
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT * FROM analysis WHERE run = :run AND revision =
                    (SELECT max(revision) FROM analysis WHERE run = :run) ORDER BY position
                """, arguments: ["run": run])
        return try rows.map { row in
            guard let kind = AnalysisRecord.Kind(rawValue: row["kind"]),
                let set = StudyProtocol.AnalysisSet(rawValue: row["set_"]),
                let parameters = CellText.parameters(row["parameters"])
            else { throw broken("an analysis has values that this tool never writes") }
            return AnalysisRecord(
                endpointOID: row["endpoint"], criterionOID: row["criterion"], kind: kind, set: set,
                method: row["method"],
                group: row["group_"], planned: row["planned"], evaluated: row["evaluated"], missing: row["missing"],
                estimate: row["estimate"], lower: row["lower"], upper: row["upper"], p: row["p"],
                verdict: (row["verdict"] as String?).flatMap(Verdict.init(rawValue:)), parameters: parameters,
                note: row["note"])
        }
    }

    private func audit(_ db: Database, _ run: String) throws -> AuditRecord {
        let rows = try Row.fetchAll(
            db,
            sql: "SELECT * FROM audit WHERE object NOT LIKE '% / %' OR instr(object, ?) > 0 ORDER BY seq",
            arguments: [run])
        let last = try Row.fetchOne(db, sql: "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")
        return AuditRecord(
            count: last?["seq"] ?? 0, head: last?["hash"] ?? AuditChain.origin,
            events: rows.map { row in
                AuditEvent(
                    sequence: row["seq"], utc: row["utc"], user: row["user"], action: row["action"],
                    object: row["object"], reason: row["reason"], hash: row["hash"])
            })
    }
}

/// Reads the cases of a run with a handful of queries, however many measurements there are.
private struct CaseReader {
    let db: Database
    let run: String
    let path: String
    private var pictures: [String: [PictureRecord]] = [:]

    init(db: Database, run: String, path: String) {
        self.db = db
        self.run = run
        self.path = path
    }

    private static let latest = """
        r.run = ? AND r.revision = (SELECT max(revision) FROM case_result AS l WHERE l.run = r.run AND l.case_ = r.case_)
        """

    private func rows(_ sql: String) throws -> RowCursor { try Row.fetchCursor(db, sql: sql, arguments: [run]) }

    private func broken(_ row: Row) -> StoreError {
        .broken(path: path, finding: "case \(row["case_"] as String) has values that this tool never writes")
    }

    mutating func loadPictures() throws {
        let rows = try rows("SELECT * FROM picture AS r WHERE \(CaseReader.latest) ORDER BY r.case_, position")
        while let row = try rows.next() {
            guard let content = CasePicture.Content(rawValue: row["content"]),
                let plane = AnatomicalPlane(rawValue: row["plane"])
            else { throw broken(row) }
            let picture = CasePicture(
                content: content, plane: plane, detail: row["detail"], scaleLower: row["scale_lower"],
                scaleUpper: row["scale_upper"], unit: row["unit"], width: row["width"], height: row["height"],
                pixelMM: row["pixel_mm"], png: Array(row["png"] as Data))
            pictures[row["case_"], default: []].append(PictureRecord(picture: picture, sha256: row["sha256"]))
        }
    }

    func cases() throws -> [CaseRecord] {
        var outcomes: [String: (outcome: CaseOutcome, geometry: String?)] = [:]
        let results = try rows("SELECT * FROM case_result AS r WHERE \(CaseReader.latest)")
        while let row = try results.next() { outcomes[row["case_"]] = (try outcome(row), row["geometry"]) }
        var files: [String: [CaseRecord.FileRecord]] = [:]
        let fileRows = try rows("SELECT * FROM case_file AS r WHERE \(CaseReader.latest) ORDER BY r.case_, position")
        while let row = try fileRows.next() {
            files[row["case_"], default: []].append(
                CaseRecord.FileRecord(column: row["column_"], sha256: row["sha256"]))
        }
        let measurements = try measurements()
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
            return CaseRecord(
                id: id, subject: row["subject"], site: row["site"], sex: row["sex"], ageBand: row["age_band"],
                covariates: covariates, files: files[id] ?? [], geometry: outcomes[id]?.geometry,
                sourcePhase: row["source_phase"], truthPhase: row["truth_phase"],
                registrationMethod: row["registration_method"], registrationErrorMM: row["registration_error_mm"],
                outcome: outcomes[id]?.outcome ?? CaseOutcome(status: .missing), measurements: measurements[id] ?? [],
                pictures: pictures[id] ?? [])
        }
    }

    private func outcome(_ row: Row) throws -> CaseOutcome {
        guard let status = CaseStatus(rawValue: row["status"]),
            let stages = CellText.parameters(row["stage_seconds"])
        else { throw broken(row) }
        return CaseOutcome(
            status: status, stage: (row["stage"] as String?).flatMap(CaseStage.init(rawValue:)),
            reasonCode: row["reason_code"], message: row["message"], seconds: row["seconds"],
            stageSeconds: stages.compactMap { stage in
                guard case .number(let seconds) = stage.value else { return nil }
                return CaseOutcome.StageSeconds(name: stage.name, seconds: seconds)
            }, peakMemoryMiB: row["peak_memory_mib"], outputSHA256: row["output_sha256"])
    }

    private func measurements() throws -> [String: [MeasurementRecord]] {
        var details: [String: [Int: [DetailTable]]] = [:]
        let tables = try rows(
            "SELECT * FROM detail AS r WHERE \(CaseReader.latest) ORDER BY r.case_, measurement, position")
        while let row = try tables.next() {
            guard let table = CellText.table(row["content"]) else { throw broken(row) }
            details[row["case_"], default: [:]][row["measurement"], default: []].append(
                DetailTable(name: row["name"], columns: table.columns, rows: table.rows))
        }
        for (id, places) in try branches() {
            for (place, rows) in places {
                details[id, default: [:]][place, default: []].append(VesselBranchRow.table(rows))
            }
        }
        var found: [String: [MeasurementRecord]] = [:]
        let rows = try rows("SELECT * FROM measurement AS r WHERE \(CaseReader.latest) ORDER BY r.case_, position")
        while let row = try rows.next() {
            let value: MetricValue
            if let number = row["value"] as Double? {
                value = .value(number)
            } else {
                guard let reason = (row["reason"] as String?).flatMap(NotComputedReason.init(rawValue:)) else {
                    throw broken(row)
                }
                value = .notComputed(reason)
            }
            guard let parameters = CellText.parameters(row["parameters"]) else { throw broken(row) }
            let id: String = row["case_"]
            found[id, default: []].append(
                MeasurementRecord(
                    measurement: Measurement(
                        metric: row["metric"], structure: row["structure"], value: value, unit: row["unit"],
                        parameters: parameters, imputedWorst: row["imputed"],
                        details: details[id]?[row["position"]] ?? []),
                    implementationVersion: row["implementation_version"]))
        }
        return found
    }

    /// Branches of vessel trees, by case and measurement.
    private func branches() throws -> [String: [Int: [VesselBranchRow]]] {
        var found: [String: [Int: [VesselBranchRow]]] = [:]
        let rows = try rows(
            "SELECT * FROM vessel_branch AS r WHERE \(CaseReader.latest) ORDER BY r.case_, measurement, position")
        while let row = try rows.next() {
            guard let side = VesselBranchRow.Side(rawValue: row["side"]) else { throw broken(row) }
            found[row["case_"], default: [:]][row["measurement"], default: []].append(
                VesselBranchRow(
                    side: side, index: row["branch"], lengthMM: row["length_mm"], meanRadiusMM: row["mean_radius_mm"],
                    coveredShare: row["covered_share"], isDetected: row["detected"], isUnbroken: row["unbroken"],
                    middleMM: SIMD3(row["middle_r_mm"], row["middle_a_mm"], row["middle_s_mm"])))
        }
        return found
    }
}
