import Cohort
import Foundation
import GRDB

/// Joins the stores of shards to one run, equal to what one process would have stored.
public struct ShardMerge {
    /// What a merge did.
    public struct Outcome: Sendable, Equatable {
        /// UUID of the joined run.
        public var runID: String
        /// Number of shards that the case list was split into.
        public var shardCount: Int
        /// Shards that are there, complete or not.
        public var found: [Int]
        /// Shards that are not there.
        public var missing: [Int]
        /// Cases by what became of them.
        public var counts: [CaseStatus: Int]
        /// How complete the run is.
        public var status: RunStatus
        /// Verdict over the primary endpoints.
        public var verdict: Verdict
        /// Digest over all results.
        public var resultsDigest: String
        /// 0 all passed, 1 not passed, 3 cases or shards are missing.
        public var exitCode: Int32 { status != .complete ? 3 : verdict == .pass ? 0 : 1 }
    }

    private struct Part {
        var path: String
        var sha256: String
        var run: RunSummary
        var shard: ShardRecord
        var resultsDigest: String
    }

    private let parts: [Part]
    private let utc: String

    /// Verifies every store: its audit chain, and that it is a shard of the same protocol, model, cohort and seed.
    ///
    /// Two stores of one shard are fine when their results are equal: a job that ran twice.
    ///
    /// - Parameters:
    ///   - stores: Paths.
    ///   - utc: Time now, UTC ISO 8601.
    /// - Throws: `StoreError` naming the store that does not fit.
    public init(stores: [String], utc: String) throws {
        var parts: [Int: Part] = [:]
        for path in stores.sorted() {
            let part = try ShardMerge.part(path)
            if let first = parts.values.min(by: { $0.shard.index < $1.shard.index }) {
                try ShardMerge.require(part, fits: first)
            }
            if let twin = parts[part.shard.index] {
                guard twin.resultsDigest == part.resultsDigest else {
                    throw StoreError.conflict(
                        path: path,
                        reason:
                            "shard \(part.shard.index) is in '\(SafeText.printable(twin.path))' too, with other results"
                    )
                }
                continue
            }
            parts[part.shard.index] = part
        }
        guard !parts.isEmpty else { throw StoreError.notFound(path: "shards") }
        self.parts = parts.values.sorted { $0.shard.index < $1.shard.index }
        self.utc = utc
    }

    private static func part(_ path: String) throws -> Part {
        _ = try AuditVerification.verify(path: path)
        let store = try Store.openForReading(path: path)
        let sha256: String
        do throws(CohortError) { sha256 = try FileDigest.sha256(path: path) } catch {
            throw StoreError.inputOutput(path: path, reason: error.description)
        }
        for run in try store.runs().reversed() {
            let record = try store.record(ofRun: run.id, pictures: false)
            guard let shard = record.shards.first, record.shards.count == 1 else { continue }
            return Part(
                path: path, sha256: sha256, run: run,
                shard: ShardRecord(index: shard.index, count: shard.count, sha256: nil, status: record.run.status),
                resultsDigest: record.run.resultsDigest)
        }
        throw StoreError.conflict(path: path, reason: "it holds no run that is one shard of a case list")
    }

    private static func require(_ part: Part, fits first: Part) throws {
        func refuse(_ what: String) -> StoreError {
            .conflict(
                path: part.path, reason: "it has \(what) than '\(SafeText.printable(first.path))': not one study")
        }
        guard part.run.protocolSHA256 == first.run.protocolSHA256 else { throw refuse("another protocol") }
        guard part.run.model == first.run.model else { throw refuse("another model") }
        guard part.run.cohortManifestSHA256 == first.run.cohortManifestSHA256 else { throw refuse("another cohort") }
        guard part.run.seed == first.run.seed else { throw refuse("another seed") }
        guard part.shard.count == first.shard.count else { throw refuse("another number of shards") }
    }

    /// Joins the shards in a store, which is made where there is none.
    ///
    /// A run that was joined from the same shards before is left as it is.
    ///
    /// - Throws: `StoreError`; then nothing was changed.
    public func merge(into path: String, user: String = "operator") throws -> Outcome {
        if try StoreFile.exists(path) { _ = try AuditVerification.verify(path: path) }
        var outcome: Outcome?
        try StoreAssembly.change(path: path, purpose: "merge", user: user, utc: utc) { store in
            let isNew = try !store.runs().contains { $0.id == runID }
            if isNew { try join(in: store) }
            let record = try store.record(ofRun: runID, pictures: false)
            outcome = Outcome(
                runID: runID, shardCount: count, found: parts.map(\.shard.index), missing: missing,
                counts: Dictionary(grouping: record.cases, by: \.outcome.status).mapValues(\.count),
                status: record.run.status, verdict: record.verdict, resultsDigest: record.run.resultsDigest)
            return isNew
        }
        guard let outcome else { throw StoreError.broken(path: path, finding: "the merge gave no result") }
        return outcome
    }

    private var count: Int { parts.first?.shard.count ?? 0 }

    private var missing: [Int] {
        let found = Set(parts.map(\.shard.index))
        return (1...max(1, count)).filter { !found.contains($0) }
    }

    /// The same for the same shards with the same results.
    private var runID: String {
        let lines = parts.map { "\($0.shard.index)/\($0.shard.count) \($0.resultsDigest)" }
        return MergeLedger.uuid(SHA256Digest.text(Array(("shards\n" + lines.joined(separator: "\n")).utf8)))
    }

    private func join(in store: Store) throws {
        for (position, part) in parts.enumerated() {
            let source = try Store.openForReading(path: part.path)
            let record = try source.record(ofRun: part.run.id)
            if position == 0 { try begin(record, source, in: store) }
            let standings = try source.standings(of: part.run.id)
            let deviations = Dictionary(grouping: record.deviations, by: \.caseID)
            for item in record.cases {
                guard let standing = standings[item.id] else { continue }
                try store.append(
                    CaseResult(
                        record: item, inputSHA256: standing.inputSHA256, deviations: deviations[item.id] ?? [],
                        finishedUTC: record.run.endedUTC ?? utc), to: runID)
            }
        }
        let found = parts.map {
            ShardRecord(index: $0.shard.index, count: count, sha256: $0.sha256, status: $0.shard.status)
        }
        let lost = missing.map { ShardRecord(index: $0, count: count, sha256: nil, status: .running) }
        try store.append(shards: (found + lost).sorted { $0.index < $1.index }, to: runID, utc: utc)
        try store.close(runID, isComplete: missing.isEmpty, utc: utc)
    }

    private func begin(_ record: RunRecord, _ source: Store, in store: Store) throws {
        let training = try source.read { db in
            try String.fetchOne(
                db,
                sql: "SELECT training_manifest_sha256 FROM model JOIN run ON run.model = model.id WHERE run.id = ?",
                arguments: [record.run.id])
        }
        try store.begin(
            RunOpening(
                id: runID,
                protocolFile: try ProtocolFile(parsing: record.protocolFile.xml, file: "protocol.xml"),
                model: record.model, trainingManifestSHA256: training, cohort: record.cohort, cases: record.cases,
                arguments: record.run.arguments, hostClass: record.run.hostClass, processor: record.run.processor,
                jobs: record.run.jobs, seed: record.run.seed, toolVersion: record.run.toolVersion,
                commit: record.run.commit, libraries: record.run.libraries, startedUTC: record.run.startedUTC))
    }
}
