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
        var items: [FigureItemView] = []
        for endpoint in report.endpoints { items.append(try item(endpoint, report)) }
        return FiguresSectionView(
            section: heading(.regression),
            paragraphs: [
                "Before: \(report.baseline.model.name) \(report.baseline.model.version), run \(report.baseline.run). Now: "
                    + "\(report.candidate.model.name) \(report.candidate.model.version), run \(report.candidate.run). "
                    + "Same cases, differences are new minus old."
            ], items: items)
    }

    private func item(_ result: RegressionReport.Endpoint, _ report: RegressionReport) throws(ReportError)
        -> FigureItemView
    {
        let endpoint = result.endpoint
        let format = NumberText(unit: endpoint.unit)
        let groups = groupsByCase
        let plot = PairedPlot(
            pairs: result.pairs.map {
                PairedPlot.Pair(
                    caseID: $0.caseID, before: $0.baseline, after: $0.candidate, group: groups[$0.caseID]?.name)
            },
            beforeName: "\(report.baseline.model.name) \(report.baseline.model.version)",
            afterName: "\(report.candidate.model.name) \(report.candidate.model.version)", valueName: endpoint.name,
            isHigherBetter: endpoint.better == .higher, format: format)
        var table = TableView(
            "Old and new side by side: \(endpoint.name).", first: "Quantity",
            numbers: ["Old", "New", "Difference", "\(confidence) CI", "Margin"],
            after: ["Verdict"])
        table.add(
            endpoint.name,
            [
                .number(format.text(result.baseline)), .number(format.text(result.candidate)),
                .number(format.text(result.difference)),
                .number(format.interval(result.interval?.lower, result.interval?.upper)),
                .number(format.text(result.margin.nonInferiority)), .badge(VerdictWords(result.verdict)),
            ])
        return FigureItemView(
            heading: endpoint.name,
            figures: result.pairs.isEmpty
                ? [] : [try FigureView(plot.svg(), caption: "\(endpoint.name), case by case, before and after.")],
            tables: [table],
            notes: [
                "Method: \(method(result.method)); \(Words.count(result.pairs.count, "pair")), \(result.missing) without."
            ])
    }
}
