import Cohort
import Engine
import Foundation
import Imaging
import Testing

@testable import Study

struct ResumeTests {
    private func options(_ id: String, resume: Bool = true, shard: Shard? = nil) -> RunOptions {
        RunOptions(runID: id, isResuming: resume, shard: shard)
    }

    @Test func aStoppedRunGoesOnAndGivesTheSameResults() async throws {
        let folder = try TestFolder()
        let cohort = try SmallCohort.make(in: folder, cases: 5)
        let whole = try await SmallCohort.run(cohort, store: folder.file("whole.sqlite"))

        let seen = Collected<String>()
        let work = Task {
            try await SmallCohort.run(cohort, store: folder.file("cut.sqlite"), options: options("first")) { news in
                if case .finished(let id, _, let done, _) = news {
                    seen.add(id)
                    if done == 2 { withUnsafeCurrentTask { $0?.cancel() } }
                }
            }
        }
        let stopped = try await work.value
        #expect(stopped.status == .interrupted)
        #expect(stopped.exitCode == 3)
        #expect(seen.all.count == 2)

        let again = Collected<String>()
        let resumed = try await SmallCohort.run(cohort, store: folder.file("cut.sqlite"), options: options("second")) {
            news in
            if case .finished(let id, _, _, _) = news { again.add(id) }
        }
        #expect(resumed.runID == "first")
        #expect(resumed.status == .complete)
        #expect(Set(again.all).isDisjoint(with: seen.all))
        #expect(resumed.resultsDigest == whole.resultsDigest)
        _ = try AuditVerification.verify(path: folder.file("cut.sqlite"))
    }

    @Test func onlyChangedAndFailedCasesAreDoneAgain() async throws {
        let folder = try TestFolder()
        let cohort = try SmallCohort.make(in: folder, cases: 4)
        let inner = try VolumesGenerator(cohort: cohort)
        _ = try await SmallCohort.run(
            cohort, store: folder.file("s.sqlite"), options: options("run"),
            generator: TryingGenerator(inner: inner, failing: ["C4"]))
        // Another liver for C2: its measurements change.
        try FileManager.default.removeItem(atPath: cohort.path("C2-liver.nii.gz"))
        try FileManager.default.copyItem(
            atPath: cohort.path("C2-glesions.nii.gz"), toPath: cohort.path("C2-liver.nii.gz"))
        let calls = Collected<String>()
        let outcome = try await SmallCohort.run(
            cohort, store: folder.file("s.sqlite"), options: options("other"),
            generator: TryingGenerator(inner: inner, onGenerate: { calls.add($0) }))
        #expect(calls.all.sorted() == ["C2", "C4"])
        #expect(outcome.runID == "run")
        #expect(outcome.counts == [.ok: 4])
        let store = try Store.openForReading(path: folder.file("s.sqlite"))
        #expect(try store.runs().count == 1)
        _ = try AuditVerification.verify(path: folder.file("s.sqlite"))
    }

    @Test func anotherProtocolOrModelBeginsANewRun() async throws {
        let folder = try TestFolder()
        let cohort = try SmallCohort.make(in: folder, cases: 2)
        _ = try await SmallCohort.run(cohort, store: folder.file("s.sqlite"), options: options("one"))
        let file = try SmallCohort.protocolFile {
            $0.replacingOccurrences(of: "Version=\"1.0\">", with: "Version=\"1.1\">")
        }
        let second = try await SmallCohort.run(
            cohort, store: folder.file("s.sqlite"), file: file, options: options("two"))
        #expect(second.runID == "two")
        let model = try VolumesGenerator(cohort: cohort, options: GeneratorOptions(modelName: "other"))
        let third = try await SmallCohort.run(
            cohort, store: folder.file("s.sqlite"), options: options("three"), generator: model)
        #expect(third.runID == "three")
        #expect(try Store.openForReading(path: folder.file("s.sqlite")).runs().map(\.id) == ["one", "two", "three"])
    }

    @Test func shardsDivideTheCasesAndTheirResultsAreThoseOfTheWhole() async throws {
        let folder = try TestFolder()
        let cohort = try SmallCohort.make(in: folder, cases: 5)
        let whole = try await SmallCohort.run(cohort, store: folder.file("whole.sqlite"))
        let reference = try Store.openForReading(path: folder.file("whole.sqlite")).record(ofRun: whole.runID)
        var seen: [String] = []
        for index in 1...3 {
            let outcome = try await SmallCohort.run(
                cohort, store: folder.file("\(index).sqlite"),
                options: options("shard\(index)", shard: Shard(index: index, count: 3)))
            #expect(outcome.status == .complete)
            let record = try Store.openForReading(path: folder.file("\(index).sqlite")).record(ofRun: outcome.runID)
            #expect(record.shards.map(\.index) == [index])
            for item in record.cases where item.outcome.status == .ok {
                seen.append(item.id)
                #expect(item.measurements == reference.caseNamed(item.id)?.measurements)
                #expect(item.pictures == reference.caseNamed(item.id)?.pictures)
            }
        }
        #expect(seen.sorted() == ["C1", "C2", "C3", "C4", "C5"])
    }

    @Test func shardsAreWrittenAsNumberOfCount() {
        #expect(Shard("2/5") == Shard(index: 2, count: 5))
        for bad in ["0/5", "6/5", "2", "a/b", "2/5/1", "-1/5", "", "1/0"] { #expect(Shard(bad) == nil) }
    }
}
