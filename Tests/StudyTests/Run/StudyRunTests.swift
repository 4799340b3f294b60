import Cohort
import Engine
import Foundation
import Imaging
import Metrics
import Synchronization
import Testing

@testable import Study

/// A generator that fails for some cases, waits for others, and counts its calls.
struct TryingGenerator: Generator {
    let inner: VolumesGenerator
    var failing: Set<String> = []
    var onGenerate: @Sendable (String) -> Void = { _ in }

    var identity: ModelIdentity { inner.identity }

    func generate(_ request: GenerationRequest) throws(GeneratorError) -> GeneratedCase {
        onGenerate(request.caseID)
        if failing.contains(request.caseID) { throw GeneratorError(.failed, "the model gave up") }
        return try inner.generate(request)
    }
}

/// Collects from several threads.
final class Collected<Value: Sendable>: Sendable {
    private let values = Mutex<[Value]>([])
    func add(_ value: Value) { values.withLock { $0.append(value) } }
    var all: [Value] { values.withLock { $0 } }
}

struct StudyRunTests {
    @Test func aSmallCohortIsEvaluatedStoredAndJudged() async throws {
        let folder = try TestFolder()
        let cohort = try SmallCohort.make(in: folder, cases: 4)
        let outcome = try await SmallCohort.run(cohort, store: folder.file("s.sqlite"))
        #expect(outcome.status == .complete)
        #expect(outcome.counts == [.ok: 4])
        #expect(outcome.verdict == .pass)
        #expect(outcome.exitCode == 0)

        let store = try Store.openForReading(path: folder.file("s.sqlite"))
        let record = try store.record(ofRun: outcome.runID)
        #expect(record.cases.map(\.id) == ["C1", "C2", "C3", "C4"])
        #expect(record.sites.map(\.code) == ["site1", "site2"])
        #expect(record.verdict == .pass)
        #expect(record.run.resultsDigest == outcome.resultsDigest)
        for item in record.cases {
            #expect(item.outcome.status == .ok)
            #expect(item.files.map(\.column).contains("truth"))
            #expect(item.measurement("mae", "body")?.measurement.value.number != nil)
            #expect(item.measurement("hausdorff_95", "lesions")?.measurement.value.number != nil)
            #expect(item.measurement("ssim", "body")?.measurement.details.contains { $0.name == "per_slice" } == true)
            #expect(!item.pictures.isEmpty)
            #expect(item.pictures.allSatisfy { $0.png.starts(with: [0x89, 0x50, 0x4E, 0x47]) })
            #expect(
                item.outcome.stageSeconds.map(\.name) == [
                    "eligibility", "input", "generation", "geometry", "evaluation", "pictures",
                ])
            #expect(item.sex != nil && item.ageBand == "60-69")
        }
        let decision = try #require(record.decision(of: "CR.MAE"))
        #expect(decision.evaluated == 4 && decision.missing == 0)
        #expect(try AuditVerification.verify(path: folder.file("s.sqlite")).isSealed == true)
    }

    @Test func aFailingCaseIsRecordedAndTheOthersGoOn() async throws {
        let folder = try TestFolder()
        let cohort = try SmallCohort.make(in: folder, cases: 3)
        let generator = TryingGenerator(inner: try VolumesGenerator(cohort: cohort), failing: ["C2"])
        let outcome = try await SmallCohort.run(cohort, store: folder.file("s.sqlite"), generator: generator)
        #expect(outcome.status == .partial)
        #expect(outcome.exitCode == 3)
        #expect(outcome.counts == [.ok: 2, .failed: 1])
        let record = try Store.openForReading(path: folder.file("s.sqlite")).record(ofRun: outcome.runID)
        let failed = try #require(record.caseNamed("C2")?.outcome)
        #expect(failed.stage == .generation)
        #expect(failed.reasonCode == "generator_failed")
        #expect(failed.message == "the model gave up")
        #expect(record.caseNamed("C2")?.measurements.isEmpty == true)
        #expect(record.decision(of: "CR.MAE")?.verdict == .notEvaluable)
    }

    @Test func damagedAndMissingFilesAreReasonsWithoutPaths() async throws {
        let folder = try TestFolder()
        let cohort = try SmallCohort.make(in: folder, cases: 3)
        let generator = try VolumesGenerator(cohort: cohort)
        try FileManager.default.removeItem(atPath: cohort.path("C1-liver.nii.gz"))
        try Data([1, 2, 3]).write(to: URL(fileURLWithPath: cohort.path("C2-mr.nii.gz")))
        let outcome = try await SmallCohort.run(cohort, store: folder.file("s.sqlite"), generator: generator)
        let record = try Store.openForReading(path: folder.file("s.sqlite")).record(ofRun: outcome.runID)
        #expect(record.caseNamed("C1")?.outcome.reasonCode == "file_missing")
        #expect(record.caseNamed("C2")?.outcome.reasonCode == "file_malformed")
        for item in record.cases { #expect(item.outcome.message?.contains(folder.path) != true) }
    }

    @Test func anotherGridIsRefusedUnlessTheProtocolResamples() async throws {
        let folder = try TestFolder()
        let cohort = try SmallCohort.make(in: folder, cases: 3)
        let other = try Geometry(
            dimensions: SIMD3(16, 14, 14), affine: Affine(SIMD4(-4, 0, 0, 30), SIMD4(0, -4, 0, 26), SIMD4(0, 0, 3, -20))
        )
        let image = try VolumeReader.readVolume(path: cohort.path("C1-gen.nii.gz"))
        try NIfTIWriter.write(
            image.resampled(onto: other, interpolation: .linear, outside: 0), to: cohort.path("C1-gen.nii.gz"))
        let first = try await SmallCohort.run(cohort, store: folder.file("a.sqlite"))
        let refused = try Store.openForReading(path: folder.file("a.sqlite")).record(ofRun: first.runID)
        #expect(refused.caseNamed("C1")?.outcome.reasonCode == "grid_mismatch")
        #expect(refused.caseNamed("C1")?.outcome.stage == .geometry)

        let linear = try SmallCohort.protocolFile {
            $0.replacingOccurrences(of: "Resampling=\"none\"", with: "Resampling=\"linear\"")
        }
        let second = try await SmallCohort.run(cohort, store: folder.file("b.sqlite"), file: linear)
        let taken = try Store.openForReading(path: folder.file("b.sqlite")).record(ofRun: second.runID)
        #expect(taken.caseNamed("C1")?.outcome.status == .ok)
        #expect(taken.caseNamed("C1")?.geometry?.contains("resampled onto the truth's grid (linear)") == true)
    }

    @Test func theDigestDoesNotDependOnJobsThreadsOrRun() async throws {
        let folder = try TestFolder()
        let cohort = try SmallCohort.make(in: folder, cases: 5)
        var digests: Set<String> = []
        for (jobs, threads) in [(1, 1), (4, 1), (2, 3)] {
            let options = RunOptions(runID: UUID().uuidString, jobs: jobs, threadsPerCase: threads)
            let outcome = try await SmallCohort.run(cohort, store: folder.file("\(jobs).sqlite"), options: options)
            digests.insert(outcome.resultsDigest)
        }
        #expect(digests.count == 1)
    }

    @Test func aCaseThatDoesNotFitTheMemoryIsRefusedBeforeWork() async throws {
        let folder = try TestFolder()
        let cohort = try SmallCohort.make(in: folder, cases: 2)
        // 32 × 28 × 14 voxels of 48 bytes are 0.6 MB: no budget in whole MiB is too small, so the grid has to grow.
        let large = try Geometry(dimensions: SIMD3(256, 256, 14), affine: Affine(spacingMM: SIMD3(1, 1, 3)))
        try NIfTIWriter.write(Volume<Float>(geometry: large, repeating: 1), to: cohort.path("C1-mr.nii.gz"))
        let calls = Collected<String>()
        let generator = TryingGenerator(
            inner: try VolumesGenerator(cohort: cohort), onGenerate: { calls.add($0) })
        var options = RunOptions(runID: "r")
        options.memoryBudgetMiB = 16
        let outcome = try await SmallCohort.run(
            cohort, store: folder.file("s.sqlite"), options: options, generator: generator)
        let record = try Store.openForReading(path: folder.file("s.sqlite")).record(ofRun: outcome.runID)
        #expect(record.caseNamed("C1")?.outcome.reasonCode == "memory_budget")
        #expect(record.caseNamed("C2")?.outcome.status == .ok)
        #expect(calls.all == ["C2"])
    }

    @Test func casesThatTheProtocolDoesNotTakeAreExcludedWithTheReason() async throws {
        let folder = try TestFolder()
        let cohort = try SmallCohort.make(in: folder, cases: 4)
        let file = try SmallCohort.protocolFile {
            $0.replacingOccurrences(
                of: "<Sites Minimum=\"1\"/>",
                with: "<Sites Minimum=\"1\"><SiteRef SiteOID=\"site1\" Name=\"First\" PlannedCases=\"2\"/></Sites>")
        }
        let outcome = try await SmallCohort.run(cohort, store: folder.file("s.sqlite"), file: file)
        #expect(outcome.counts == [.ok: 2, .excluded: 2])
        #expect(outcome.status == .complete)
        let record = try Store.openForReading(path: folder.file("s.sqlite")).record(ofRun: outcome.runID)
        #expect(record.caseNamed("C2")?.outcome.reasonCode == "site_not_in_protocol")
        #expect(record.sites.first { $0.code == "site1" }?.name == "First")
    }

    @Test func deviationsOfTheManifestLeaveThePerProtocolSetWhenTheyAreMajor() async throws {
        let folder = try TestFolder()
        var cohort = try SmallCohort.make(in: folder, cases: 3)
        let path = cohort.directory + "/cohort.tsv"
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        let cells = ["deviation", "minor: one day late", "major: other contrast phase", "unclear"]
        let text = zip(lines, cells).map { "\($0)\t\($1)" }.joined(separator: "\n") + "\n"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        cohort = try Cohort.load(directory: cohort.directory)
        let outcome = try await SmallCohort.run(cohort, store: folder.file("s.sqlite"))
        let record = try Store.openForReading(path: folder.file("s.sqlite")).record(ofRun: outcome.runID)
        #expect(record.deviations.map(\.grade) == [.minor, .major, .major])
        #expect(record.deviations[1].message == "other contrast phase")
        let intervals = record.analyses(of: "EP.MAE").filter { $0.kind == .interval && $0.method == "mean_t" }
        #expect(intervals.first { $0.set == .perProtocol }?.planned == 1)
    }

    @Test func aProtocolOfTheOtherDirectionDoesNotBegin() async throws {
        let folder = try TestFolder()
        let cohort = try SmallCohort.make(in: folder, cases: 2)
        let file = try SmallCohort.protocolFile {
            $0.replacingOccurrences(of: "Source=\"CT\" Target=\"MR-T1\"", with: "Source=\"MR\" Target=\"CT\"")
        }
        await #expect(throws: RunError.self) {
            try await SmallCohort.run(cohort, store: folder.file("s.sqlite"), file: file)
        }
    }

    @Test func progressNamesEveryCaseOnce() async throws {
        let folder = try TestFolder()
        let cohort = try SmallCohort.make(in: folder, cases: 3)
        let finished = Collected<String>()
        _ = try await SmallCohort.run(cohort, store: folder.file("s.sqlite")) { news in
            if case .finished(let id, _, _, let total) = news { finished.add("\(id)/\(total)") }
        }
        #expect(finished.all.sorted() == ["C1/3", "C2/3", "C3/3"])
    }
}
