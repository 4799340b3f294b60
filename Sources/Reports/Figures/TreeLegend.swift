import Imaging

/// The lines of a picture of vessel trees with what each stands for.
struct TreeLegend {
    /// The picture; its title names the lines.
    func svg() -> String {
        let styles = TreeLineStyle.allCases
        var svg = SVG(width: 180, height: 44)
        for (index, style) in styles.enumerated() {
            let x = 6 + 88 * Double(index % 2)
            let y = 4 + 20 * Double(index / 2)
            let colour = style.colour
            let width = 3.5
            // The lines are drawn on the dark ground that they have in the picture.
            svg.rectangle(x, y, 34, 14, fill: "#1a1a1a", radius: 2)
            svg.line(
                x + 4, y + 7, x + 30, y + 7, colour: "rgb(\(colour.x),\(colour.y),\(colour.z))", width: width,
                dash: style.dash.isEmpty
                    ? nil : style.dash.map { SVG.number($0 * width) }.joined(separator: " "))
            svg.text(style.words, x + 39, y + 11, size: 10.5, colour: SVG.quiet)
        }
        return svg.markup(
            title: "Lines: " + styles.map(\.words).joined(separator: ", "))
    }
}
