public import Cohort
import Foundation
import GRDB
import Metrics

/// What is known when a run begins.
public struct RunOpening: Sendable {
    /// UUID of the run.
    public var id: String
    /// The protocol that it is bound to.
    public var protocolFile: ProtocolFile
    /// What generates.
    public var model: ModelIdentity
    /// SHA-256 of the manifest of the model's training, if it has one.
    public var trainingManifestSHA256: String?
    /// Where the cases come from.
    public var cohort: CohortFacts
    /// Every listed case, in the order of the manifest; outcomes and results are ignored.
    public var cases: [CaseRecord]
    /// Options that change results, as words; no paths.
    public var arguments: [String]
    /// Kind of machine.
    public var hostClass: String
    /// Processor.
    public var processor: String
    /// Cases at a time.
    public var jobs: Int
    /// Seed of the run.
    public var seed: UInt64
    /// Version of the tool.
    public var toolVersion: String
    /// Commit of the tool, if known.
    public var commit: String?
    /// Versions of libraries.
    public var libraries: [String: String]
    /// Start, UTC ISO 8601.
    public var startedUTC: String

    /// Makes an opening.
    public init(
        id: String, protocolFile: ProtocolFile, model: ModelIdentity, trainingManifestSHA256: String? = nil,
        cohort: CohortFacts, cases: [CaseRecord], arguments: [String], hostClass: String, processor: String, jobs: Int,
        seed: UInt64, toolVersion: String, commit: String? = nil, libraries: [String: String], startedUTC: String
    ) {
        self.id = id
        self.protocolFile = protocolFile
        self.model = model
        self.trainingManifestSHA256 = trainingManifestSHA256
        self.cohort = cohort
        self.cases = cases
        self.arguments = arguments
        self.hostClass = hostClass
        self.processor = processor
        self.jobs = jobs
        self.seed = seed
        self.toolVersion = toolVersion
        self.commit = commit
        self.libraries = libraries
        self.startedUTC = startedUTC
    }
}

/// A run as a list shows it.
public struct RunSummary: Sendable, Equatable {
    /// UUID.
    public var id: String
    /// SHA-256 of its protocol.
    public var protocolSHA256: String
    /// What generated.
    public var model: ModelIdentity
    /// SHA-256 of the cohort's manifest.
    public var cohortManifestSHA256: String
    /// Start, UTC.
    public var startedUTC: String
    /// How far it got.
    public var status: RunStatus
    /// Seed.
    public var seed: UInt64
    /// Cases listed.
    public var caseCount: Int
}

extension Store {
    /// Stores protocol, model, run and its cases in one transaction.
    ///
    /// - Throws: `StoreError`.
    public func begin(_ opening: RunOpening) throws(StoreError) {
        announce(run: opening.id)
        try write { db in
            let utc = opening.startedUTC
            try insertProtocol(db, opening)
            let model = try insertModel(db, opening)
            try insertRun(db, opening, model: model)
            try AuditChain.bind(db, .run, key: [opening.id], utc: utc, user: user, reason: "run begins")
        }
    }

