import Cohort
import Foundation
import Imaging
import Metrics

@testable import Study

/// A study made of computed numbers, large enough that every section of a report has something to say.
enum SyntheticStudy {
    /// Folder of the checkout.
    static let root: String = {
        var url = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        for _ in 0..<3 { url.deleteLastPathComponent() }
        return url.path
    }()

    /// The record of a run with failed, missing and excluded cases, amendments, deviations, lesions, branches and pictures.
    ///
    /// - Parameters:
    ///   - text: Goes into every place where a cohort, a protocol or a site can put a text.
    ///   - count: Cases.
    ///   - pictures: Whether cases have pictures.
    static func record(hostile text: String? = nil, count: Int = 24, pictures: Bool = true) throws -> RunRecord {
        let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: root + "/protocols/liver-ct-to-mr.xml")))
        let file = try ProtocolFile(parsing: bytes, file: "protocol.xml")
        var plan = file.plan
        plan.amendments = [
            StudyProtocol.Amendment(
                previousSHA256: String(repeating: "ab", count: 32), date: "2026-01-05", isBeforeDataLock: true,
                reason: text ?? "One site more.")
        ]
        // Reports show intervals; how many samples they rest on is the business of other tests.
        plan.statistics.bootstrapResamples = 99
        if let text { disguise(&plan, text) }
        var generator = SyntheticNumbers(state: 7)
        let sites = ["S01", "S02", "S03", "S04"]
        let shown = pictures ? try picturesOfACase() : []
        let cases = (0..<count).map { index in
            item(index, site: sites[index % 4], text: text, shown, plan: plan, &generator)
        }
        var record = RunRecord(
            plan: plan,
            protocolFile: ProtocolFileRecord(
                xml: bytes, sha256: file.sha256, schemaSHA256: String(repeating: "cd", count: 32),
                lockedUTC: "2026-01-10T08:00:00Z"),
            run: RunFacts(
                id: "6b1c0f0e-0000-4000-8000-000000000001", status: .partial, startedUTC: "2026-01-12T08:00:00Z",
                endedUTC: "2026-01-12T09:00:00Z", arguments: ["--jobs", "2"], hostClass: "Linux x86_64",
                processor: text ?? "Some processor", jobs: 2, seed: 42, toolVersion: "1.0.0", commit: "0123456",
                libraries: ["sqlite": "3.40.1", "libxml2": "2.9.14"], caseCount: count,
                resultsDigest: String(repeating: "ef", count: 32)),
            model: ModelIdentity(
                name: text ?? "AP-HiDiff", version: "1.0", weightsSHA256: String(repeating: "12", count: 32),
                configurationSHA256: String(repeating: "34", count: 32), parameters: 1_300_000),
            cohort: CohortFacts(
                name: text ?? "Synthetic", manifestSHA256: String(repeating: "56", count: 32),
                seedNamespace: "validation", notes: [:]),
            sites: sites.map {
                SiteRecord(
                    code: $0, name: text.map { "site \($0)" } ?? "Site \($0)", country: text ?? "Nowhere",
                    ethicsReference: "EK-\($0)", plannedCases: 6, listedCases: count / 4)
            }, cases: cases, analyses: [],
            deviations: [
                DeviationRecord(
                    caseID: cases[2].id, grade: .major, code: "registration_error",
                    message: text ?? "Registration is off.")
            ], shards: [ShardRecord(index: 1, count: 1, sha256: nil, status: .partial)],
            audit: AuditRecord(
                count: 60, head: String(repeating: "9a", count: 32),
                events: [
                    AuditEvent(
                        sequence: 1, utc: "2026-01-12T08:00:00Z", user: text ?? "operator", action: "run_begin",
                        object: "run", reason: text ?? "", hash: String(repeating: "77", count: 32))
                ]))
        record.analyses = StudyAnalysis(record: record).analyses()
        return record
    }

    private static func disguise(_ plan: inout StudyProtocol, _ text: String) {
        plan.identity.title = text
        plan.identity.intendedUse = text
        plan.identity.plainSummary = text
        plan.identity.sponsor = text
        plan.identity.ethicsReference = text
        plan.identity.funding = text
        plan.limitations = [text]
        plan.sampleSizeJustification = text
        for index in plan.endpoints.indices { plan.endpoints[index].name = text + "\(index)" }
        for index in plan.referenceClaims.indices { plan.referenceClaims[index].source = text }
        for index in plan.criteria.indices { plan.criteria[index].rationale = text }
    }

    private static func item(
        _ index: Int, site: String, text: String?, _ pictures: [PictureRecord], plan: StudyProtocol,
        _ generator: inout SyntheticNumbers
    ) -> CaseRecord {
        let failed = index == 5
        let missing = index == 11
        let excluded = index == 17
        var outcome = CaseOutcome(status: .ok, seconds: 3, outputSHA256: String(repeating: "00", count: 32))
        if failed {
            outcome = CaseOutcome(
                status: .failed, stage: .generation, reasonCode: "timed_out",
                message: text ?? "The generator took too long.")
        }
        if missing { outcome = CaseOutcome(status: .missing) }
        if excluded {
            outcome = CaseOutcome(
                status: .excluded, stage: .eligibility, reasonCode: "registration_error", message: "The error is 9 mm.")
        }
        let isOK = outcome.status == .ok
        let id = "\(text.map { "\($0)-" } ?? "")C\(index < 9 ? "0" : "")\(index + 1)"
        return CaseRecord(
            id: id, subject: "P\(index)", site: site, sex: index % 2 == 0 ? "F" : "M",
            ageBand: index % 3 == 0 ? "50-59" : "60-69",
            covariates: [
                "vendor": text ?? (index % 4 < 2 ? "Vendor A" : "Vendor B"), "slice_mm": "\(2 + index % 5)", "sex": "F",
            ],
            files: [CaseRecord.FileRecord(column: "liver", sha256: String(repeating: "aa", count: 32))],
            geometry: "512×512×64 voxels", sourcePhase: nil, truthPhase: nil,
            registrationMethod: text ?? "deformable", registrationErrorMM: 0.8 + generator.next(), outcome: outcome,
            measurements: isOK ? measurements(index, plan: plan, &generator) : [],
            pictures: isOK && index < 6 ? pictures : [])
    }

    private static func measurements(
        _ index: Int, plan: StudyProtocol, _ generator: inout SyntheticNumbers
    ) -> [MeasurementRecord] {
        var done: Set<String> = []
        return plan.endpoints.compactMap { endpoint in
            guard done.insert("\(endpoint.metric)/\(endpoint.structure)").inserted else { return nil }
            let definition = MetricCatalog.definition(of: endpoint.metric)
            let centre = definition?.unit == "1" ? 0.9 : 1.6
            let isEmpty = endpoint.structure == "lesions" && index % 8 == 3
            var measurement = Measurement(
                metric: endpoint.metric, structure: endpoint.structure,
                value: isEmpty
                    ? .notComputed(.bothEmpty)
                    : .value(centre + 0.04 * (generator.next() - 0.5) * (centre > 1 ? 20 : 1)),
                unit: definition?.unit ?? "1")
            measurement.details = details(endpoint.metric, &generator)
            return MeasurementRecord(measurement: measurement, implementationVersion: 1)
        } + [
            MeasurementRecord(
                measurement: Measurement(
                    metric: "lesions_missed", structure: "lesions", value: .value(1), unit: "count",
                    details: [lesionTable("missed")]), implementationVersion: 1),
            MeasurementRecord(
                measurement: Measurement(
                    metric: "slice_consistency", structure: "body", value: .value(0.97 + 0.01 * Double(index % 3)),
                    unit: "1"),
                implementationVersion: 1),
        ]
    }

    private static func lesionTable(_ name: String) -> DetailTable {
        DetailTable(
            name: name, columns: ["lesion", "volume_ml", "diameter_mm", "r_mm", "a_mm", "s_mm"],
            rows: [[.integer(1), .number(0.4), .number(9.1), .number(-40), .number(12), .number(88)]])
    }

    private static func details(_ metric: String, _ generator: inout SyntheticNumbers) -> [DetailTable] {
        switch metric {
        case "ssim":
            let rows = (0..<40).map { slice -> [ParameterValue] in
                [.integer(slice), .number(Double(slice) * 3), .integer(1000), .number(0.85 + 0.1 * generator.next())]
            }
            return [DetailTable(name: "per_slice", columns: ["slice", "position_mm", "windows", "ssim"], rows: rows)]
        case "branch_accuracy":
            return [
                VesselBranchRow.table(
                    (0..<6).map { branch in
                        VesselBranchRow(
                            side: branch < 4 ? .reference : .generated, index: branch, lengthMM: 12 + Double(branch),
                            meanRadiusMM: 1.5, coveredShare: branch % 2 == 0 ? 0.9 : 0.25,
                            isDetected: branch % 2 == 0, isUnbroken: branch == 0, middleMM: SIMD3(-20, 15, 90))
                    })
            ]
        default: return []
        }
    }

    /// Small pictures of a computed body.
    private static func picturesOfACase() throws -> [PictureRecord] {
        let geometry = try Geometry(
            dimensions: SIMD3(64, 48, 16), affine: Affine(spacingMM: SIMD3(5, 5, 8), originMM: SIMD3(-160, -120, 0)))
        var truth = Volume<Float>(geometry: geometry, repeating: -1000)
        var liver = Mask(geometry: geometry, repeating: 0)
        for k in 0..<16 {
            for j in 0..<48 {
                for i in 0..<64 {
                    let x = Double(i - 32) / 28
                    let y = Double(j - 24) / 20
                    guard x * x + y * y < 1 else { continue }
                    truth[i, j, k] = 40 + 30 * Float(sin(Double(i + k) / 3) * cos(Double(j) / 4))
                    if x > 0.1, x < 0.7, abs(y) < 0.5 { liver[i, j, k] = 1 }
                }
            }
        }
        var input = CasePictureInput(
            source: truth, generated: truth.map { $0 * 0.9 }, truth: truth, sourceWindow: .ctAbdomen,
            targetWindow: .ctAbdomen)
        input.truthStructures = CasePictureInput.Structures(liver: liver)
        let trees = try ProjectionPicture.render(
            lines: TreeLineStyle.allCases.enumerated().map { index, style in
                ProjectionPicture.Line(
                    pointsMM: [SIMD3(-40, 0, 20 + 20 * Double(index)), SIMD3(60, 0, 40 + 20 * Double(index))],
                    style: style,
                    widthMM: 4)
            }, background: truth, region: liver, detail: "vessel trees")
        let map = try MapPicture.coronal(truth.map { abs($0) / 20 }, region: liver, detail: "displacement")
        return try (CasePictures.render(input, axialIndex: 8) + [trees, map]).map {
            PictureRecord(picture: $0, sha256: String(repeating: "bb", count: 32))
        }
    }
}

/// SplitMix64 as numbers in [0, 1).
struct SyntheticNumbers {
    var state: UInt64

    mutating func next() -> Double {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Double((z ^ (z >> 31)) >> 11) / 9_007_199_254_740_992
    }
}
