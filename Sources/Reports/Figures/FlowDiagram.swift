/// How many cases reached each step, and why the others did not.
struct FlowDiagram {
    /// A step.
    struct Step {
        var label: String
        /// Number of cases, or what may be said of it.
        var count: String
        /// Reasons of those who left before this step, with their numbers.
        var losses: [(reason: String, count: String)]

        init(label: String, count: String, losses: [(reason: String, count: String)]) {
            self.label = label
            self.count = count
            self.losses = losses
        }

        init(label: String, count: Int, losses: [(reason: String, count: Int)]) {
            self.init(label: label, count: "\(count)", losses: losses.map { ($0.reason, "\($0.count)") })
        }
    }

    var steps: [Step]

    /// The picture; its title tells the whole flow.
    func svg() -> String {
        var heights: [Double] = []
        for step in steps { heights.append(step.losses.isEmpty ? 22 : max(34, 20 + 15 * Double(step.losses.count))) }
        let boxHeight = 40.0
        let total = zip(steps, heights).enumerated().reduce(10.0) { sum, item in
            sum + boxHeight + (item.offset == 0 ? 0 : item.element.1)
        }
        var svg = SVG(width: 720, height: total + 10)
        var y = 10.0
        for (number, step) in steps.enumerated() {
            if number > 0 {
                let gap = heights[number]
                svg.line(180, y, 180, y + gap - 5, colour: SVG.quiet, width: 1.5)
                svg.polygon([(175, y + gap - 7), (185, y + gap - 7), (180, y + gap)], fill: SVG.quiet)
                if !step.losses.isEmpty { losses(step.losses, from: y, height: gap, on: &svg) }
                y += gap
            }
            svg.rectangle(40, y, 280, boxHeight, fill: "#ffffff", stroke: SVG.accent, radius: 4)
            svg.text(step.label, 54, y + 25, size: 13)
            svg.text(step.count, 306, y + 25, anchor: .end, size: 15, bold: true, colour: SVG.accent)
            y += boxHeight
        }
        return svg.markup(title: title)
    }

    private func losses(
        _ losses: [(reason: String, count: String)], from y: Double, height: Double, on svg: inout SVG
    ) {
        let middle = y + height / 2
        svg.line(180, middle, 372, middle, colour: SVG.quiet, width: 1.5)
        svg.rectangle(372, y + 3, 340, height - 8, fill: "#f5f7f9", stroke: SVG.grid, radius: 3)
        let first = middle - 15 * Double(losses.count - 1) / 2 + 4
        for (number, loss) in losses.enumerated() {
            svg.text(SVG.clipped(loss.reason, 46), 384, first + 15 * Double(number), size: 11.5)
            svg.text(loss.count, 702, first + 15 * Double(number), anchor: .end, size: 11.5, bold: true)
        }
    }

    private var title: String {
        "Flow of cases. "
            + steps.map { step in
                let lost = step.losses.map { "\($0.count) \($0.reason)" }.joined(separator: ", ")
                return (lost.isEmpty ? "" : "left out: \(lost); ") + "\(step.label): \(step.count)"
            }.joined(separator: "; ")
    }
}
