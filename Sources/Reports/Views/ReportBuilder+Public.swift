import Metrics
import Study

// Sections of the public view: from counts that may be shown, never from cases.

extension ReportBuilder {
    func publicBanner(_ view: PublicView) -> String {
        "Public view: no case is shown, and no count below \(view.smallestCount) or what one could be computed from; "
            + "section \(Section.protection.rawValue) says what was withheld."
    }

    /// What the section on data protection says about this view.
    func publicPoint(_ view: PublicView) -> String {
        "This is the public view. Withheld are: every case with its identifier, values, pictures and page; the pseudonyms of subjects; "
            + "counts from 1 to \(view.smallestCount - 1) (shown as <\(view.smallestCount)) and further ones from which they could be "
            + "computed (withheld, or given as the least that they can be); estimates of sites and levels whose count is not shown; "
            + "extremes, outliers and spread of single cases; results under other rules for missing data where few cases have no value; "
            + "shares of cases where few of them pass or fail; messages, events and reasons of single cases. "
            + "Board and regulator have the report with exact counts."
    }

    /// The figures of the summary.
    var publicFigures: [FactView]? {
        publicView.map { view in
            [
                FactView(label: "cases listed", value: "\(view.listed)"),
                FactView(label: "evaluated", value: view.evaluated),
                FactView(label: record.sites.count == 1 ? "site" : "sites", value: "\(record.sites.count)"),
            ]
        }
    }

    func countTable(_ caption: String, _ first: String, _ levels: [PublicView.Level]) -> TableView {
        var table = TableView(caption, first: first, numbers: ["Cases"])
        for level in levels { table.add(level.name, [.number(level.count)]) }
        return table
    }

    func publicParticipants() throws(ReportError) -> ParticipantsView? {
        guard let view = publicView else { return nil }
        let flow = FlowDiagram(steps: [
            FlowDiagram.Step(label: "Listed in the cohort", count: "\(view.listed)", losses: []),
            FlowDiagram.Step(
                label: "Evaluated", count: view.evaluated, losses: view.lost.map { ($0.name, $0.count) }),
        ])
        var sites = TableView(
            "Sites.", first: "Site", text: ["Country", "Ethics reference"], numbers: ["Planned", "Listed"])
        for (site, level) in zip(record.sites.sorted { $0.code < $1.code }, view.sites) {
            sites.add(
                siteName(site.code),
                [
                    CellView(text: site.country ?? "not stated"), CellView(text: site.ethicsReference ?? "not stated"),
                    .number(site.plannedCases.map { "\($0)" } ?? "–"), .number(level.count),
                ])
        }
        var baseline = TableView(
            "Baseline of the listed cases, all sites together.", first: "Covariate", text: ["Level"], numbers: ["Cases"]
        )
        for partition in view.baseline {
            for level in partition.levels {
                baseline.add(partition.name, [CellView(text: level.name), .number(level.count)])
            }
        }
        return ParticipantsView(
            section: heading(.participants),
            flow: try FigureView(
                flow.svg(),
                caption: "From the cases that the cohort lists to those with results; small counts are not shown."),
            paragraphs: [
                "Cohort “\(record.cohort.name)”, manifest SHA-256 \(record.cohort.manifestSHA256). "
                    + (record.cohort.seedNamespace.map { "Computed phantoms, seed namespace “\($0)”." } ?? "")
            ], tables: [sites, baseline].filter { !$0.rows.isEmpty })
    }

    var publicStandard: TablesSectionView? {
        guard let view = publicView else { return nil }
        var references = TableView(
            "Reference data that cases bring; where masks are missing the protocol's segmentation is used on both images.",
            first: "Reference", numbers: ["Cases"])
        for partition in view.references { references.add(partition.name, [.number(partition.levels[0].count)]) }
        return TablesSectionView(
            section: heading(.standard),
            paragraphs: ["The truth is the registered, acquired image of the same subject."],
            tables: [
                countTable(
                    "How the acquired images were brought onto each other.", "Method", view.registration.levels),
                references,
            ])
    }

    var publicResults: ResultsView? {
        guard publicView != nil else { return nil }
        return ResultsView(
            section: heading(.results),
            paragraphs: [
                "Estimates of the whole study; single cases are not shown. Where n is given as the least that it can be, the exact "
                    + "number would give a small count away."
            ], finder: [],
            items: plan.endpoints.map { endpoint in
                FigureItemView(
                    heading: endpoint.name, figures: [], tables: [intervalTable(endpoint)], notes: publicNotes(endpoint)
                )
            }, cases: [])
    }

    private func publicNotes(_ endpoint: StudyProtocol.Endpoint) -> [String] {
        var notes: [String] = []
        let format = caseFormat(endpoint)
        if let summary = record.analyses(of: endpoint.oid).first(where: { $0.kind == .descriptive }) {
            let parts = [("first quartile", "q1"), ("median", "median"), ("third quartile", "q3")].compactMap {
                label, name in number(name, in: summary).map { "\(label) \(format.text($0))" }
            }
            if !parts.isEmpty { notes.append("Spread over cases: \(parts.joined(separator: ", ")).") }
        }
        if let definition = MetricCatalog.definition(of: endpoint.metric) {
            notes.append("Metric \(definition.id), version \(definition.version): \(definition.summary)")
        }
        return notes
    }

    var publicFailures: FailuresView? {
        guard let view = publicView else { return nil }
        return FailuresView(
            section: heading(.failures),
            paragraphs: [
                view.hasLosses
                    ? "Cases without a result are counted in section \(Section.participants.rawValue) as far as their number may be shown."
                    : "No case failed.",
                "Failed and worst cases, their pictures, missed lesions and broken vessels are in the report for board and regulator.",
            ], failed: [], lesions: [], vessels: [], branchNotes: [], showsCases: false, worst: [], legend: [])
    }

    var publicRobustness: TablesSectionView? {
        guard publicView != nil else { return nil }
        return TablesSectionView(
            section: heading(.robustness),
            paragraphs: [
                "The bootstrap intervals of section \(Section.results.rawValue) show how far the estimates depend on single cases."
            ], tables: [])
    }
}
