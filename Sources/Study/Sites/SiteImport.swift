import Cohort
import Foundation
import Metrics
import Synchronization

/// A verified bundle as cases of a run.
struct SiteImport {
    let bundle: SiteBundle
    let file: String
    /// SHA-256 of the bundle's bytes.
    let sha256: String
    let protocolFile: ProtocolFile
    let cases: [CaseRecord]
    let deviations: [DeviationRecord]
    /// Salted digests of the truths, by case.
    let truths: [String: String]

    /// Reads the rows of a verified bundle.
    ///
    /// - Throws: `BundleError.format` with the row that cannot be read.
    init(_ bundle: SiteBundle, file: String, sha256: String) throws(BundleError) {
        self.bundle = bundle
        self.file = file
        self.sha256 = sha256
        do throws(ProtocolError) {
            protocolFile = try ProtocolFile(parsing: bundle.protocolXML, file: "protocol.xml")
        } catch { throw BundleError(.format, file: file, "protocol.xml is no protocol: \(error)") }
        guard protocolFile.plan.identity.studyOID == bundle.manifest.study else {
            throw BundleError(
                .incomparable, file: file,
                "the manifest names study \(bundle.manifest.study), the protocol \(protocolFile.plan.identity.studyOID)"
            )
        }
        let texts = ParameterTexts()
        let rows = try ParallelRows.map(bundle.results) {
            index, row throws(BundleError) -> (id: String, record: MeasurementRecord) in
            guard let id = row["case"]?.text, let record = SiteImport.measurement(row, texts) else {
                throw BundleError(.format, file: file, "results.jsonl, line \(index + 1), cannot be read")
            }
            return (id, record)
        }
        var measurements: [String: [MeasurementRecord]] = [:]
        for (id, record) in rows { measurements[id, default: []].append(record) }
        var cases: [CaseRecord] = []
        var deviations: [DeviationRecord] = []
        var truths: [String: String] = [:]
        for (index, row) in bundle.cases.enumerated() {
            guard let item = SiteImport.caseRecord(row, site: bundle.manifest.site),
                let notes = SiteImport.deviations(row, item.id)
            else { throw BundleError(.format, file: file, "cases.jsonl, line \(index + 1), cannot be read") }
            var filled = item
            filled.measurements = measurements.removeValue(forKey: item.id) ?? []
            if filled.outcome.status != .ok, !filled.measurements.isEmpty {
                throw BundleError(.format, file: file, "case \(index + 1) was not evaluated, but has results")
            }
            if let truth = row["truth"]?.text { truths[item.id] = truth }
            cases.append(filled)
            deviations += notes
        }
        guard Set(cases.map(\.id)).count == cases.count else {
            throw BundleError(.format, file: file, "a case stands twice in cases.jsonl")
        }
        guard measurements.isEmpty else {
            throw BundleError(.format, file: file, "results.jsonl names a case that cases.jsonl does not list")
        }
        self.cases = cases
        self.deviations = deviations
        self.truths = truths
    }

    private static func caseRecord(_ row: CanonicalJSON, site: String) -> CaseRecord? {
        guard let id = row["case"]?.text, let subject = row["subject"]?.text, isPseudonym(id), isPseudonym(subject),
            let status = row["status"]?.text.flatMap(CaseStatus.init(rawValue:)),
            case .object(let members)? = row["covariates"]
        else { return nil }
        var covariates: [String: String] = [:]
        for (name, value) in members {
            guard let text = value.text, text.utf8.count <= 200 else { return nil }
            covariates[name] = text
        }
        let reason = row["reason"]?.text
        guard reason.map({ $0.utf8.count <= 100 }) ?? true, let error = optionalNumber(row["registration_error_mm"])
        else { return nil }
        let truth = row["truth"]?.text
        return CaseRecord(
            id: id, subject: subject, site: site, sex: covariates["sex"], ageBand: covariates["age_band"],
            covariates: covariates, files: truth.map { [CaseRecord.FileRecord(column: "truth", sha256: $0)] } ?? [],
            geometry: nil, sourcePhase: nil, truthPhase: nil, registrationMethod: nil, registrationErrorMM: error,
            outcome: status == .missing
                ? CaseOutcome(status: .missing)
                : CaseOutcome(
                    status: status, stage: row["stage"]?.text.flatMap(CaseStage.init(rawValue:)), reasonCode: reason),
            measurements: [], pictures: [])
    }

    /// 20 letters and digits: nothing else can be a name.
    private static func isPseudonym(_ text: String) -> Bool {
        text.utf8.count == 20
            && text.utf8.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
                    || (UInt8(ascii: "2")...UInt8(ascii: "7")).contains($0)
            }
    }

    private static func deviations(_ row: CanonicalJSON, _ id: String) -> [DeviationRecord]? {
        guard let elements = row["deviations"]?.elements else { return nil }
        var found: [DeviationRecord] = []
        for element in elements {
            guard let grade = element["grade"]?.text.flatMap(DeviationRecord.Grade.init(rawValue:)),
                let code = element["code"]?.text, code.utf8.count <= 100
            else { return nil }
            found.append(DeviationRecord(caseID: id, grade: grade, code: code, message: code))
        }
        return found
    }

    private static func measurement(_ row: CanonicalJSON, _ texts: ParameterTexts) -> MeasurementRecord? {
        guard let metric = row["metric"]?.text, let structure = row["structure"]?.text, let unit = row["unit"]?.text,
            let version = row["implementation"]?.integer, let number = optionalNumber(row["value"]),
            let imputed = optionalNumber(row["imputed"]),
            let parameters = row["parameters"]?.text.flatMap(texts.parameters)
        else { return nil }
        let value: MetricValue
        if let number {
            value = .value(number)
        } else {
            guard let reason = row["reason"]?.text.flatMap(NotComputedReason.init(rawValue:)) else { return nil }
            value = .notComputed(reason)
        }
        var details: [DetailTable] = []
        if let text = row["per_slice"]?.text {
            guard let table = CellText.table(text) else { return nil }
            details = [DetailTable(name: "per_slice", columns: table.columns, rows: table.rows)]
        }
        return MeasurementRecord(
            measurement: Measurement(
                metric: metric, structure: structure, value: value, unit: unit, parameters: parameters,
                imputedWorst: imputed, details: details), implementationVersion: Int(version))
    }

    /// The number behind bits and decimal, which have to agree; `.some(nil)` for null, nil for anything else.
    private static func optionalNumber(_ value: CanonicalJSON?) -> Double?? {
        guard let value else { return nil }
        if value == .null { return .some(nil) }
        guard let bits = value["bits"]?.text, bits.utf8.count == 16, let pattern = UInt64(bits, radix: 16) else {
            return nil
        }
        let number = Double(bitPattern: pattern)
        guard number.isFinite, value["dec"]?.text == "\(number)" else { return nil }
        return .some(number)
    }
}

/// Parameters by their text, for rows that are read side by side: thousands of measurements share theirs.
private final class ParameterTexts: Sendable {
    private let known = Mutex<[String: [MetricParameter]]>([:])

    func parameters(_ text: String) -> [MetricParameter]? {
        if let parameters = known.withLock({ $0[text] }) { return parameters }
        guard let parameters = CellText.parameters(text) else { return nil }
        known.withLock { $0[text] = parameters }
        return parameters
    }
}
