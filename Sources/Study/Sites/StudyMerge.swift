import Cohort
import Foundation
import GRDB
import Metrics

/// Joins the bundles of the sites in the coordinator's store.
///
/// Every bundle becomes a run of its own, and the last bundle of each site goes into one pooled run whose name and results depend on the set of
/// bundles alone. All bundles are verified before anything is changed, and all are taken in or none.
public struct StudyMerge {
    /// What a merge did.
    public struct Outcome: Sendable, Equatable {
        /// UUID of the pooled run.
        public var pooledRunID: String
        /// Sites in it.
        public var sites: [String]
        /// Bundles that were taken in, by name of their file.
        public var added: [String]
        /// Bundles that were known already.
        public var known: [String]
        /// Remarks, such as bundles that never arrived.
        public var findings: [String]
        /// How complete the pooled run is.
        public var status: RunStatus
        /// Verdict over the primary endpoints.
        public var verdict: Verdict
        /// Digest over the pooled results.
        public var resultsDigest: String
        /// 0 all passed, 1 not passed, 3 cases failed or are missing.
        public var exitCode: Int32 { status != .complete ? 3 : verdict == .pass ? 0 : 1 }
    }

    private let imports: [SiteImport]
    private let trustVersion: Int
    private let utc: String

    /// Verifies every bundle.
    ///
    /// - Parameters:
    ///   - bundles: Name without folder, for messages, and bytes of each.
    ///   - trust: Keys that the coordinator trusts.
    ///   - utc: Time now, UTC ISO 8601.
    /// - Throws: `BundleError` of the first bundle that is refused.
    public init(bundles: [(file: String, bytes: [UInt8])], trust: TrustList, utc: String) throws(BundleError) {
        let today = String(utc.prefix(10))
        let imports = try ParallelRows.map(bundles, share: 1) { _, item throws(BundleError) in
            let bundle = try SiteBundle(verifying: item.bytes, file: item.file, trust: trust, today: today)
            return try SiteImport(bundle, file: item.file, sha256: SHA256Digest.text(item.bytes))
        }
        self.imports = imports.sorted { first, second in
            (first.bundle.manifest.site, first.bundle.manifest.sequence, first.sha256)
                < (second.bundle.manifest.site, second.bundle.manifest.sequence, second.sha256)
        }
        trustVersion = trust.version
        self.utc = utc
    }

    /// Joins the bundles in a store, which is made where there is none.
    ///
    /// - Parameter path: Store of the coordinator.
    /// - Throws: `BundleError` for what contradicts the bundles that the store holds; `StoreError`. Then nothing was changed.
    public func merge(into path: String, user: String = "coordinator") throws -> Outcome {
        if try StoreFile.exists(path) { _ = try AuditVerification.verify(path: path) }
        let lastVersion = try Store.lastTrustVersion(path: path)
        guard trustVersion >= lastVersion else {
            throw BundleError(
                .trustRollback, file: "trust.json",
                "version \(trustVersion) is older than version \(lastVersion) used before")
        }
        var result: Outcome?
        try StoreAssembly.change(path: path, purpose: "merge", user: user, utc: utc) { store in
            let (outcome, isChanged) = try join(in: store)
            result = outcome
            return isChanged
        }
        guard let result else { throw StoreError.broken(path: path, finding: "the merge gave no result") }
        return result
    }

    private func join(in store: Store) throws -> (Outcome, isChanged: Bool) {
        var ledger = try store.mergeLedger()
        var added: [SiteImport] = []
        var known: [String] = []
        var findings: [String] = []
        for item in imports {
            let entry = MergeLedger.Entry(item)
            switch try ledger.add(entry, previousSHA256: item.bundle.manifest.previousSHA256, file: item.file) {
            case .known: known.append(item.file)
            case .added(let gap):
                if let gap { findings.append(gap) }
                added.append(item)
            }
        }
        var taken: [String: RunRecord] = [:]
        for item in added { taken[item.bundle.manifest.identifier] = try store.take(item, utc: utc) }
        let run = ledger.pooledRunID
        let isNew = try !store.runs().contains { $0.id == run }
        let record =
            isNew
            ? try pool(ledger, taken: taken, in: store, run: run) : try store.record(ofRun: run, pictures: false)
        let isNewTrust = try store.noteTrust(version: trustVersion, utc: utc)
        let outcome = Outcome(
            pooledRunID: run, sites: ledger.latest.keys.sorted(), added: added.map(\.file), known: known,
            findings: findings, status: record.run.status, verdict: record.verdict,
            resultsDigest: record.run.resultsDigest)
        return (outcome, isNew || isNewTrust || !added.isEmpty)
    }

