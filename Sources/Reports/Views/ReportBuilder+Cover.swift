import Cohort
import Metrics
import Study

extension ReportBuilder {
    func cover(_ words: StatusWords) -> CoverView {
        let identity = plan.identity
        let isDemonstration = identity.purpose == .demonstration
        var banner: [String] = []
        if record.cohort.seedNamespace != nil {
            banner.append("Computed phantoms: no evidence about patients.")
        } else if isDemonstration {
            banner.append("A demonstration: no evidence about patients.")
        }
        if let publicView { banner.append(publicBanner(publicView)) }
        return CoverView(
            purpose: Words.purpose(identity.purpose), title: identity.title, status: words.status,
            statusWords: words.words, verdict: BadgeView(VerdictWords(record.verdict)), verdictWords: verdictWords,
            banner: banner, intendedUse: identity.intendedUse,
            facts: [
                FactView(label: "Study", value: "\(identity.studyOID), protocol version \(identity.version)"),
                FactView(label: "System under test", value: "\(record.model.name) \(record.model.version)"),
                FactView(label: "Direction", value: plan.direction),
                FactView(label: "Sponsor", value: identity.sponsor),
                FactView(label: "Ethics reference", value: identity.ethicsReference),
                FactView(
                    label: "Cases and sites",
                    value: "\(Words.count(record.run.caseCount, "case")) listed at "
                        + Words.count(record.sites.count, "site")),
                FactView(
                    label: "Run", value: "\(record.run.startedUTC) to \(record.run.endedUTC ?? "not ended") (UTC)"),
            ],
            hashes: [
                FactView(label: "Report", value: reportID, isCode: true),
                FactView(label: "Protocol, SHA-256", value: record.protocolFile.sha256, isCode: true),
                FactView(label: "Results, digest", value: record.run.resultsDigest, isCode: true),
            ],
            approvers: [
                ApproverView(
                    role: "Principal investigator", meaning: "I have read the report and agree with its content."),
                ApproverView(role: "Statistician", meaning: "The analysis follows the protocol named above."),
                ApproverView(role: "Quality assurance", meaning: "Audit trail and signatures were verified."),
            ])
    }

    private var verdictWords: String {
        let primary = primaryCriteria
        guard !primary.isEmpty else { return "The protocol sets no criterion on a primary endpoint." }
        let passed = primary.count { record.decision(of: $0.oid)?.verdict == .pass }
        return
            "\(passed) of \(Words.count(primary.count, "primary criterion", "primary criteria")) passed; all have to."
    }

    var primaryCriteria: [StudyProtocol.Criterion] {
        let primary = Set(primaryEndpoints.map(\.oid))
        return plan.criteria.filter { primary.contains($0.endpointOID) }
    }

    func summary() -> SummaryView {
        var criteria = TableView(
            "Criteria on primary endpoints. A criterion passes when the whole confidence interval lies on the good side of its threshold.",
            first: "Endpoint", text: ["Criterion"], numbers: ["n / missing", "Estimate", "95 % CI", "Prediction"],
            after: ["Verdict", "Published claim"])
        criteria.isWide = true
        criteria.headers[3].text = "\(confidence) CI"
        for endpoint in primaryEndpoints {
            let list = plan.criteria(on: endpoint.oid)
            for criterion in list { criteria.add(endpoint.name, cells(endpoint, criterion)) }
            if list.isEmpty { criteria.add(endpoint.name, cells(endpoint, nil)) }
        }
        var secondary: [TableView] = []
        if !secondaryEndpoints.isEmpty {
            var table = TableView(
                "Secondary endpoints: they describe and do not decide."
                    + (isHolm
                        ? " Verdicts hold after Holm's step-down over their criteria; intervals are not widened." : ""),
                first: "Endpoint", text: ["Criterion"],
                numbers: ["n / missing", "Estimate", "\(confidence) CI", "Prediction"],
                after: ["Verdict", "Published claim"] + (isHolm ? ["Holm step"] : []))
            table.isWide = true
            for endpoint in secondaryEndpoints {
                let list = plan.criteria(on: endpoint.oid)
                for criterion in list.isEmpty ? [nil] : list.map(Optional.some) {
                    table.add(
                        endpoint.name,
                        cells(endpoint, criterion) + (isHolm ? [CellView(text: holmStep(criterion))] : []))
                }
            }
            secondary = [table]
        }
        return SummaryView(
            section: heading(.summary), plain: plainLanguage,
            figures: publicFigures ?? [
                FactView(
                    label: record.run.caseCount == 1 ? "case listed" : "cases listed", value: "\(record.run.caseCount)"),
                FactView(label: "evaluated", value: "\(record.cases.count { $0.outcome.status == .ok })"),
                FactView(label: "failed or missing", value: "\(lostCases.count)"),
                FactView(label: record.sites.count == 1 ? "site" : "sites", value: "\(record.sites.count)"),
            ], criteria: criteria, secondary: secondary, notes: summaryNotes)
    }

    /// Whether any criterion was held to Holm's rule; those of older stores were not.
    private var isHolm: Bool {
        record.analyses.contains { $0.kind == .decision && number("holm_step", in: $0) != nil }
    }

