import Cohort
import Foundation
import Metrics

@testable import Study

/// Runs that were never made: numbers for each case, as records or in a store.
struct SyntheticStudy {
    /// One case with the values of MAE and of the lesions' HD95; nil: the case failed.
    struct Item {
        var id: String
        var site: String
        var mae: Double?
        var distance: Double?
        var sex: String = "F"
    }

    var items: [Item]
    var model = ModelIdentity(
        name: "model", version: "1", weightsSHA256: String(repeating: "a", count: 64),
        configurationSHA256: String(repeating: "c", count: 64), parameters: 12)
    var file: ProtocolFile
    var cohortSHA256 = String(repeating: "e", count: 64)
    var runID = UUID().uuidString.lowercased()

    init(_ items: [Item], weights: Character = "a", file: ProtocolFile? = nil) throws {
        self.items = items
        self.file = try file ?? SyntheticStudy.protocolFile()
        model.weightsSHA256 = String(repeating: weights, count: 64)
    }

    /// The protocol of the small cohort with margins on two endpoints.
    static func protocolFile(
        margin: String = "0.5", equivalence: String? = nil, missing: String = "complete-case"
    ) throws -> ProtocolFile {
        try SmallCohort.protocolFile { text in
            let range = equivalence.map { " Equivalence=\"\($0)\"" } ?? ""
            return text.replacing(
                "<Statistics",
                with: """
                    <RegressionMargins>
                      <Margin EndpointOID="EP.MAE" NonInferiority="\(margin)"\(range)>Test.</Margin>
                      <Margin EndpointOID="EP.HD" NonInferiority="0.2">Test.</Margin>
                    </RegressionMargins>
                    <Statistics
                    """
            ).replacing("MissingData=\"missing-as-failure\"", with: "MissingData=\"\(missing)\"")
        }
    }

    /// Cases of a listed study; MAE and distance follow a seeded generator.
    static func items(_ count: Int, sites: Int = 3, shift: Double = 0, seed: UInt64 = 1) -> [Item] {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        func noise() -> Double {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Double(state % 100_000) / 100_000 - 0.5
        }
        return (0..<count).map { index in
            Item(
                id: "C\(index + 1)", site: "site\(index % sites + 1)", mae: 12 + 4 * noise() + shift,
                distance: 2 + noise() + shift / 10, sex: index % 2 == 0 ? "F" : "M")
        }
    }

    func caseRecord(_ item: Item) -> CaseRecord {
        func record(_ metric: String, _ structure: String, _ value: Double, _ unit: String) -> MeasurementRecord {
            MeasurementRecord(
                measurement: Measurement(
                    metric: metric, structure: structure, value: .value(value), unit: unit,
                    parameters: [MetricParameter("tolerance_mm", .number(2)), MetricParameter("mode", .text("x"))]),
                implementationVersion: 1)
        }
        var measurements: [MeasurementRecord] = []
        if let mae = item.mae {
            measurements.append(record("mae", "body", mae, "HU"))
            measurements.append(record("ssim", "body", 1 - mae / 100, "1"))
        }
        if let distance = item.distance { measurements.append(record("hausdorff_95", "lesions", distance, "mm")) }
        let isFailed = item.mae == nil && item.distance == nil
        return CaseRecord(
            id: item.id, subject: "P-" + item.id, site: item.site, sex: item.sex, ageBand: "60-69",
            covariates: ["sex": item.sex, "age_band": "60-69", "vendor": "V\(item.site.suffix(1))", "note": "secret"],
            files: isFailed
                ? [] : [CaseRecord.FileRecord(column: "truth", sha256: SHA256Digest.text(Array(item.id.utf8)))],
            geometry: nil, sourcePhase: nil, truthPhase: nil, registrationMethod: nil, registrationErrorMM: nil,
            outcome: isFailed
                ? CaseOutcome(
                    status: .failed, stage: .generation, reasonCode: "timed_out",
                    message: "no image of patient Meier in /data/x")
                : CaseOutcome(status: .ok, seconds: 1.5), measurements: measurements, pictures: [])
    }

    var cohort: CohortFacts {
        CohortFacts(name: "synthetic", manifestSHA256: cohortSHA256, seedNamespace: nil, notes: [:])
    }

    /// The run as a record, analysed.
    func record() -> RunRecord {
        let cases = items.map(caseRecord)
        var record = RunRecord(
            plan: file.plan,
            protocolFile: ProtocolFileRecord(
                xml: file.bytes, sha256: file.sha256, schemaSHA256: "", lockedUTC: "2026-01-01T00:00:00Z"),
            run: RunFacts(
                id: runID, status: .complete, startedUTC: "2026-01-01T00:00:00Z", endedUTC: nil, arguments: [],
                hostClass: "Linux", processor: "x", jobs: 1, seed: 1, toolVersion: "0", commit: nil, libraries: [:],
                caseCount: cases.count, resultsDigest: ""), model: model, cohort: cohort,
            sites: Set(items.map(\.site)).sorted().map {
                SiteRecord(
                    code: $0, name: $0, country: nil, ethicsReference: nil, plannedCases: nil, listedCases: 0)
            }, cases: cases, analyses: [], deviations: [], shards: [],
            audit: AuditRecord(count: 0, head: "", events: []))
        record.analyses = StudyAnalysis(record: record).analyses()
        return record
    }

    /// Stores the run; returns its identifier.
    @discardableResult
    func write(to path: String) throws -> String {
        let store = try Store.openForWriting(path: path, run: runID)
        let cases = items.map(caseRecord)
        let utc = "2026-01-01T00:00:00Z"
        try store.begin(
            RunOpening(
                id: runID, protocolFile: file, model: model, cohort: cohort, cases: cases, arguments: [],
                hostClass: "Linux", processor: "x", jobs: 1, seed: 1, toolVersion: "0", libraries: [:],
                startedUTC: utc))
        for item in cases {
            try store.append(CaseResult(record: item, inputSHA256: nil, finishedUTC: utc), to: runID)
        }
        let record = try store.record(ofRun: runID)
        try store.append(analyses: StudyAnalysis(record: record).analyses(), to: runID, utc: utc)
        let isComplete = items.allSatisfy { $0.mae != nil || $0.distance != nil }
        try store.end(
            run: runID, status: isComplete ? .complete : .partial, exitCode: isComplete ? 0 : 3,
            resultsDigest: store.resultsDigest(of: runID), utc: utc)
        try store.seal()
        return runID
    }
}
