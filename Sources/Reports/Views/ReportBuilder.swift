import Metrics
import Study

/// Turns the record of a run into the page; every text of the cohort goes in as text, to be escaped by the templates.
struct ReportBuilder {
    let record: RunRecord
    let options: ReportOptions

    var plan: StudyProtocol { record.plan }
    var statistics: StudyProtocol.StatisticalPlan { plan.statistics }

    /// What may be published, where the page is for the public.
    var publicView: PublicView? { options.publicView }

    /// Everything on the page.
    func view() throws(ReportError) -> StudyView {
        let sections = Section.allCases
        let words = StatusWords(record, isPublic: publicView != nil)
        return StudyView(
            title: plan.identity.title + (publicView == nil ? "" : " – public view"), status: words.status,
            isWatermarked: words.status != "FINAL",
            runningHead: "\(plan.identity.studyOID) · \(plan.identity.title)"
                + (publicView == nil ? "" : " · public view"), reportID: reportID,
            groups: caseGroups,
            contents: sections.map {
                ContentsView(number: "\($0.rawValue)", heading: $0.heading, anchor: $0.anchor)
            },
            cover: cover(words), summary: summary(), system: system(), plan: planSection(), changes: changes(),
            participants: try participants(), standard: publicStandard ?? standard(),
            protection: protection(), results: try results(), sites: try sites(), subgroups: subgroups(),
            failures: try failures(), missing: missing(), robustness: publicRobustness ?? robustness(),
            regression: try regression(), limitations: limitations(),
            usage: usage(), software: software(), audit: audit(), availability: availability(),
            checklist: checklist())
    }

    /// What this report is made from, in short: the first digits of a hash over results, protocol and templates.
    var reportID: String {
        Digest.sha256(
            Array(
                ([
                    record.run.id, record.run.resultsDigest, record.protocolFile.sha256, options.templatesSHA256,
                    options.toolVersion, record.audit.head,
                ] + (publicView.map { ["public, counts from \($0.smallestCount)"] } ?? [])).joined(separator: "\n").utf8
            ))
    }

    /// Numbers of an endpoint as text: shares of cases have no unit.
    func format(_ endpoint: StudyProtocol.Endpoint) -> NumberText { NumberText(unit: named(endpoint.unit)) }

    /// Values of single cases of an endpoint as text.
    func caseFormat(_ endpoint: StudyProtocol.Endpoint) -> NumberText {
        NumberText(unit: named(MetricCatalog.definition(of: endpoint.metric)?.unit ?? endpoint.unit))
    }

    /// Intensities have HU in CT only; elsewhere their unit is that of the series.
    private func named(_ unit: String) -> String { unit == "HU" && plan.targetSeries != "CT" ? "a.u." : unit }

    func values(_ endpoint: StudyProtocol.Endpoint) -> EndpointValues {
        EndpointValues(record: record, endpoint: endpoint, set: plan.analysisSets.primary)
    }

    var primaryEndpoints: [StudyProtocol.Endpoint] { plan.endpoints.filter { $0.role == .primary } }
    var secondaryEndpoints: [StudyProtocol.Endpoint] { plan.endpoints.filter { $0.role == .secondary } }

    func heading(_ section: Section) -> HeadingView {
        HeadingView(number: "\(section.rawValue)", heading: section.heading, anchor: section.anchor)
    }

    /// Sites in order, by name.
    func siteName(_ code: String) -> String {
        guard let site = record.sites.first(where: { $0.code == code }), site.name != code else { return code }
        return "\(code) – \(site.name)"
    }

    /// Counts of a line as the page's readers may see them.
    func counts(_ line: AnalysisRecord) -> PublicView.Counts {
        publicView?.counts(of: line)
            ?? PublicView.Counts(evaluated: "\(line.evaluated)", missing: "\(line.missing)")
    }

    /// A parameter of an analysis as a number.
    func number(_ name: String, in line: AnalysisRecord) -> Double? {
        switch line.parameters.first(where: { $0.name == name })?.value {
        case .number(let value): value
        case .integer(let value): Double(value)
        default: nil
        }
    }

    func text(_ name: String, in line: AnalysisRecord) -> String? {
        guard case .text(let value) = line.parameters.first(where: { $0.name == name })?.value else { return nil }
        return value
    }
}

/// The sections in order.
enum Section: Int, CaseIterable {
    case summary = 1
    case system, plan, changes, participants, standard, protection, results, sites, subgroups, failures, missing,
        robustness,
        regression, limitations, usage, software, audit, availability, checklist

    var anchor: String {
        switch self {
        case .summary: "summary"
        case .system: "ai-system"
        case .plan: "protocol"
        case .changes: "amendments"
        case .participants: "participants"
        case .standard: "reference-standard"
        case .protection: "data-protection"
        case .results: "results"
        case .sites: "sites"
        case .subgroups: "subgroups"
        case .failures: "failures"
        case .missing: "missing-data"
        case .robustness: "robustness"
        case .regression: "regression"
        case .limitations: "limitations"
        case .usage: "use"
        case .software: "software"
        case .audit: "audit-trail"
        case .availability: "availability"
        case .checklist: "checklists"
        }
    }

    var heading: String {
        switch self {
        case .summary: "Summary"
        case .system: "The AI system"
        case .plan: "Protocol and analysis plan"
        case .changes: "Amendments and deviations"
        case .participants: "Participants and flow of cases"
        case .standard: "Reference standard"
        case .protection: "De-identification and data protection"
        case .results: "Primary results"
        case .sites: "Differences between sites"
        case .subgroups: "Subgroups"
        case .failures: "Failure analysis"
        case .missing: "Missing data and sensitivity"
        case .robustness: "Robustness and uncertainty"
        case .regression: "Comparison with the previous model"
        case .limitations: "Limitations"
        case .usage: "Use"
        case .software: "Software and provenance"
        case .audit: "Audit trail"
        case .availability: "Availability, funding, conflicts"
        case .checklist: "Reporting checklists"
        }
    }
}

/// The state of a report in words.
struct StatusWords {
    let status: String
    let words: String

    init(_ record: RunRecord, isPublic: Bool = false) {
        switch record.run.status {
        case .complete:
            status = "FINAL"
            words = "Every case of the cohort was evaluated."
        case .partial:
            status = "PARTIAL"
            words =
                "The run ended, but some cases failed or are missing"
                + (isPublic ? "." : "; section \(Section.failures.rawValue) names them.")
        case .running, .interrupted:
            status = "DRAFT"
            words = "The run has not ended; figures may still change."
        }
    }
}

extension VerdictWords {
    init(_ verdict: Verdict?) {
        switch verdict {
        case .pass: self.init(text: "PASS", kind: "pass")
        case .fail: self.init(text: "FAIL", kind: "fail")
        case .inconclusive: self.init(text: "INCONCLUSIVE", kind: "unsure")
        case .notEvaluable: self.init(text: "NOT EVALUABLE", kind: "none")
        case nil: self.init(text: "NO CRITERION", kind: "none")
        }
    }
}
