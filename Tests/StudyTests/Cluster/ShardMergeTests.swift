import Cohort
import Foundation
import Testing

@testable import Study

struct ShardMergeTests {
    private let utc = "2026-11-25T00:00:00Z"

    private func run(
        _ folder: TestFolder, _ name: String, shard: Shard? = nil, seed: UInt64 = 1, cohortName: String = "cohort",
        cases: Int = 7
    ) async throws -> (path: String, outcome: RunOutcome) {
        let exists = FileManager.default.fileExists(atPath: folder.file(cohortName))
        let cohort =
            exists
            ? try Cohort.load(directory: folder.file(cohortName))
            : try SmallCohort.make(in: folder, cases: cases, name: cohortName)
        let outcome = try await SmallCohort.run(
            cohort, store: folder.file(name),
            options: RunOptions(runID: UUID().uuidString.lowercased(), seed: seed, shard: shard))
        return (folder.file(name), outcome)
    }

    @Test func shardsJoinToWhatOneProcessStores() async throws {
        let folder = try TestFolder()
        let whole = try await run(folder, "whole.sqlite")
        for count in [2, 3] {
            var paths: [String] = []
            for index in 1...count {
                paths.append(
                    try await run(folder, "shard-\(index)-of-\(count).sqlite", shard: Shard(index: index, count: count))
                        .path)
            }
            let target = folder.file("joined-\(count).sqlite")
            let outcome = try ShardMerge(stores: paths.reversed(), utc: utc).merge(into: target)
            #expect(outcome.resultsDigest == whole.outcome.resultsDigest, "\(count) shards")
            #expect(outcome.status == .complete && outcome.verdict == whole.outcome.verdict)
            _ = try AuditVerification.verify(path: target)
            let again = try ShardMerge(stores: paths, utc: utc).merge(into: target)
            #expect(again == outcome)
            #expect(try Store.openForReading(path: target).runs().count == 1)
        }
    }

    @Test func aLostShardIsNamedAndItsReturnCompletesTheRun() async throws {
        let folder = try TestFolder()
        let whole = try await run(folder, "whole.sqlite")
        var paths: [String] = []
        for index in 1...3 {
            paths.append(try await run(folder, "s\(index).sqlite", shard: Shard(index: index, count: 3)).path)
        }
        let target = folder.file("joined.sqlite")
        let partial = try ShardMerge(stores: [paths[0], paths[2]], utc: utc).merge(into: target)
        #expect(partial.missing == [2] && partial.status == .partial && partial.exitCode == 3)
        #expect(partial.counts[.missing] == 2)
        let complete = try ShardMerge(stores: paths, utc: utc).merge(into: target)
        #expect(complete.missing.isEmpty && complete.resultsDigest == whole.outcome.resultsDigest)
        let record = try Store.openForReading(path: target).record(ofRun: complete.runID)
        #expect(record.shards.map(\.index) == [1, 2, 3] && record.shards.allSatisfy { $0.sha256 != nil })
    }

    @Test func aShardThatRanTwiceCountsOnceUnlessItsResultsDiffer() async throws {
        let folder = try TestFolder()
        let first = try await run(folder, "a.sqlite", shard: Shard(index: 1, count: 2)).path
        let twin = try await run(folder, "b.sqlite", shard: Shard(index: 1, count: 2)).path
        let second = try await run(folder, "c.sqlite", shard: Shard(index: 2, count: 2)).path
        let outcome = try ShardMerge(stores: [first, twin, second], utc: utc).merge(into: folder.file("j.sqlite"))
        #expect(outcome.status == .complete && outcome.found == [1, 2])
        let seeded = try await run(folder, "d.sqlite", shard: Shard(index: 2, count: 2), seed: 9).path
        #expect(throws: StoreError.self) { try ShardMerge(stores: [first, seeded], utc: utc) }
        let thirds = try await run(folder, "e.sqlite", shard: Shard(index: 2, count: 3)).path
        #expect(throws: StoreError.self) { try ShardMerge(stores: [first, thirds], utc: utc) }
        let whole = try await run(folder, "w.sqlite").path
        #expect(throws: StoreError.self) { try ShardMerge(stores: [whole], utc: utc) }
        #expect(throws: StoreError.self) { try ShardMerge(stores: [], utc: utc) }
    }
}