    /// The step of Holm's rule at which a criterion passed, or was left: `1 of 3, 98.3 %`.
    private func holmStep(_ criterion: StudyProtocol.Criterion?) -> String {
        guard let line = criterion.flatMap({ record.decision(of: $0.oid) }), let step = number("holm_step", in: line),
            let family = number("holm_family", in: line), let level = number("holm_level", in: line)
        else { return "–" }
        return "\(Int(step)) of \(Int(family)), \(NumberText.fixed(100 * level, decimals: 1)) %"
    }

    var confidence: String { "\(NumberText.fixed(100 * (1 - statistics.alpha), decimals: 0)) %" }

    /// Failed and missing cases.
    var lostCases: [CaseRecord] {
        record.cases.filter { $0.outcome.status == .failed || $0.outcome.status == .missing }
    }

    /// The line that stands for an endpoint: its decision, or its first interval in the set that decides.
    func mainLine(_ endpoint: StudyProtocol.Endpoint, _ criterion: StudyProtocol.Criterion?) -> AnalysisRecord? {
        if let criterion, let decision = record.decision(of: criterion.oid) { return decision }
        return record.analyses(of: endpoint.oid).first { $0.kind == .interval && $0.set == plan.analysisSets.primary }
    }

    private func cells(_ endpoint: StudyProtocol.Endpoint, _ criterion: StudyProtocol.Criterion?) -> [CellView] {
        let format = format(endpoint)
        let line = mainLine(endpoint, criterion)
        let spread = record.analyses(of: endpoint.oid).first {
            $0.kind == .heterogeneity && $0.method == "random_effects"
        }
        let prediction = spread.map {
            format.interval(number("prediction_lower", in: $0), number("prediction_upper", in: $0))
        }
        let claims = plan.claims(on: endpoint.oid).map { claim in
            claim.spread.map { "\(format.bare(claim.value)) ± \(format.bare($0))\(format.suffix)" }
                ?? format.text(claim.value)
        }
        return [
            CellView(
                text: criterion.map {
                    "\(Words.estimator(endpoint)) \(Words.relation(endpoint)) \(format.text($0.threshold))"
                }
                    ?? Words.estimator(endpoint)),
            .number(line.map(counts).map { "\($0.evaluated) / \($0.missing)" } ?? "–"),
            .number(format.text(line?.estimate)),
            .number(format.interval(line?.lower, line?.upper)),
            .number(prediction ?? "–"),
            criterion == nil
                ? CellView(text: "no criterion") : .badge(VerdictWords(line?.verdict ?? .notEvaluable)),
            CellView(text: claims.isEmpty ? "none" : claims.joined(separator: "; ")),
        ]
    }

    /// What lay members of a board should know, from the figures.
    private var plainLanguage: [String] {
        var first = plan.identity.plainSummary
        if first.isEmpty {
            first =
                "A computer program was given one kind of scan (\(plan.sourceSeries)) and computed another kind "
                + "(\(plan.targetSeries)). This study asks how close the computed images are to real ones of the same people."
        }
        let evaluated = publicView?.evaluated ?? "\(record.cases.count { $0.outcome.status == .ok })"
        var second =
            "\(evaluated.prefix(1).uppercased() + evaluated.dropFirst()) of \(record.run.caseCount) cases could be compared, from \(Words.count(record.sites.count, "site")). "
        switch record.verdict {
        case .pass:
            second += "All requirements that were written down beforehand were met, also when chance is allowed for."
        case .fail: second += "At least one requirement that was written down beforehand was clearly missed."
        case .inconclusive:
            second +=
                "The data do not settle whether all requirements are met: chance could explain a result on either side."
        case .notEvaluable: second += "There were too few usable results to decide about every requirement."
        }
        if publicView?.hasLosses == true {
            second +=
                " Some cases gave no result; how many of each kind is shown where the number points to nobody."
        }
        if !lostCases.isEmpty {
            second +=
                " \(Words.count(lostCases.count, "case")) gave no result; the report says why, and what the verdict "
                + "would be if these had gone badly."
        }
        return [first, second]
    }

    private var summaryNotes: [String] {
        var notes = plan.endpoints.flatMap { endpoint in
            plan.claims(on: endpoint.oid).map { "Claim for \(endpoint.name): \($0.source)" }
        }
        notes += plan.criteria.compactMap { criterion in
            guard let note = record.decision(of: criterion.oid)?.note,
                let endpoint = plan.endpoint(criterion.endpointOID)
            else { return nil }
            return "\(endpoint.name): \(note)."
        }
        let changed = record.analyses.filter { $0.kind == .sensitivity && ($0.note ?? "").contains("verdict changes") }
        if !changed.isEmpty {
            notes.append(
                "The verdict on \(Words.count(Set(changed.compactMap(\.criterionOID)).count, "criterion", "criteria")) changes "
                    + "under another rule for missing data or in the other analysis set: see section \(Section.missing.rawValue)."
            )
        }
        return notes
    }
}
