import Cohort

/// A part of the case list: number `index` of `count`.
///
/// The split follows the order of the manifest, so that every shard knows its cases without asking the others.
public struct Shard: Sendable, Equatable {
    /// Number, from 1.
    public let index: Int
    /// Of how many.
    public let count: Int

    /// Makes a shard, or nil when the number does not lie in 1…count.
    public init?(index: Int, count: Int) {
        guard count >= 1, count <= 100_000, (1...count).contains(index) else { return nil }
        self.index = index
        self.count = count
    }

    /// Reads `i/n`, or nil when it is not that.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let index = StrictNumber.integer(String(parts[0])),
            let count = StrictNumber.integer(String(parts[1]))
        else { return nil }
        self.init(index: index, count: count)
    }

    /// Whether the case at a position of the manifest, from 0, belongs to the shard.
    public func contains(position: Int) -> Bool { position % count == index - 1 }
}

/// How a run is carried out.
public struct RunOptions: Sendable {
    /// Cases at a time.
    public var jobs: Int
    /// Threads inside a case; no result depends on it.
    public var threadsPerCase: Int
    /// Seed of every random number.
    public var seed: UInt64
    /// Whether to go on with the last run of the same protocol, model, cohort and seed.
    public var isResuming: Bool
    /// Part of the case list; nil: all.
    public var shard: Shard?
    /// Memory that all cases together may take, in MiB; nil: no limit.
    public var memoryBudgetMiB: Int?
    /// UUID of the run if it is a new one.
    public var runID: String
    /// Options that change results, as words without paths, for the report.
    public var arguments: [String]
    /// Commit that the tool was built from, if known.
    public var commit: String?
    /// SHA-256 of the manifest of the model's training, if it has one.
    public var trainingManifestSHA256: String?

    /// Takes every case whose pictures the protocol allows, before it is stored.
    ///
    /// Called from several threads; nothing that it does changes a result.
    public var show: (@Sendable (CaseShown) -> Void)?

    /// Makes options.
    public init(
        runID: String, jobs: Int = 1, threadsPerCase: Int = 1, seed: UInt64 = 1, isResuming: Bool = false,
        shard: Shard? = nil, memoryBudgetMiB: Int? = nil, arguments: [String] = [], commit: String? = nil,
        trainingManifestSHA256: String? = nil
    ) {
        self.runID = runID
        self.jobs = max(1, jobs)
        self.threadsPerCase = max(1, threadsPerCase)
        self.seed = seed
        self.isResuming = isResuming
        self.shard = shard
        self.memoryBudgetMiB = memoryBudgetMiB
        self.arguments = arguments
        self.commit = commit
        self.trainingManifestSHA256 = trainingManifestSHA256
    }
}

/// News of a run on its way.
public enum RunProgress: Sendable {
    /// The run begins: its identifier, cases to do, cases that are already done.
    case began(run: String, toDo: Int, done: Int)
    /// A case enters a stage.
    case stage(caseID: String, CaseStage)
    /// A case is stored: outcome, and how many of how many are done.
    case finished(caseID: String, CaseOutcome, done: Int, total: Int)
    /// The cases are done; the statistics begin.
    case analysing
}

/// How a run ended.
public struct RunOutcome: Sendable, Equatable {
    /// UUID.
    public var runID: String
    /// How far it got.
    public var status: RunStatus
    /// Cases by what became of them.
    public var counts: [CaseStatus: Int]
    /// Verdict over the primary endpoints.
    public var verdict: Verdict
    /// Digest over all results.
    public var resultsDigest: String
    /// Exit code of the command: 0 all passed, 1 not passed, 3 done in part.
    public var exitCode: Int32
}

/// Why a run cannot begin.
public enum RunError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Cohort and protocol do not belong together; says what does not fit.
    case cohortDoesNotFit(cohort: String, reason: String)
    /// The cohort lists no case.
    case noCases(cohort: String)
    /// The protocol names a method that an earlier version carried out.
    case retiredMethod(name: String, successor: String)

    /// One sentence with file and cause.
    public var description: String {
        switch self {
        case .cohortDoesNotFit(let cohort, let reason): "the cohort '\(SafeText.printable(cohort))': \(reason)"
        case .noCases(let cohort): "the cohort '\(SafeText.printable(cohort))' lists no case"
        case .retiredMethod(let name, let successor):
            "the protocol names '\(name)', which this version no longer carries out; its successor is '\(successor)': "
                + "amend the protocol for new runs (stores made by '\(name)' stay readable)"
        }
    }
}
