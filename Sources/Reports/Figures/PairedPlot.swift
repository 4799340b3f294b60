/// Old and new value of every case, joined by a line: what a mean difference hides.
struct PairedPlot {
    /// One case.
    struct Pair {
        var caseID: String
        var before: Double
        var after: Double
        /// Class by which the page finds the case in every figure.
        var group: String?
    }

    var pairs: [Pair]
    var beforeName: String
    var afterName: String
    var valueName: String
    /// Whether larger is better: lines of harm are drawn in the warning colour, dashed.
    var isHigherBetter: Bool
    var format: NumberText

    /// The picture; its title counts improvements and harm.
    func svg() -> String {
        var svg = SVG(width: 480, height: 360)
        let axis = Axis(holding: pairs.flatMap { [$0.before, $0.after] }, from: 310, to: 40)
        svg.vertical(axis, left: 80, right: 440, name: valueName)
        for pair in pairs {
            let ends = (axis.position(pair.before), axis.position(pair.after))
            let isHarm = harm(pair) > 0
            let words = "\(pair.caseID): \(format.text(pair.before)) → \(format.text(pair.after))"
            svg.line(
                150, ends.0, 370, ends.1, colour: isHarm ? SVG.warning : SVG.accent, width: 1.2,
                dash: isHarm ? "5 3" : nil, title: words, group: pair.group)
            svg.circle(150, ends.0, radius: 3, fill: SVG.ink, group: pair.group)
            svg.circle(370, ends.1, radius: 3, fill: SVG.ink, group: pair.group)
        }
        svg.text(SVG.clipped(beforeName, 26), 150, 334, anchor: .middle, bold: true)
        svg.text(SVG.clipped(afterName, 26), 370, 334, anchor: .middle, bold: true)
        svg.text("dashed: worse than before", 260, 354, anchor: .middle, size: 11, colour: SVG.quiet)
        return svg.markup(title: title)
    }

    private func harm(_ pair: Pair) -> Double {
        isHigherBetter ? pair.before - pair.after : pair.after - pair.before
    }

    private var title: String {
        let worse = pairs.count { harm($0) > 0 }
        let better = pairs.count { harm($0) < 0 }
        let mean = pairs.isEmpty ? 0 : pairs.reduce(0) { $0 + $1.after - $1.before } / Double(pairs.count)
        return
            "\(valueName), \(beforeName) against \(afterName): \(pairs.count) cases, \(better) better, \(worse) worse, "
            + "mean difference \(format.text(mean))"
    }
}
