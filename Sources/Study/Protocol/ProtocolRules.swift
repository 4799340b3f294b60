import Cohort
import Metrics

/// The rules of a protocol that a schema cannot say.
struct ProtocolRules {
    let plan: StudyProtocol
    let root: XMLElement

    /// Methods that a protocol may name, by attribute.
    static let segmentations = ["vesselness/1", "anatomy-head/2"]
    static let registrations = ["plk3d/1"]
    /// Methods that earlier versions carried out, with their successors: older stores stay readable, new runs are refused.
    static let retiredSegmentations = ["anatomy-head/1": "anatomy-head/2"]

    /// Every broken rule.
    func findings() -> [ProtocolDiagnostic] {
        texts(root) + identity() + measurement() + endpoints() + criteria() + margins() + statistics() + edgeCases()
            + subgroups() + claims() + sites()
    }

    private func finding(_ element: XMLElement?, _ message: String) -> ProtocolDiagnostic {
        ProtocolDiagnostic(
            line: element?.line ?? root.line, element: element?.name ?? root.name, message: SafeText.printable(message))
    }

    private func elements(_ group: String) -> [XMLElement] { root.child(group)?.children ?? [] }

    /// Texts go into reports: no control, direction or invisible characters, and one normal form.
    private func texts(_ element: XMLElement) -> [ProtocolDiagnostic] {
        var found: [ProtocolDiagnostic] = []
        for text in [element.text] + element.attributes.sorted(by: { $0.key < $1.key }).map(\.value) {
            let bad = text.unicodeScalars.first { scalar in
                switch scalar.properties.generalCategory {
                case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: true
                default: false
                }
            }
            if let bad {
                found.append(
                    finding(
                        element,
                        "character U+\(String(bad.value, radix: 16, uppercase: true)) is invisible and not allowed in a text"
                    ))
            } else if !SafeText.isComposed(text) {
                found.append(finding(element, "the text is not in Unicode normal form C"))
            }
        }
        return found + element.children.flatMap(texts)
    }

    private func identity() -> [ProtocolDiagnostic] {
        var found: [ProtocolDiagnostic] = []
        if let source = ImageSeries(plan.sourceSeries), let target = ImageSeries(plan.targetSeries),
            source.modality == target.modality
        {
            found.append(
                finding(
                    root.child("Direction"),
                    "Source and Target are both \(source.modality.rawValue); CT to MR or MR to CT"))
        }
        if ImageSeries(plan.sourceSeries) == nil || ImageSeries(plan.targetSeries) == nil {
            found.append(finding(root.child("Direction"), "Source and Target have to be CT, MR or MR- with a name"))
        }
        var last = ""
        for (amendment, element) in zip(plan.amendments, root.children("Amendment")) {
            if !ProtocolRules.isDay(amendment.date) {
                found.append(finding(element, "Date is not a day of the calendar"))
            }
            if amendment.date < last {
                found.append(finding(element, "amendments have to be in the order of their dates"))
            }
            last = amendment.date
        }
        return found
    }

    static func isDay(_ text: String) -> Bool {
        let parts = text.split(separator: "-").compactMap { Int($0) }
        guard parts.count == 3, (1...12).contains(parts[1]) else { return false }
        let isLeap = parts[0] % 4 == 0 && (parts[0] % 100 != 0 || parts[0] % 400 == 0)
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return (1...days[parts[1] - 1]).contains(parts[2])
    }

    private func measurement() -> [ProtocolDiagnostic] {
        var found: [ProtocolDiagnostic] = []
        let element = root.child("Measurement")
        let settings = plan.measurement
        if !(settings.nsdToleranceMM > 0 && settings.nsdToleranceMM <= 50) {
            found.append(finding(element, "NSDToleranceMM has to lie in (0, 50] mm"))
        }
        if let tolerance = settings.vesselToleranceMM, !(tolerance > 0 && tolerance <= 50) {
            found.append(finding(element, "VesselToleranceMM has to lie in (0, 50] mm"))
        }
        if let name = settings.segmentation, !ProtocolRules.segmentations.contains(name),
            ProtocolRules.retiredSegmentations[name] == nil
        {
            found.append(
                finding(element, "Segmentation '\(name)' is unknown; known: \(list(ProtocolRules.segmentations))"))
        }
        if let name = settings.registration, !ProtocolRules.registrations.contains(name) {
            found.append(
                finding(element, "Registration '\(name)' is unknown; known: \(list(ProtocolRules.registrations))"))
        }
        for metric in element?.children("Metric") ?? [] {
            if let problem = metricProblem(metric.text) { found.append(finding(metric, problem)) }
        }
        return found
    }

