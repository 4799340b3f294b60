public import Cohort

/// Everything that a report shows about one run, read from the store in one go.
public struct RunRecord: Sendable {
    /// The protocol.
    public var plan: StudyProtocol
    /// Its file.
    public var protocolFile: ProtocolFileRecord
    /// The run.
    public var run: RunFacts
    /// What generated the images.
    public var model: ModelIdentity
    /// Where the cases come from.
    public var cohort: CohortFacts
    /// Sites, by code.
    public var sites: [SiteRecord]
    /// Cases in the order of the cohort's manifest.
    public var cases: [CaseRecord]
    /// Analyses in the order of the protocol's endpoints.
    public var analyses: [AnalysisRecord]
    /// Deviations from the protocol, by case.
    public var deviations: [DeviationRecord]
    /// Shards that the run was joined from; empty for a run in one piece.
    public var shards: [ShardRecord]
    /// The audit chain.
    public var audit: AuditRecord

    /// The case with an identifier.
    public func caseNamed(_ id: String) -> CaseRecord? { cases.first { $0.id == id } }

    /// Analyses of one endpoint.
    public func analyses(of endpoint: String) -> [AnalysisRecord] { analyses.filter { $0.endpointOID == endpoint } }

    /// The analysis that a criterion was judged on.
    public func decision(of criterion: String) -> AnalysisRecord? {
        analyses.first { $0.kind == .decision && $0.criterionOID == criterion }
    }

    /// The verdict of the study: all criteria on primary endpoints.
    public var verdict: Verdict {
        let primary = Set(plan.endpoints.filter { $0.role == .primary }.map(\.oid))
        let verdicts = plan.criteria.filter { primary.contains($0.endpointOID) }
            .map { decision(of: $0.oid)?.verdict ?? .notEvaluable }
        return Verdict.joined(verdicts)
    }
}

/// The file of a protocol.
public struct ProtocolFileRecord: Sendable, Equatable {
    /// Exact bytes.
    public var xml: [UInt8]
    /// SHA-256 of the bytes.
    public var sha256: String
    /// SHA-256 of the schema it was checked with.
    public var schemaSHA256: String
    /// When it was locked into the store, UTC.
    public var lockedUTC: String

    /// Makes a record.
    public init(xml: [UInt8], sha256: String, schemaSHA256: String, lockedUTC: String) {
        self.xml = xml
        self.sha256 = sha256
        self.schemaSHA256 = schemaSHA256
        self.lockedUTC = lockedUTC
    }
}

/// How far a run got.
public enum RunStatus: String, Sendable, CaseIterable {
    /// Under way, or ended without a word.
    case running
    /// Every case was evaluated.
    case complete
    /// Ended, but cases failed or are missing.
    case partial
    /// Stopped by a person; `--resume` goes on.
    case interrupted
}

/// Facts about one run.
public struct RunFacts: Sendable, Equatable {
    /// UUID.
    public var id: String
    /// How far it got.
    public var status: RunStatus
    /// Start, UTC ISO 8601.
    public var startedUTC: String
    /// End, UTC ISO 8601; nil while it runs.
    public var endedUTC: String?
    /// Options that change results, as words; no paths.
    public var arguments: [String]
    /// Kind of machine, such as `Linux x86_64`; never its name.
    public var hostClass: String
    /// Processor, as the system names it.
    public var processor: String
    /// Cases at a time.
    public var jobs: Int
    /// Seed of the run.
    public var seed: UInt64
    /// Version of the tool.
    public var toolVersion: String
    /// Commit it was built from, if known.
    public var commit: String?
    /// Versions of libraries, by name.
    public var libraries: [String: String]
    /// Cases of the cohort.
    public var caseCount: Int
    /// Digest over all result rows, without what changes from run to run.
    public var resultsDigest: String
}

/// Facts about the cohort of a run.
public struct CohortFacts: Sendable, Equatable {
    /// Its name.
    public var name: String
    /// SHA-256 of its manifest.
    public var manifestSHA256: String
    /// Seed namespace of phantom data, such as `validation`, if it has one.
    public var seedNamespace: String?
    /// Further facts from its description, for reports.
    public var notes: [String: String]

    /// Makes a record.
    public init(name: String, manifestSHA256: String, seedNamespace: String?, notes: [String: String]) {
        self.name = name
        self.manifestSHA256 = manifestSHA256
        self.seedNamespace = seedNamespace
        self.notes = notes
    }
}

/// A site as protocol and cohort know it.
public struct SiteRecord: Sendable, Equatable {
    /// Code.
    public var code: String
    /// Name for people; the code where the protocol gives none.
    public var name: String
    /// Country.
    public var country: String?
    /// Reference of its ethics vote.
    public var ethicsReference: String?
    /// Planned cases.
    public var plannedCases: Int?
    /// Listed cases.
    public var listedCases: Int
}

/// One shard of a run.
public struct ShardRecord: Sendable, Equatable {
    /// Number, from 1.
    public var index: Int
    /// Of how many.
    public var count: Int
    /// SHA-256 of the shard's store or bundle, if it was joined from one.
    public var sha256: String?
    /// How far it got.
    public var status: RunStatus
}

/// A deviation from the protocol.
public struct DeviationRecord: Sendable, Equatable {
    /// Weight.
    public enum Grade: String, Sendable, CaseIterable {
        /// No effect on the sets.
        case minor
        /// Leaves the per-protocol set.
        case major
    }
    /// Case.
    public var caseID: String
    /// Weight.
    public var grade: Grade
    /// Short code, such as `registration_error`.
    public var code: String
    /// One sentence.
    public var message: String

    /// Makes a record.
    public init(caseID: String, grade: Grade, code: String, message: String) {
        self.caseID = caseID
        self.grade = grade
        self.code = code
        self.message = message
    }
}

/// One event of the audit trail.
public struct AuditEvent: Sendable, Equatable {
    /// Position, from 1.
    public var sequence: Int
    /// UTC ISO 8601.
    public var utc: String
    /// Who, as a role or account; never an e-mail address.
    public var user: String
    /// What was done.
    public var action: String
    /// To what.
    public var object: String
    /// Why.
    public var reason: String
    /// Hash of the row, 64 hexadecimal digits.
    public var hash: String
}

/// The audit trail of the store.
public struct AuditRecord: Sendable, Equatable {
    /// Rows in the chain.
    public var count: Int
    /// Hash of the last row.
    public var head: String
    /// Events of this run, oldest first.
    public var events: [AuditEvent]
}
