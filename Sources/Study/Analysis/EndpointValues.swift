import Metrics

/// What one case says about an endpoint.
package enum CaseValue: Equatable {
    /// A value.
    case value(Double)
    /// The protocol's rule for an empty mask gave this value in its place.
    case imputed(Double)
    /// Neither mask holds anything: counted as a true negative, no value and not missing.
    case trueNegative
    /// No value, and why.
    case missing(String)
}

/// The cases of an analysis set with what each says about an endpoint.
package struct EndpointValues {
    /// One case.
    package struct Entry {
        package let caseID: String
        package let subject: String
        package let site: String
        package let covariates: [String: String]
        package let value: CaseValue
        /// Worst value that the metric itself names for this case, if it does.
        let worst: Double?

        /// The number, measured or set by the protocol's rule for empty masks.
        package var number: Double? {
            switch value {
            case .value(let number), .imputed(let number): number
            case .trueNegative, .missing: nil
            }
        }

        package var isMissing: Bool {
            if case .missing = value { return true }
            return false
        }
    }

    package let endpoint: StudyProtocol.Endpoint
    package let entries: [Entry]

    /// Cases with a number.
    package var numbers: [Double] { entries.compactMap(\.number) }
    /// Cases that have to have a number.
    package var planned: Int { entries.count { $0.value != .trueNegative } }
    /// Cases without one.
    package var missing: Int { entries.count { $0.isMissing } }
    /// Cases with a number.
    package var evaluated: Int { numbers.count }

    /// Collects the values of an endpoint.
    ///
    /// - Parameters:
    ///   - record: The run.
    ///   - endpoint: The endpoint.
    ///   - set: The analysis set; excluded cases are in none.
    package init(record: RunRecord, endpoint: StudyProtocol.Endpoint, set: StudyProtocol.AnalysisSet) {
        let major = Set(record.deviations.filter { $0.grade == .major }.map(\.caseID))
        let cases = record.cases.filter { item in
            item.outcome.status != .excluded && (set == .fullAnalysis || !major.contains(item.id))
        }
        self.endpoint = endpoint
        let rule = record.plan.edgeCase(of: endpoint.metric)
        entries = cases.map { item in
            let measured = item.measurement(endpoint.metric, endpoint.structure)?.measurement
            return Entry(
                caseID: item.id, subject: item.subject, site: item.site, covariates: item.covariates,
                value: EndpointValues.value(item, measured, endpoint, rule), worst: measured?.imputedWorst)
        }
    }

    private init(endpoint: StudyProtocol.Endpoint, entries: [Entry]) {
        self.endpoint = endpoint
        self.entries = entries
    }

    /// The entries that fulfil a condition.
    func selecting(_ isIncluded: (Entry) -> Bool) -> EndpointValues {
        EndpointValues(endpoint: endpoint, entries: entries.filter(isIncluded))
    }

    private static func value(
        _ item: CaseRecord, _ measured: Measurement?, _ endpoint: StudyProtocol.Endpoint,
        _ rule: StudyProtocol.EdgeCaseRule?
    ) -> CaseValue {
        guard item.outcome.status == .ok else {
            return .missing(item.outcome.reasonCode ?? item.outcome.status.rawValue)
        }
        guard let measured else { return .missing("not_measured") }
        switch measured.value {
        case .value(let number):
            guard endpoint.caseSummary == .worstSlice else { return .value(number) }
            guard let worst = WorstSlice.find(in: measured, better: endpoint.better) else {
                return .missing("no_slices")
            }
            return .value(worst.value)
        case .notComputed(let reason):
            let action: StudyProtocol.EdgeCaseAction? =
                switch reason {
                case .referenceEmpty: rule?.referenceEmpty
                case .generatedEmpty: rule?.generatedEmpty
                case .bothEmpty: rule?.bothEmpty
                default: nil
                }
            switch action {
            case .trueNegative: return .trueNegative
            case .value(let number): return .imputed(number)
            case .imputedWorst:
                return measured.imputedWorst.map { .imputed($0) } ?? .missing(reason.rawValue)
            case .notComputed, nil: return .missing(reason.rawValue)
            }
        }
    }

    /// One number per planned case under a rule for missing data; nil when the rule has no number to put in.
    func completed(by rule: StudyProtocol.MissingDataRule) -> [(entry: Entry, number: Double)]? {
        var result: [(entry: Entry, number: Double)] = []
        for entry in entries {
            if let number = entry.number {
                result.append((entry, number))
            } else if entry.isMissing {
                switch rule {
                case .completeCase: continue
                case .worstObserved:
                    guard let worst = worstObserved else { return nil }
                    result.append((entry, worst))
                case .missingAsFailure:
                    guard let worst = worstPossible(entry) else { return nil }
                    result.append((entry, worst))
                }
            }
        }
        return result
    }

    private var worstObserved: Double? { endpoint.better == .lower ? numbers.max() : numbers.min() }

    /// The worst value that the endpoint's metric can have for a case: 0 of a share; for a distance what the metric names for the case, or the
    /// largest that it names for any.
    private func worstPossible(_ entry: Entry) -> Double? {
        if endpoint.better == .higher, ["1"].contains(MetricCatalog.definition(of: endpoint.metric)?.unit ?? "") {
            return 0
        }
        return entry.worst ?? entries.compactMap(\.worst).max()
    }

    /// Turns values into successes where the endpoint is a share of cases.
    func scored(_ numbers: [Double]) -> [Double] {
        guard endpoint.estimator == .proportion, let limit = endpoint.caseLimit else { return numbers }
        return numbers.map { (endpoint.better == .lower ? $0 <= limit : $0 >= limit) ? 1 : 0 }
    }
}
