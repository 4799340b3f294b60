/// A value along the slices of a case, with its worst slice marked.
struct SliceCurve {
    var slices: [Int]
    var values: [Double]
    var worst: Int
    var valueName: String
    var format: NumberText

    /// The picture; its title names the worst slice.
    func svg() -> String {
        var svg = SVG(width: 480, height: 170)
        let across = Axis(holding: slices.map { Double($0 + 1) }, from: 60, to: 460)
        let up = Axis(holding: values, from: 120, to: 28, wantedTicks: 4)
        svg.vertical(up, left: 60, right: 460, name: valueName)
        svg.horizontal(across, top: 28, bottom: 120, name: "slice")
        svg.polyline(
            zip(slices, values).map { (across.position(Double($0 + 1)), up.position($1)) }, colour: SVG.accent)
        var title = "\(valueName) along \(slices.count) slices"
        if let index = slices.firstIndex(of: worst) {
            let words = "worst slice \(worst + 1): \(format.text(values[index]))"
            svg.circle(
                across.position(Double(worst + 1)), up.position(values[index]), radius: 4, fill: SVG.warning,
                title: words)
            title += "; \(words)"
        }
        return svg.markup(title: title)
    }
}
