/// Estimates with intervals under each other: sites, then the pooled estimate and its prediction interval.
struct ForestPlot {
    /// One row.
    struct Row {
        var label: String
        var count: Int
        /// The count as text where it may not be shown as it is; then all squares have one size.
        var shownCount: String?
        var estimate: Double?
        var lower: Double?
        var upper: Double?
        /// Drawn as a diamond below a line.
        var isPooled = false
        /// What stands in place of numbers.
        var note = ""
    }

    var rows: [Row]
    /// Where a further site may lie, if known.
    var prediction: (lower: Double, upper: Double)?
    /// Line that the intervals are judged against.
    var threshold: (label: String, value: Double)?
    var axisName: String
    var format: NumberText

    private static let left = 160.0
    private static let right = 480.0
    private static let rowHeight = 30.0

    /// The picture; its title holds all numbers.
    func svg() -> String {
        let top = 40.0
        let bottom = top + Double(rows.count + (prediction == nil ? 0 : 1)) * ForestPlot.rowHeight + 6
        var svg = SVG(width: 720, height: bottom + 46)
        var values = rows.flatMap { [$0.estimate, $0.lower, $0.upper].compactMap { $0 } }
        if let prediction { values += [prediction.lower, prediction.upper] }
        if let threshold { values.append(threshold.value) }
        let axis = Axis(holding: values, from: ForestPlot.left, to: ForestPlot.right, wantedTicks: 5)
        svg.text("Site", 8, top - 12, size: 11, bold: true, colour: SVG.quiet)
        svg.text("n", ForestPlot.left - 16, top - 12, anchor: .end, size: 11, bold: true, colour: SVG.quiet)
        svg.text("Estimate [95 % CI]", 712, top - 12, anchor: .end, size: 11, bold: true, colour: SVG.quiet)
        svg.horizontal(axis, top: top, bottom: bottom, name: axisName)
        for (number, row) in rows.enumerated() {
            draw(row, at: top + (Double(number) + 0.5) * ForestPlot.rowHeight, axis: axis, on: &svg)
        }
        if let prediction {
            let y = top + (Double(rows.count) + 0.5) * ForestPlot.rowHeight
            svg.text("Prediction interval", 8, y + 4, size: 12)
            svg.line(
                axis.position(prediction.lower), y, axis.position(prediction.upper), y, colour: SVG.accent, width: 4)
            svg.text(interval(prediction.lower, prediction.upper), 712, y + 4, anchor: .end, size: 12)
        }
        if let threshold {
            svg.marker(
                axis.position(threshold.value), top: top, bottom: bottom, label: threshold.label, colour: SVG.warning,
                dash: "6 3")
        }
        return svg.markup(title: title)
    }

    private func draw(_ row: Row, at y: Double, axis: Axis, on svg: inout SVG) {
        if row.isPooled { svg.line(8, y - 15, 712, y - 15, colour: SVG.grid) }
        svg.text(SVG.clipped(row.label, 20), 8, y + 4, size: 12, bold: row.isPooled)
        svg.text(row.shownCount ?? "\(row.count)", ForestPlot.left - 16, y + 4, anchor: .end, size: 12)
        svg.text(figures(row), 712, y + 4, anchor: .end, size: 12, bold: row.isPooled)
        guard let estimate = row.estimate else { return }
        let x = axis.position(estimate)
        if let lower = row.lower, let upper = row.upper {
            let ends = (axis.position(lower), axis.position(upper))
            guard !row.isPooled else {
                svg.polygon([(ends.0, y), (x, y - 7), (ends.1, y), (x, y + 7)], fill: SVG.accent)
                return
            }
            svg.line(ends.0, y, ends.1, y, width: 1.5)
            for end in [ends.0, ends.1] { svg.line(end, y - 4, end, y + 4, width: 1.5) }
        }
        // Area of the square grows with the number of cases.
        let half = 3 + 5 * (Double(row.count) / Double(max(1, largest))).squareRoot()
        svg.rectangle(x - half, y - half, 2 * half, 2 * half, fill: SVG.accent, title: "\(row.label): \(figures(row))")
    }

    private var largest: Int { rows.filter { !$0.isPooled }.map(\.count).max() ?? 1 }

    private func interval(_ lower: Double, _ upper: Double) -> String {
        "[\(format.text(lower)), \(format.text(upper))]"
    }

    private func figures(_ row: Row) -> String {
        guard let estimate = row.estimate else { return row.note.isEmpty ? "no value" : row.note }
        guard let lower = row.lower, let upper = row.upper else { return "\(format.text(estimate)) [no interval]" }
        return "\(format.text(estimate)) \(interval(lower, upper))"
    }

    private var title: String {
        var parts = rows.map { "\($0.label), n \($0.shownCount ?? "\($0.count)"): \(figures($0))" }
        if let prediction { parts.append("prediction interval \(interval(prediction.lower, prediction.upper))") }
        if let threshold { parts.append("\(threshold.label) \(format.text(threshold.value))") }
        return "\(axisName). " + parts.joined(separator: "; ")
    }
}
