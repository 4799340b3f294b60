import Cohort
import Metrics

/// What of a run may leave a site, as a bundle: listed fields only, under keyed pseudonyms.
///
/// No image, no picture, no vessel branch with its place, no path, no name, no message, no date of birth, no device serial; ages only as
/// bands. A field that is not listed here stays.
public struct SiteExport {
    private let record: RunRecord
    private let key: SiteKey
    private let cases: [CaseRecord]

    /// Covariates that may leave beside those that the protocol's subgroups name.
    static let covariates: Set<String> = ["sex", "age_band", "vendor", "model", "field_t", "kernel", "slice_mm"]

    /// Takes the cases of the key's site.
    ///
    /// - Throws: `BundleError` when the key is no site key or the run has no case of its site.
    public init(record: RunRecord, key: SiteKey) throws(BundleError) {
        guard key.role == .site else {
            throw BundleError(.keyRole, file: "key", "a \(key.role.rawValue) key may not sign results")
        }
        cases = record.cases.filter { $0.site == key.holder }
        guard !cases.isEmpty else {
            let known = Set(record.cases.map(\.site)).sorted().map(SafeText.printable).joined(separator: ", ")
            throw BundleError(
                .keySite, file: "key", "the run has no case of site \(key.holder); its sites are \(known)")
        }
        self.record = record
        self.key = key
    }

    /// The bundle.
    ///
    /// - Parameters:
    ///   - identifier: Random name, 32 hexadecimal digits.
    ///   - sequence: Number of the bundle at this site, from 1.
    ///   - previousSHA256: SHA-256 of the site's previous bundle.
    ///   - created: UTC time, for people.
    public func bundle(
        identifier: String, sequence: Int, previousSHA256: String?, created: String
    ) -> SiteBundle {
        let planned = record.plan.sites.first { $0.oid == key.holder }?.plannedCases ?? cases.count
        let manifest = SiteBundle.Manifest(
            identifier: identifier, site: key.holder, study: study, sequence: sequence,
            previousSHA256: previousSHA256, created: created, protocolSHA256: record.protocolFile.sha256,
            modelName: record.model.name, modelVersion: record.model.version,
            weightsSHA256: record.model.weightsSHA256, configurationSHA256: record.model.configurationSHA256,
            cohortSHA256: record.cohort.manifestSHA256, seed: String(record.run.seed),
            toolVersion: record.run.toolVersion, caseCount: cases.count, plannedCount: max(planned, cases.count),
            auditCount: record.audit.count, auditHead: record.audit.head)
        let deviations = Dictionary(grouping: record.deviations, by: \.caseID)
        return SiteBundle(
            manifest: manifest, cases: cases.map { row(of: $0, deviations[$0.id] ?? []) },
            results: cases.flatMap { item in item.measurements.map { row(of: $0, in: item) } },
            protocolXML: record.protocolFile.xml)
    }

    private var study: String { record.plan.identity.studyOID }

    /// Cases have names of their own at a site; they get pseudonyms too.
    private func pseudonym(ofCase id: String) -> String { key.pseudonym(of: id, study: study + "/case") }

    private func row(of item: CaseRecord, _ deviations: [DeviationRecord]) -> CanonicalJSON {
        let allowed = SiteExport.covariates.union(record.plan.subgroups.map(\.covariate))
        var covariates: [String: CanonicalJSON] = [:]
        for (name, value) in item.covariates where allowed.contains(name) {
            // An age in years is not a band.
            if name == "age_band", !SiteExport.isBand(value) { continue }
            covariates[name] = .string(value)
        }
        let truth = item.files.first { $0.column == "truth" }?.sha256
        return .object([
            "case": .string(pseudonym(ofCase: item.id)),
            "subject": .string(key.pseudonym(of: item.subject, study: study)),
            "status": .string(item.outcome.status.rawValue),
            "stage": item.outcome.stage.map { .string($0.rawValue) } ?? .null,
            "reason": item.outcome.reasonCode.map { .string($0) } ?? .null,
            "covariates": .object(covariates),
            "registration_error_mm": SiteExport.number(item.registrationErrorMM),
            "truth": truth.map { .string(SHA256Digest.text(Array((study + "\u{0}" + $0).utf8))) } ?? .null,
            "deviations": .array(
                deviations.map {
                    .object(["grade": .string($0.grade.rawValue), "code": .string($0.code)])
                }),
        ])
    }

    /// A band such as `60-69`, or an open one such as `90+`.
    static func isBand(_ text: String) -> Bool {
        if text.last == "+" { return !text.dropLast().isEmpty && text.dropLast().allSatisfy(\.isWholeNumber) }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let low = Int(ends[0]), let high = Int(ends[1]) else { return false }
        return high - low >= 4
    }

    /// The 16 hexadecimal digits of a number's bits, beside a decimal for people.
    static func number(_ value: Double?) -> CanonicalJSON {
        guard let value else { return .null }
        let digits = String(value.bitPattern, radix: 16)
        return .object([
            "bits": .string(String(repeating: "0", count: 16 - digits.count) + digits), "dec": .string("\(value)"),
        ])
    }

    private func row(of record: MeasurementRecord, in item: CaseRecord) -> CanonicalJSON {
        let measurement = record.measurement
        let slices = slicesNeeded(measurement) ? measurement.details.first { $0.name == "per_slice" } : nil
        return .object([
            "case": .string(pseudonym(ofCase: item.id)), "metric": .string(measurement.metric),
            "structure": .string(measurement.structure), "value": SiteExport.number(measurement.value.number),
            "reason": measurement.value.reason.map { .string($0.rawValue) } ?? .null,
            "imputed": SiteExport.number(measurement.imputedWorst), "unit": .string(measurement.unit),
            "implementation": .integer(Int64(record.implementationVersion)),
            "parameters": .string(CellText.encode(measurement.parameters)),
            "per_slice": slices.map { .string(CellText.encode(columns: $0.columns, rows: $0.rows)) } ?? .null,
        ])
    }

    /// Endpoints on the worst slice need the slices; nothing else does.
    private func slicesNeeded(_ measurement: Measurement) -> Bool {
        record.plan.endpoints.contains {
            $0.caseSummary == .worstSlice && $0.metric == measurement.metric && $0.structure == measurement.structure
        }
    }
}
