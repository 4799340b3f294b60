import Cohort
import Metrics
import Statistics
import Study

extension ReportBuilder {
    func regression() throws(ReportError) -> FiguresSectionView {
        guard let report = options.regression else {
            return FiguresSectionView(
                section: heading(.regression),
                paragraphs: ["This run was not compared with an earlier model; validate regress does that."], items: [])
        }
        var items = [overview(report)]
        for endpoint in report.endpoints { items.append(try item(endpoint, report)) }
        return FiguresSectionView(
            section: heading(.regression),
            paragraphs: [
                "Before: \(report.baseline.model.name) \(report.baseline.model.version), run \(report.baseline.run). Now: "
                    + "\(report.candidate.model.name) \(report.candidate.model.version), run \(report.candidate.run). "
                    + (publicView == nil
                        ? "\(Words.count(report.commonCases, "case")), the same for both; "
                        : "The same cases for both; ")
                    + "differences are new minus old. An endpoint passes when the whole interval of its difference stays on the good "
                    + "side of the tolerated harm; all have to, and no criterion that the old model passed may be lost."
            ], items: items)
    }

    /// Verdict of the gate, endpoints and criteria side by side, and cases that only one model could do.
    private func overview(_ report: RegressionReport) -> FigureItemView {
        var endpoints = TableView(
            "Old and new side by side.", first: "Endpoint", text: ["Better"],
            numbers: [
                "Old", "New", "Difference", "\(confidence) CI", "Tolerated harm", "Newly failing", "Newly fixed",
            ],
            after: ["Verdict"])
        endpoints.isWide = true
        for result in report.endpoints { endpoints.add(result.endpoint.name, cells(result)) }
        var criteria = TableView(
            "Criteria of the protocol under both models.", first: "Endpoint", text: ["Criterion"],
            after: ["Old", "New", "Remark"])
        for item in report.criteria {
            criteria.add(
                plan.endpoint(item.endpointOID)?.name ?? item.endpointOID,
                [
                    CellView(text: item.oid, isCode: true), .badge(VerdictWords(item.baseline)),
                    .badge(VerdictWords(item.candidate)), CellView(text: item.isLost ? "lost" : "none"),
                ])
        }
        var cases = TableView("Cases that only one model could do.", first: "Case", text: ["Which", "Reason"])
        if publicView == nil {
            for item in report.lostCases {
                cases.add(item.caseID, [CellView(text: "old only"), CellView(text: item.reason)])
            }
            for item in report.gainedCases {
                cases.add(item.caseID, [CellView(text: "new only"), CellView(text: item.reason)])
            }
        }
        return FigureItemView(
            heading: "Verdict of the comparison: \(VerdictWords(report.verdict).text)", figures: [],
            tables: [endpoints, criteria, cases].filter { !$0.rows.isEmpty }, notes: [])
    }

    private func cells(_ result: RegressionReport.Endpoint) -> [CellView] {
        let format = format(result.endpoint)
        // A difference of shares says how many cases crossed; few pairs are few people.
        let isWithheld =
            publicView.map { result.endpoint.estimator == .proportion || result.pairs.count < $0.smallestCount }
            ?? false
        let numbers = [
            format.text(result.baseline), format.text(result.candidate), format.text(result.difference),
            format.interval(result.interval?.lower, result.interval?.upper),
        ].map { CellView.number(isWithheld ? "withheld" : $0) }
        let crossings = [result.newlyFailing.count, result.newlyFixed.count].map {
            CellView.number(publicView == nil ? "\($0)" : "–")
        }
        return [CellView(text: result.better == .higher ? "higher" : "lower")] + numbers
            + [.number(format.text(result.margin.nonInferiority))] + crossings + [.badge(VerdictWords(result.verdict))]
    }

    private func item(_ result: RegressionReport.Endpoint, _ report: RegressionReport) throws(ReportError)
        -> FigureItemView
    {
        let endpoint = result.endpoint
        let format = format(endpoint)
        let groups = groupsByCase
        let plot = PairedPlot(
            pairs: result.pairs.map {
                PairedPlot.Pair(
                    caseID: $0.caseID, before: $0.baseline, after: $0.candidate, group: groups[$0.caseID]?.name)
            },
            beforeName: "\(report.baseline.model.name) \(report.baseline.model.version)",
            afterName: "\(report.candidate.model.name) \(report.candidate.model.version)",
            valueName: endpoint.name + (format.suffix.isEmpty ? "" : " (\(format.unit))"),
            isHigherBetter: result.better == .higher, format: format)
        let isDrawn = !result.pairs.isEmpty && publicView == nil
        return FigureItemView(
            heading: endpoint.name,
            figures: isDrawn
                ? [
                    try FigureView(
                        plot.svg(),
                        caption: "\(endpoint.name), case by case, before and after (\(Words.better(endpoint.better))).")
                ] : [],
            tables: publicView == nil ? [parts(result), crossings(result)].filter { !$0.rows.isEmpty } : [],
            notes: notes(result))
    }

    /// The site and the subgroup that fare worst.
    private func parts(_ result: RegressionReport.Endpoint) -> TableView {
        let format = format(result.endpoint)
        var table = TableView(
            "Where the change was worst for \(result.endpoint.name).", first: "Part",
            numbers: ["Pairs", "Difference", "\(confidence) CI"])
        for (kind, part) in [("site", result.worstSite), ("subgroup", result.worstSubgroup)] {
            guard let part else { continue }
            table.add(
                "Worst \(kind): \(part.name)",
                [
                    .number("\(part.count)"), .number(format.text(part.difference)),
                    .number(format.interval(part.interval?.lower, part.interval?.upper)),
                ])
        }
        return table
    }

    private func crossings(_ result: RegressionReport.Endpoint) -> TableView {
        var table = TableView(
            "Cases that crossed the line for \(result.endpoint.name).", first: "Case", text: ["Change", "From → to"])
        let groups = groupsByCase
        for (words, list) in [("newly failing", result.newlyFailing), ("newly fixed", result.newlyFixed)] {
            for item in list.prefix(ReportOptions.longestList) {
                table.add(
                    item.caseID, [CellView(text: words), CellView(text: item.reason)],
                    groups: groups[item.caseID].map { [$0.name] } ?? [])
            }
            let more = list.count - ReportOptions.longestList
            if more > 0 { table.caption += " \(more) further ones that are \(words) are not listed." }
        }
        return table
    }

    private func notes(_ result: RegressionReport.Endpoint) -> [String] {
        guard publicView == nil else { return ["Method: \(method(result.method))."] }
        guard !result.pairs.isEmpty else {
            return ["No case has a value under both models; \(result.missing) without."]
        }
        var notes = [
            "Method: \(method(result.method)); \(Words.count(result.pairs.count, "pair")), \(result.missing) without."
        ]
        if let equivalent = result.isEquivalent {
            notes.append(equivalent ? "Equivalence is shown." : "Equivalence is not shown.")
        }
        if let note = result.note { notes.append(note.prefix(1).uppercased() + note.dropFirst() + ".") }
        return notes
    }
}