    /// The pooled run from the last bundle of each site, in the order of sites and of each bundle's cases.
    private func pool(
        _ ledger: MergeLedger, taken: [String: RunRecord], in store: Store, run: String
    ) throws -> RunRecord {
        let entries = ledger.latest.values.sorted { $0.site < $1.site }
        let records = try entries.map { entry in
            try taken[entry.identifier]
                ?? store.record(ofRun: MergeLedger.uuid(entry.identifier), pictures: false)
        }
        guard let first = records.first else {
            throw StoreError.conflict(path: store.path, reason: "there is no bundle to pool")
        }
        let cases = records.flatMap { record in record.cases.sorted { $0.id < $1.id } }
        let file: ProtocolFile = try ProtocolFile(parsing: first.protocolFile.xml, file: "protocol.xml")
        var model = first.model
        if FinishedVolumes.isIdentity(model) {
            let digests = records.map(\.model.weightsSHA256).joined(separator: "\n")
            model.weightsSHA256 = SHA256Digest.text(Array(digests.utf8))
        }
        let manifests = records.map { $0.cohort.name + "\t" + $0.cohort.manifestSHA256 }.joined(separator: "\n")
        try store.begin(
            RunOpening(
                id: run, protocolFile: file, model: model,
                cohort: CohortFacts(
                    name: "pooled: " + entries.map(\.site).joined(separator: ", "),
                    manifestSHA256: SHA256Digest.text(Array(manifests.utf8)), seedNamespace: nil,
                    notes: ["origin": "signed bundles of \(entries.count) sites"]),
                cases: cases, arguments: ["site merge"], hostClass: "bundles of the sites",
                processor: "bundles of the sites",
                jobs: 1, seed: first.run.seed, toolVersion: ToolVersion.current, libraries: HostFacts.libraries,
                startedUTC: utc))
        let deviations = records.flatMap(\.deviations)
        try store.append(cases: cases, deviations: deviations, to: run, utc: utc)
        return try store.close(
            run, cases: cases, isComplete: records.allSatisfy { $0.run.status == .complete }, utc: utc)
    }
}

/// Volumes that were made before the study: their digest differs from site to site, though the model is one.
enum FinishedVolumes {
    private static let configurationSHA256 = SHA256Digest.text(Array("volumes/1".utf8))

    static func isIdentity(_ model: ModelIdentity) -> Bool { model.configurationSHA256 == configurationSHA256 }
}

extension MergeLedger.Entry {
    init(_ item: SiteImport) {
        let manifest = item.bundle.manifest
        let weights =
            manifest.configurationSHA256 == SHA256Digest.text(Array("volumes/1".utf8))
            ? "finished volumes" : "weights \(manifest.weightsSHA256)"
        self.init(
            site: manifest.site, identifier: manifest.identifier, sha256: item.sha256, sequence: manifest.sequence,
            auditCount: manifest.auditCount,
            comparison: "study \(manifest.study), protocol \(manifest.protocolSHA256), model \(manifest.modelName) "
                + "\(manifest.modelVersion), \(weights), configuration \(manifest.configurationSHA256)",
            subjects: Set(item.cases.map(\.subject)).union(item.truths.values))
    }

    /// The entry as one text for the audit trail; subjects stand with the run.
    var auditText: String {
        String(
            decoding: CanonicalJSON.object([
                "site": .string(site), "bundle": .string(identifier), "sha256": .string(sha256),
                "sequence": .integer(Int64(sequence)), "audit_count": .integer(Int64(auditCount)),
                "comparison": .string(comparison),
            ]).bytes, as: UTF8.self)
    }

    init?(auditText: String, subjects: Set<String>) {
        guard let content = try? CanonicalJSON.parse(Array(auditText.utf8)), let site = content["site"]?.text,
            let identifier = content["bundle"]?.text, let sha256 = content["sha256"]?.text,
            let sequence = content["sequence"]?.integer, let auditCount = content["audit_count"]?.integer,
            let comparison = content["comparison"]?.text
        else { return nil }
        self.init(
            site: site, identifier: identifier, sha256: sha256, sequence: Int(sequence), auditCount: Int(auditCount),
            comparison: comparison, subjects: subjects)
    }
}

extension Store {
    static let takeAction = "take in bundle"

    private static let trustAction = "use trust list"

    /// Highest version of a trust list that a store has been merged with; 0 where there is no store.
    public static func lastTrustVersion(path: String) throws -> Int {
        guard try StoreFile.exists(path) else { return 0 }
        return try openForReading(path: path).lastTrustVersion()
    }

