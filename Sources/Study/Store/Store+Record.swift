import Foundation
import GRDB

extension Store {
    /// Everything about one run, for reports, gates and bundles.
    ///
    /// - Parameters:
    ///   - run: UUID of the run.
    ///   - pictures: Whether pictures are read too; without them the record is small.
    /// - Throws: `StoreError.noSuchRun`, `.broken` for values that this tool never writes.
    public func record(ofRun run: String, pictures: Bool = true) throws(StoreError) -> RunRecord {
        try record(ofRun: run, pictures: pictures, cases: nil)
    }

    /// The same, with cases that are in memory already because they were just stored.
    func record(ofRun run: String, pictures: Bool, cases: [CaseRecord]?) throws(StoreError) -> RunRecord {
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
            let stored = try cases ?? CaseReader(db: db, run: run, path: path).cases(pictures: pictures)
            return RunRecord(
                plan: file.plan,
                protocolFile: ProtocolFileRecord(
                    xml: file.bytes, sha256: file.sha256, schemaSHA256: locked.schema, lockedUTC: locked.utc),
                run: facts, model: Store.model(modelRow),
                cohort: CohortFacts(
                    name: row["cohort_name"], manifestSHA256: row["cohort_manifest_sha256"],
                    seedNamespace: row["seed_namespace"], notes: CellText.dictionary(row["cohort_notes"]) ?? [:]),
                sites: try sites(db, run), cases: stored, analyses: try analyses(db, run),
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