    private func endpoints() -> [ProtocolDiagnostic] {
        var found = duplicates("Endpoints", "OID")
        for (endpoint, element) in zip(plan.endpoints, elements("Endpoints")) {
            if let problem = metricProblem(endpoint.metric) {
                found.append(finding(element, problem))
                continue
            }
            found += endpointFindings(endpoint, element)
        }
        if !plan.endpoints.contains(where: { $0.role == .primary }) {
            found.append(finding(root.child("Endpoints"), "at least one endpoint has to be primary"))
        }
        return found
    }

    private func endpointFindings(_ endpoint: StudyProtocol.Endpoint, _ element: XMLElement) -> [ProtocolDiagnostic] {
        var found: [ProtocolDiagnostic] = []
        if !MetricFamily.isMeasured(endpoint.metric, on: endpoint.structure) {
            let known = MetricFamily.family(of: endpoint.metric)?.structures ?? []
            found.append(
                finding(
                    element,
                    "'\(endpoint.metric)' is not measured on '\(endpoint.structure)'; structures of this metric: \(list(known))"
                ))
        }
        let direction = MetricCatalog.definition(of: endpoint.metric)?.direction ?? .neutral
        if direction == .neutral {
            found.append(
                finding(element, "'\(endpoint.metric)' only describes; an endpoint needs a metric with a better end"))
        } else if direction != endpoint.better {
            found.append(
                finding(
                    element, "for '\(endpoint.metric)' \(direction.rawValue) is better, not \(endpoint.better.rawValue)"
                ))
        }
        if endpoint.estimator == .proportion, endpoint.caseLimit == nil {
            found.append(finding(element, "a proportion needs CaseLimit, the value that a case has to reach"))
        }
        if endpoint.estimator != .proportion, endpoint.caseLimit != nil {
            found.append(finding(element, "CaseLimit belongs to the estimator 'proportion' only"))
        }
        if endpoint.caseSummary == .worstSlice, !endpoint.metric.hasPrefix("ssim") || endpoint.metric == "ssim:3d" {
            found.append(finding(element, "worst-slice needs a metric that is measured per slice, such as ssim"))
        }
        if let limit = endpoint.caseLimit,
            let problem = valueProblem(
                limit, "CaseLimit", unit: MetricCatalog.definition(of: endpoint.metric)?.unit ?? "1")
        {
            found.append(finding(element, problem))
        }
        return found
    }

    private func criteria() -> [ProtocolDiagnostic] {
        var found = duplicates("Criteria", "OID")
        for (criterion, element) in zip(plan.criteria, elements("Criteria")) {
            guard let endpoint = plan.endpoint(criterion.endpointOID) else {
                found.append(unknownEndpoint(criterion.endpointOID, element))
                continue
            }
            if let problem = valueProblem(criterion.threshold, "Threshold", unit: endpoint.unit) {
                found.append(finding(element, problem))
            }
            if criterion.minimumCases < 2 {
                found.append(finding(element, "MinimumCases has to be at least 2: one case has no interval"))
            }
            if criterion.interval == .siteAware, plan.minimumSites < 2 {
                found.append(finding(element, "a site-aware interval needs at least 2 sites: set Minimum of <Sites>"))
            }
            if criterion.interval == .siteAware, endpoint.estimator != .mean {
                found.append(finding(element, "a site-aware interval pools means; the estimator has to be 'mean'"))
            }
        }
        for (endpoint, element) in zip(plan.endpoints, elements("Endpoints"))
        where endpoint.role == .primary && plan.criteria(on: endpoint.oid).isEmpty {
            found.append(finding(element, "the primary endpoint '\(endpoint.oid)' has no criterion"))
        }
        return found
    }