    private func lastTrustVersion() throws -> Int {
        try read { db in
            try Int.fetchOne(
                db, sql: "SELECT max(CAST(after AS INTEGER)) FROM audit WHERE action = ?",
                arguments: [Store.trustAction])
        } ?? 0
    }

    /// Remembers a newer trust list, so that an older one is refused from now on.
    func noteTrust(version: Int, utc: String) throws -> Bool {
        guard try version > lastTrustVersion() else { return false }
        try write { db in
            try AuditChain.append(
                db, utc: utc, user: user, action: Store.trustAction, object: "trust list", after: String(version),
                reason: "older lists are refused from now on")
        }
        return true
    }

    /// What earlier merges took in, from the audit trail.
    func mergeLedger() throws -> MergeLedger {
        try read { db in
            var ledger = MergeLedger()
            let rows = try Row.fetchAll(
                db, sql: "SELECT object, after FROM audit WHERE action = ? ORDER BY seq",
                arguments: [Store.takeAction])
            for row in rows {
                let run = String((row["object"] as String).dropFirst("run ".count))
                let subjects = try String.fetchAll(
                    db,
                    sql: """
                        SELECT pseudonym FROM subject WHERE run = :run
                        UNION SELECT sha256 FROM case_file WHERE run = :run AND column_ = 'truth'
                        """, arguments: ["run": run])
                guard let entry = MergeLedger.Entry(auditText: row["after"], subjects: Set(subjects)) else {
                    throw StoreError.broken(path: path, finding: "the note of the bundle in \(run) cannot be read")
                }
                ledger.restore(entry)
            }
            return ledger
        }
    }

    /// Stores a bundle as a run of its own, and returns that run.
    func take(_ item: SiteImport, utc: String) throws -> RunRecord {
        let manifest = item.bundle.manifest
        let run = MergeLedger.uuid(manifest.identifier)
        try begin(
            RunOpening(
                id: run, protocolFile: item.protocolFile,
                model: ModelIdentity(
                    name: manifest.modelName, version: manifest.modelVersion, weightsSHA256: manifest.weightsSHA256,
                    configurationSHA256: manifest.configurationSHA256),
                cohort: CohortFacts(
                    name: "site " + manifest.site, manifestSHA256: manifest.cohortSHA256, seedNamespace: nil,
                    notes: ["bundle": manifest.identifier, "bundle_sha256": item.sha256]),
                cases: item.cases, arguments: ["bundle \(manifest.sequence) of site \(manifest.site)"],
                hostClass: "bundle of a site", processor: "bundle of a site", jobs: 1,
                seed: UInt64(manifest.seed) ?? 0, toolVersion: manifest.toolVersion, libraries: [:],
                startedUTC: manifest.created))
        try append(cases: item.cases, deviations: item.deviations, to: run, utc: utc)
        let record = try close(
            run, cases: item.cases, isComplete: manifest.caseCount >= manifest.plannedCount, utc: utc)
        let entry = MergeLedger.Entry(item)
        try write { db in
            try AuditChain.append(
                db, utc: utc, user: user, action: Store.takeAction, object: "run \(run)", after: entry.auditText,
                reason: "bundle \(manifest.sequence) of site \(manifest.site), signature verified")
        }
        return record
    }

    /// Stores outcomes and results of cases.
    func append(cases: [CaseRecord], deviations: [DeviationRecord], to run: String, utc: String) throws {
        let notes = Dictionary(grouping: deviations, by: \.caseID)
        let results = cases.filter { $0.outcome.status != .missing }.map {
            CaseResult(record: $0, inputSHA256: nil, deviations: notes[$0.id] ?? [], finishedUTC: utc)
        }
        try append(results, to: run)
    }

    /// Analyses a run whose cases are all stored, and ends it.
    ///
    /// - Parameter cases: The cases as they were stored, where they are in memory.
    /// - Returns: The run with its analyses.
    @discardableResult
    func close(
        _ run: String, cases: [CaseRecord]? = nil, isComplete: Bool, utc: String
    ) throws -> RunRecord {
        var record = try record(ofRun: run, pictures: false, cases: cases)
        record.analyses = StudyAnalysis(record: record).analyses()
        try append(analyses: record.analyses, to: run, utc: utc)
        let isDone =
            isComplete && record.cases.allSatisfy { $0.outcome.status == .ok || $0.outcome.status == .excluded }
        let exit = !isDone ? 3 : record.verdict == .pass ? 0 : 1
        record.run.status = isDone ? .complete : .partial
        record.run.endedUTC = utc
        try end(
            run: run, status: record.run.status, exitCode: exit, resultsDigest: record.run.resultsDigest, utc: utc)
        return record
    }
}
