public import Cohort
public import Engine
import Foundation

/// Evaluates the cases of a cohort by a protocol and stores everything.
public struct StudyRun: Sendable {
    private let file: ProtocolFile
    private let cohort: Cohort
    private let generator: any Generator
    private let store: Store
    private let options: RunOptions

    /// Prepares a run; nothing is written yet.
    ///
    /// - Throws: `RunError` when protocol and cohort do not belong together.
    public init(
        protocolFile: ProtocolFile, cohort: Cohort, generator: any Generator, store: Store, options: RunOptions
    ) throws(RunError) {
        try protocolFile.requireCurrentMethods()
        guard !cohort.cases.isEmpty else { throw .noCases(cohort: cohort.directory) }
        let plan = protocolFile.plan
        let eligibility = Eligibility(plan: plan)
        let fits = cohort.cases.contains { item in
            do throws(CaseFailure) {
                try eligibility.require(item)
                return true
            } catch { return false }
        }
        guard fits else {
            throw .cohortDoesNotFit(
                cohort: cohort.directory,
                reason: "no case is eligible by the protocol (\(plan.direction)); check series, sites and limits")
        }
        file = protocolFile
        self.cohort = cohort
        self.generator = generator
        self.store = store
        self.options = options
    }

    /// Carries the run out: every case that is still to do, then the analysis.
    ///
    /// Cancelling the task stops after the stage in hand; cases under way are not stored, those that are stored stay.
    ///
    /// - Parameter progress: Called from several threads, one call at a time per case.
    /// - Returns: How it ended.
    /// - Throws: `StoreError` when results cannot be stored.
    public func execute(progress: @escaping @Sendable (RunProgress) -> Void = { _ in }) async throws -> RunOutcome {
        let run = try begin()
        let standings = try store.standings(of: run)
        let mine = cohort.cases.enumerated().filter { options.shard?.contains(position: $0.offset) ?? true }
            .map(\.element)
        let toDo = mine.filter { !isDone($0, standings[$0.id]) }
        progress(.began(run: run, toDo: toDo.count, done: mine.count - toDo.count))
        try await carryOut(toDo, total: mine.count, run: run, progress: progress)
        let isInterrupted = Task.isCancelled
        progress(.analysing)
        return try finish(run, mine: mine, isInterrupted: isInterrupted)
    }

    // MARK: - Begin

    private func begin() throws -> String {
        if options.isResuming, let last = try resumable() {
            try store.noteResume(of: last, utc: UTCTime.now(), reason: "the run goes on")
            return last
        }
        try store.begin(
            RunOpening(
                id: options.runID, protocolFile: file, model: generator.identity,
                trainingManifestSHA256: options.trainingManifestSHA256, cohort: RunCases.facts(of: cohort),
                cases: RunCases.records(of: cohort), arguments: options.arguments, hostClass: HostFacts.kind,
                processor: HostFacts.processor, jobs: options.jobs, seed: options.seed,
                toolVersion: ToolVersion.current, commit: options.commit, libraries: HostFacts.libraries,
                startedUTC: UTCTime.now()))
        return options.runID
    }

    /// The last run of the same protocol, model, cohort and seed.
    private func resumable() throws -> String? {
        try store.runs().last { run in
            run.protocolSHA256 == file.sha256 && run.model == generator.identity
                && run.cohortManifestSHA256 == cohort.manifestSHA256 && run.seed == options.seed
        }?.id
    }

    /// Whether a case needs no work: it has results, and its files are those that they were made from.
    private func isDone(_ item: CohortCase, _ standing: CaseStanding?) -> Bool {
        guard let standing else { return false }
        if standing.status == .excluded { return true }
        guard standing.status == .ok, let known = standing.inputSHA256,
            let digests = try? cohort.digests(of: item)
        else { return false }
        let files = digests.map { CaseRecord.FileRecord(column: $0.column.rawValue, sha256: $0.sha256) }
        return CaseRun.inputDigest(files) == known
    }

    // MARK: - Cases

    private func carryOut(
        _ cases: [CohortCase], total: Int, run: String, progress: @escaping @Sendable (RunProgress) -> Void
    ) async throws {
        let width = min(options.jobs, max(1, cases.count))
        let budget = options.memoryBudgetMiB.map { max(1, $0 / width) }
        var done = total - cases.count
        try await withThrowingTaskGroup(of: CaseResult?.self) { group in
            var next = 0
            func add() {
                guard next < cases.count, !Task.isCancelled else { return }
                let item = cases[next]
                next += 1
                let work = CaseRun(
                    plan: file.plan, cohort: cohort, item: item, generator: generator, options: options,
                    memoryBudgetMiB: budget, progress: { progress(.stage(caseID: item.id, $0)) })
                group.addTask { work.result() }
            }
            for _ in 0..<width { add() }
            while let finished = try await group.next() {
                if let result = finished {
                    try store.append(result, to: run)
                    done += 1
                    progress(.finished(caseID: result.record.id, result.record.outcome, done: done, total: total))
                }
                add()
            }
        }
    }

    // MARK: - End

    private func finish(_ run: String, mine: [CohortCase], isInterrupted: Bool) throws -> RunOutcome {
        let standings = try store.standings(of: run)
        var counts: [CaseStatus: Int] = [:]
        for item in mine { counts[standings[item.id]?.status ?? .missing, default: 0] += 1 }
        if let shard = options.shard {
            let status: RunStatus = isInterrupted ? .interrupted : isComplete(counts) ? .complete : .partial
            try store.noteShard(
                ShardRecord(index: shard.index, count: shard.count, sha256: nil, status: status), of: run,
                utc: UTCTime.now())
        }
        CrashPoint.reach("before-analysis")
        let record = try store.record(ofRun: run, pictures: false)
        let analyses = StudyAnalysis(record: record).analyses()
        try store.append(analyses: analyses, to: run, utc: UTCTime.now())
        CrashPoint.reach("before-end")
        let digest = try store.resultsDigest(of: run)
        let status: RunStatus = isInterrupted ? .interrupted : isComplete(counts) ? .complete : .partial
        var judged = record
        judged.analyses = analyses
        let exit: Int32 = status != .complete ? 3 : options.shard != nil || judged.verdict == .pass ? 0 : 1
        try store.end(run: run, status: status, exitCode: Int(exit), resultsDigest: digest, utc: UTCTime.now())
        CrashPoint.reach("after-end")
        return RunOutcome(
            runID: run, status: status, counts: counts, verdict: judged.verdict, resultsDigest: digest, exitCode: exit)
    }

    private func isComplete(_ counts: [CaseStatus: Int]) -> Bool {
        counts[.failed, default: 0] == 0 && counts[.missing, default: 0] == 0
    }
}