    private func margins() -> [ProtocolDiagnostic] {
        var found = duplicates("RegressionMargins", "EndpointOID")
        for (margin, element) in zip(plan.margins, elements("RegressionMargins")) {
            guard let endpoint = plan.endpoint(margin.endpointOID) else {
                found.append(unknownEndpoint(margin.endpointOID, element))
                continue
            }
            for (name, value) in [
                ("NonInferiority", margin.nonInferiority), ("Equivalence", margin.equivalence ?? 1e-9),
            ]
            where value <= 0 {
                found.append(finding(element, "\(name) has to be more than 0: it is the tolerated harm, without sign"))
            }
            if endpoint.unit == "1", margin.nonInferiority >= 1 {
                found.append(finding(element, "NonInferiority is a share; 0.02 stands for two per cent"))
            }
        }
        if plan.identity.purpose == .retraining {
            let covered = Set(plan.margins.map(\.endpointOID))
            for (endpoint, element) in zip(plan.endpoints, elements("Endpoints"))
            where endpoint.role == .primary && !covered.contains(endpoint.oid) {
                found.append(
                    finding(element, "a retraining study needs a <Margin> for the primary endpoint '\(endpoint.oid)'"))
            }
        }
        return found
    }

    private func statistics() -> [ProtocolDiagnostic] {
        var found: [ProtocolDiagnostic] = []
        let element = root.child("Statistics")
        if !(plan.statistics.alpha > 0 && plan.statistics.alpha <= 0.2) {
            found.append(finding(element, "Alpha has to lie in (0, 0.2], two-sided, such as 0.05"))
        }
        if !(9999...1_000_000).contains(plan.statistics.bootstrapResamples) {
            found.append(finding(element, "BootstrapResamples has to lie between 9999 and 1000000"))
        }
        return found
    }

    private func edgeCases() -> [ProtocolDiagnostic] {
        var found = duplicates("EdgeCases", "Metric")
        for element in elements("EdgeCases") {
            let metric = element.attributes["Metric"] ?? ""
            if metric != "*", let problem = metricProblem(metric) { found.append(finding(element, problem)) }
        }
        return found
    }

    private func subgroups() -> [ProtocolDiagnostic] {
        var found = duplicates("Subgroups", "Covariate")
        for (subgroup, element) in zip(plan.subgroups, elements("Subgroups"))
        where !zip(subgroup.bins, subgroup.bins.dropFirst()).allSatisfy({ $0 < $1 }) {
            found.append(finding(element, "the bins have to ascend"))
        }
        return found
    }

    private func claims() -> [ProtocolDiagnostic] {
        var found: [ProtocolDiagnostic] = []
        for (claim, element) in zip(plan.referenceClaims, elements("ReferenceClaims")) {
            guard let endpoint = plan.endpoint(claim.endpointOID) else {
                found.append(unknownEndpoint(claim.endpointOID, element))
                continue
            }
            if let problem = valueProblem(claim.value, "Value", unit: endpoint.unit) {
                found.append(finding(element, problem))
            }
        }
        return found
    }

    private func sites() -> [ProtocolDiagnostic] {
        var found = duplicates("Sites", "SiteOID")
        if plan.minimumSites < 1 { found.append(finding(root.child("Sites"), "Minimum has to be at least 1")) }
        if !plan.sites.isEmpty, plan.sites.count < plan.minimumSites {
            found.append(finding(root.child("Sites"), "fewer <SiteRef> than Minimum"))
        }
        return found
    }

    // MARK: - Shared checks

    private func list(_ names: [String]) -> String { names.joined(separator: ", ") }

    private func duplicates(_ group: String, _ attribute: String) -> [ProtocolDiagnostic] {
        var seen: Set<String> = []
        return elements(group).compactMap { element in
            let value = element.attributes[attribute] ?? ""
            return seen.insert(value).inserted ? nil : finding(element, "\(attribute) '\(value)' stands twice")
        }
    }

    private func unknownEndpoint(_ oid: String, _ element: XMLElement) -> ProtocolDiagnostic {
        finding(element, "there is no endpoint '\(oid)'; endpoints: \(list(plan.endpoints.map(\.oid)))")
    }

    private func metricProblem(_ metric: String) -> String? {
        guard MetricCatalog.definition(of: metric) == nil else { return nil }
        let stem = metric.prefix { $0 != ":" }.prefix(4)
        let near = MetricCatalog.all.map(\.id).filter { $0.hasPrefix(stem) }
        let hint = near.isEmpty ? "see the list of metrics in the documentation" : "near it: \(list(near))"
        return "there is no metric '\(metric)'; \(hint)"
    }

    private func valueProblem(_ value: Double, _ name: String, unit: String) -> String? {
        switch unit {
        case "1":
            return value > 1 || value < -1
                ? "\(name) \(value) is impossible for a share or a similarity; 0.931 stands for 93.1 per cent" : nil
        case "mm", "count": return value < 0 ? "\(name) \(value) is impossible: the metric is never negative" : nil
        default: return nil
        }
    }
}