    private func insertProtocol(_ db: Database, _ opening: RunOpening) throws {
        let file = opening.protocolFile
        let identity = file.plan.identity
        let utc = opening.startedUTC
        if try !exists(db, "study", "oid", identity.studyOID) {
            try db.execute(
                sql: "INSERT INTO study VALUES (?, ?, ?, ?, ?)",
                arguments: [
                    identity.studyOID, identity.title, identity.intendedUse, identity.sponsor, identity.ethicsReference,
                ])
            try AuditChain.bind(
                db, .study, key: [identity.studyOID], utc: utc, user: user, reason: "study of the protocol")
        }
        guard try !exists(db, "protocol", "sha256", file.sha256) else { return }
        try db.execute(
            sql: "INSERT INTO protocol VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            arguments: [
                file.sha256, identity.studyOID, identity.version, identity.metaDataVersionOID, Data(file.bytes),
                ProtocolSchema.sha256, utc, user,
            ])
        for (position, amendment) in file.plan.amendments.enumerated() {
            try db.execute(
                sql: "INSERT INTO amendment VALUES (?, ?, ?, ?, ?, ?)",
                arguments: [
                    file.sha256, position, amendment.previousSHA256, amendment.date, amendment.isBeforeDataLock ? 1 : 0,
                    amendment.reason,
                ])
        }
        try AuditChain.bind(
            db, .protocol, key: [file.sha256], utc: utc, user: user, reason: "protocol locked by its hash")
    }

    private func insertModel(_ db: Database, _ opening: RunOpening) throws -> String {
        let model = opening.model
        let id = Store.modelID(model)
        if try !exists(db, "model", "id", id) {
            try db.execute(
                sql: "INSERT INTO model VALUES (?, ?, ?, ?, ?, ?, ?)",
                arguments: [
                    id, model.name, model.version, model.weightsSHA256, model.configurationSHA256,
                    opening.trainingManifestSHA256, model.parameters,
                ])
            try AuditChain.bind(
                db, .model, key: [id], utc: opening.startedUTC, user: user, reason: "model under test")
        }
        return id
    }

    /// Digest of everything that tells two models apart.
    static func modelID(_ model: ModelIdentity) -> String {
        var encoder = RowEncoder()
        for text in [model.name, model.version, model.weightsSHA256, model.configurationSHA256] { encoder.add(text) }
        encoder.add(model.parameters.databaseValue)
        return SHA256Digest.text(encoder.bytes)
    }

    private func insertRun(_ db: Database, _ opening: RunOpening, model: String) throws {
        try db.execute(
            sql: "INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            arguments: [
                opening.id, opening.protocolFile.sha256, model, opening.cohort.name, opening.cohort.manifestSHA256,
                opening.cohort.seedNamespace, CellText.encode(opening.cohort.notes), CellText.encode(opening.arguments),
                opening.startedUTC, opening.hostClass, opening.processor, opening.jobs, String(opening.seed),
                opening.toolVersion, opening.commit, CellText.encode(opening.libraries), opening.cases.count,
            ])
        let planned = Dictionary(
            opening.protocolFile.plan.sites.map { ($0.oid, $0) }, uniquingKeysWith: { first, _ in first })
        let listed = Dictionary(grouping: opening.cases, by: \.site)
        for code in Set(listed.keys).union(planned.keys).sorted() {
            let site = planned[code]
            try db.execute(
                sql: "INSERT INTO site VALUES (?, ?, ?, ?, ?, ?, ?)",
                arguments: [
                    opening.id, code, site?.name ?? code, site?.country, site?.ethicsReference, site?.plannedCases,
                    listed[code]?.count ?? 0,
                ])
        }
        var devices: [[String?]] = []
        for (position, item) in opening.cases.enumerated() {
            try db.execute(
                sql: "INSERT OR IGNORE INTO subject VALUES (?, ?, ?, ?, ?)",
                arguments: [opening.id, item.subject, item.site, item.sex, item.ageBand])
            try db.execute(
                sql: "INSERT INTO case_ VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                arguments: [
                    opening.id, item.id, position, item.subject, item.site,
                    device(of: item, run: opening.id, &devices, db), CellText.encode(item.covariates), item.sourcePhase,
                    item.truthPhase, item.registrationMethod, item.registrationErrorMM,
                ])
        }
    }

    private func device(
        of item: CaseRecord, run: String, _ devices: inout [[String?]], _ db: Database
    ) throws -> Int? {
        let facts = ["vendor", "model", "field_t", "kernel"].map { item.covariates[$0] }
        guard facts.contains(where: { $0 != nil }) else { return nil }
        if let known = devices.firstIndex(of: facts) { return known }
        devices.append(facts)
        try db.execute(
            sql: "INSERT INTO device VALUES (?, ?, ?, ?, ?, ?)",
            arguments: [run, devices.count - 1, facts[0], facts[1], facts[2], facts[3]])
        return devices.count - 1
    }

    private func exists(_ db: Database, _ table: String, _ column: String, _ value: String) throws -> Bool {
        try Int.fetchOne(db, sql: "SELECT count(*) FROM \(table) WHERE \(column) = ?", arguments: [value]) ?? 0 > 0
    }

    /// Notes in the chain that a run goes on.
    public func noteResume(of run: String, utc: String, reason: String) throws(StoreError) {
        announce(run: run)
        try write { db in
            try AuditChain.append(db, utc: utc, user: user, action: "resume", object: "run \(run)", reason: reason)
        }
    }

    /// Stores how a run ended; a later end supersedes it.
    public func end(
        run: String, status: RunStatus, exitCode: Int, resultsDigest: String, utc: String
    ) throws(StoreError) {
        try write { db in
            let last = try Int.fetchOne(db, sql: "SELECT max(revision) FROM run_end WHERE run = ?", arguments: [run])
            let revision = (last ?? 0) + 1
            try db.execute(
                sql: "INSERT INTO run_end VALUES (?, ?, ?, ?, ?, ?, ?)",
                arguments: [run, revision, utc, status.rawValue, exitCode, status == .complete ? 0 : 1, resultsDigest])
            try AuditChain.bind(
                db, .end, key: [run, revision], utc: utc, user: user, reason: "run ends: \(status.rawValue)")
        }
    }

    /// Stores the shards that a run was joined from.
    public func append(shards: [ShardRecord], to run: String, utc: String) throws(StoreError) {
        try write { db in
            for shard in shards {
                try db.execute(
                    sql: "INSERT INTO shard VALUES (?, ?, ?, ?, ?)",
                    arguments: [run, shard.index, shard.count, shard.sha256, shard.status.rawValue])
                try AuditChain.bind(
                    db, .shard, key: [run, shard.index], utc: utc, user: user, reason: "shard of the run")
            }
        }
    }

    /// Stores the shard that a store holds, once; later ends of it stand with the run.
    func noteShard(_ shard: ShardRecord, of run: String, utc: String) throws(StoreError) {
        let isKnown = try read { db in
            try Int.fetchOne(
                db, sql: "SELECT count(*) FROM shard WHERE run = ? AND number = ?", arguments: [run, shard.index]) ?? 0
        }
        if isKnown == 0 { try append(shards: [shard], to: run, utc: utc) }
    }

    /// The runs of the store, oldest first.
    public func runs() throws(StoreError) -> [RunSummary] {
        try read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT run.*, model.name AS model_name, model.version AS model_version, model.weights_sha256,
                        model.configuration_sha256, model.parameters,
                        (SELECT status FROM run_end WHERE run_end.run = run.id ORDER BY revision DESC LIMIT 1) AS status
                    FROM run JOIN model ON model.id = run.model ORDER BY run.rowid
                    """)
            return rows.map { row in
                RunSummary(
                    id: row["id"], protocolSHA256: row["protocol"], model: Store.model(row),
                    cohortManifestSHA256: row["cohort_manifest_sha256"], startedUTC: row["started_utc"],
                    status: (row["status"] as String?).flatMap(RunStatus.init(rawValue:)) ?? .running,
                    seed: UInt64(row["seed"] as String) ?? 0, caseCount: row["case_count"])
            }
        }
    }

    static func model(_ row: Row) -> ModelIdentity {
        ModelIdentity(
            name: row["model_name"], version: row["model_version"], weightsSHA256: row["weights_sha256"],
            configurationSHA256: row["configuration_sha256"], parameters: row["parameters"])
    }

    /// The run with an identifier, or the latest one.
    ///
    /// - Parameter id: The UUID, or its beginning when only one run begins so.
    /// - Throws: `StoreError.noSuchRun` naming the runs that there are.
    public func run(matching id: String?) throws(StoreError) -> RunSummary {
        let all = try runs()
        guard let id else {
            guard let last = all.last else { throw .noSuchRun(path: path, run: "latest", known: []) }
            return last
        }
        let found = all.filter { $0.id == id }.isEmpty ? all.filter { $0.id.hasPrefix(id) } : all.filter { $0.id == id }
        guard found.count == 1, !id.isEmpty else { throw .noSuchRun(path: path, run: id, known: all.map(\.id)) }
        return found[0]
    }
}
