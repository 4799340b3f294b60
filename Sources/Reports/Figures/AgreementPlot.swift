/// Bland–Altman: difference of two values of each case against their mean, with bias and limits of agreement.
struct AgreementPlot {
    /// One case.
    struct Pair {
        var caseID: String
        var first: Double
        var second: Double
    }

    var pairs: [Pair]
    var bias: Double
    var lowerLimit: Double
    var upperLimit: Double
    var meanName: String
    var differenceName: String
    var format: NumberText

    /// The picture; its title holds bias and limits.
    func svg() -> String {
        var svg = SVG(width: 720, height: 360)
        let means = pairs.map { ($0.first + $0.second) / 2 }
        let differences = pairs.map { $0.first - $0.second }
        let across = Axis(holding: means, from: 80, to: 590)
        let up = Axis(holding: differences + [bias, lowerLimit, upperLimit, 0], from: 300, to: 40)
        svg.vertical(up, left: 80, right: 590, name: differenceName)
        svg.horizontal(across, top: 40, bottom: 300, name: meanName)
        let lines = [("upper limit", upperLimit, "6 3"), ("bias", bias, ""), ("lower limit", lowerLimit, "6 3")]
        for (label, value, dash) in lines {
            let y = up.position(value)
            svg.line(80, y, 590, y, colour: SVG.warning, width: 1.5, dash: dash.isEmpty ? nil : dash)
            svg.text("\(label) \(format.text(value))", 598, y + 4, size: 11, colour: SVG.warning)
        }
        for (index, pair) in pairs.enumerated() {
            svg.circle(
                across.position(means[index]), up.position(differences[index]), radius: 3.4, fill: SVG.accent,
                stroke: "#ffffff", opacity: 0.85,
                title: "\(pair.caseID): \(format.text(pair.first)) and \(format.text(pair.second))")
        }
        return svg.markup(
            title: "\(differenceName) against \(meanName): \(pairs.count) cases, bias \(format.text(bias)), "
                + "limits of agreement \(format.text(lowerLimit)) to \(format.text(upperLimit))")
    }
}
