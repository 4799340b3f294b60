internal import Mustache
public import Study

/// The one-page report on a qualification: the matrix of metrics and faults, and what was not met.
public struct QualificationReport: Sendable {
    /// The page, self-contained HTML.
    public let html: [UInt8]

    /// Renders the page.
    ///
    /// - Parameters:
    ///   - result: What was measured.
    ///   - templates: Templates with one named `qualification`.
    ///   - toolVersion: Version of the tool, printed on the page.
    /// - Throws: `ReportError.template`.
    public init(
        _ result: QualificationResult, templates: ReportTemplates, toolVersion: String
    ) throws(ReportError) {
        let view = QualificationView(result, toolVersion: toolVersion)
        guard let page = templates.library.render(view, withTemplate: "qualification") else {
            throw .template(name: "qualification", problem: "it is missing")
        }
        html = Array(page.utf8)
    }
}

/// What the template of the page shows.
struct QualificationView {
    var title = "Qualification of the metrics"
    var verdict: [BadgeView]
    var facts: [FactView]
    var paragraphs: [String]
    var tables: [TableView]

    init(_ result: QualificationResult, toolVersion: String) {
        verdict = [
            BadgeView(
                result.isPassed
                    ? VerdictWords(text: "PASS", kind: "pass") : VerdictWords(text: "FAIL", kind: "fail"))
        ]
        facts = [
            FactView(
                label: "Phantoms", value: "\(result.phantoms), each with at least three lesions, seed \(result.seed)"),
            FactView(label: "Grid", value: result.grid), FactView(label: "Version", value: toolVersion),
        ]
        paragraphs = [
            "Each fault is made to the truth of phantoms, in rising sizes and alone; every metric is then measured "
                + "against the unharmed truth. A metric that is concerned has to get worse as the fault grows; one that is "
                + "not concerned may not change at all.",
            "Numbers are slopes: change of the metric per unit of the fault, by least squares. 'worse' means that it got "
                + "worse with the fault, as it has to; 'still' means the same value to nine digits in every size; 'free' means that the fault touches what the metric looks at, but that no "
                + "change is claimed.",
        ]
        tables = [QualificationView.matrix(result), QualificationView.series(result)]
    }

    private static func matrix(_ result: QualificationResult) -> TableView {
        var table = TableView(
            "Slopes by metric and fault", first: "Metric",
            text: QualificationResult.faultNames)
        table.isWide = true
        for row in result.rows {
            table.add(
                label(row),
                row.cells.map { cell in
                    switch (cell.isMet, cell.expectation) {
                    case (false, _):
                        CellView(
                            text: slope(cell), badges: [BadgeView(VerdictWords(text: "NOT MET", kind: "fail"))])
                    case (true, .still): CellView(text: "still")
                    case (true, .free): CellView(text: "free (\(slope(cell)))")
                    case (true, .worsens):
                        CellView(text: slope(cell), badges: [BadgeView(VerdictWords(text: "worse", kind: "pass"))])
                    }
                })
        }
        return table
    }

    /// The values behind the slopes that were claimed.
    private static func series(_ result: QualificationResult) -> TableView {
        var table = TableView(
            "Values behind the slopes: without the fault, then at each size", first: "Metric",
            text: ["Fault", "Sizes", "Values"])
        for row in result.rows {
            for cell in row.cells where cell.expectation == .worsens || !cell.isMet {
                table.add(
                    label(row),
                    [
                        CellView(text: cell.faultName),
                        CellView(
                            text: ([0] + cell.faultSizes).map { NumberText(unit: "dB").bare($0) }.joined(
                                separator: ", ")),
                        CellView(
                            text: cell.values.map { NumberText(unit: row.unit).text($0) }.joined(separator: ", ")),
                    ])
            }
        }
        return table
    }

    private static func label(_ row: QualificationRow) -> String {
        "\(row.name), \(row.structure) (\(row.isHigherBetter ? "higher" : "lower") is better)"
    }

    private static func slope(_ cell: QualificationCell) -> String {
        guard let slope = cell.slope else { return "–" }
        return NumberText(unit: "1").bare(slope)
    }
}
