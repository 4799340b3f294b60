/// Every case of an endpoint as a point, one row a site, over the box of its quartiles.
struct StripPlot {
    /// One case.
    struct Point {
        var caseID: String
        var site: String
        /// Nil: the case has no value.
        var value: Double?
        /// Flagged by the outlier rule of the protocol.
        var isOutlier = false
        /// Why there is no value.
        var reason = ""
        /// Class by which the page finds the case in every figure.
        var group: String?
    }

    /// A line across all rows.
    struct Mark {
        var label: String
        var value: Double
        /// A threshold is drawn dashed in the warning colour, a claim dotted in grey.
        var isThreshold: Bool
    }

    var points: [Point]
    var sites: [String]
    var marks: [Mark]
    var axisName: String
    var format: NumberText

    private static let rowHeight = 54.0
    private static let left = 130.0
    private static let right = 640.0

    /// The picture; its title names sites, numbers and quartiles.
    func svg() -> String {
        let top = 34.0
        let bottom = top + Double(sites.count) * StripPlot.rowHeight
        var svg = SVG(width: 720, height: bottom + 58)
        let values = points.compactMap(\.value)
        let axis = Axis(holding: values + marks.map(\.value), from: StripPlot.left, to: StripPlot.right)
        svg.horizontal(axis, top: top, bottom: bottom, name: axisName)
        for (row, site) in sites.enumerated() {
            draw(site, at: top + (Double(row) + 0.5) * StripPlot.rowHeight, axis: axis, on: &svg)
        }
        for (number, mark) in marks.enumerated() {
            svg.marker(
                axis.position(mark.value), top: top - 8 * Double(number % 2) - 2, bottom: bottom, label: mark.label,
                colour: mark.isThreshold ? SVG.warning : SVG.quiet, dash: mark.isThreshold ? "6 3" : "2 3")
        }
        if points.contains(where: { $0.value == nil }) {
            svg.text("× no value", StripPlot.right + 12, top - 6, size: 10, colour: SVG.quiet)
        }
        return svg.markup(title: title)
    }

    private func draw(_ site: String, at y: Double, axis: Axis, on svg: inout SVG) {
        let own = points.filter { $0.site == site }
        let values = own.compactMap(\.value).sorted()
        svg.text(SVG.clipped(site, 16), StripPlot.left - 12, y + 1, anchor: .end, size: 12, bold: true)
        svg.text("n = \(values.count)", StripPlot.left - 12, y + 15, anchor: .end, size: 10, colour: SVG.quiet)
        if values.count >= 4 {
            let box = [0.25, 0.5, 0.75].map { axis.position(StripPlot.quantile(values, $0)) }
            svg.rectangle(box[0], y - 15, max(1, box[2] - box[0]), 30, fill: SVG.accentLight)
            svg.line(box[1], y - 15, box[1], y + 15, colour: SVG.accent, width: 2)
        }
        for (point, offset) in swarm(own, axis: axis) {
            let value = point.value ?? 0
            let x = axis.position(value)
            let title =
                "\(point.caseID), \(site): \(format.text(value))\(point.isOutlier ? " (flagged as outlier)" : "")"
            if point.isOutlier {
                svg.polygon(
                    [(x, y + offset - 5), (x + 5, y + offset), (x, y + offset + 5), (x - 5, y + offset)],
                    fill: "#ffffff", stroke: SVG.warning, title: title, group: point.group)
            } else {
                svg.circle(
                    x, y + offset, radius: 3.4, fill: SVG.accent, stroke: "#ffffff", opacity: 0.85, title: title,
                    group: point.group)
            }
        }
        let absent = own.filter { $0.value == nil }
        for (number, point) in absent.prefix(8).enumerated() {
            let x = StripPlot.right + 16 + 9 * Double(number)
            svg.line(
                x - 3, y - 3, x + 3, y + 3, colour: SVG.warning, width: 1.5, title: "\(point.caseID): \(point.reason)",
                group: point.group)
            svg.line(x - 3, y + 3, x + 3, y - 3, colour: SVG.warning, width: 1.5, group: point.group)
        }
        if absent.count > 8 {
            svg.text("\(absent.count)", StripPlot.right + 16, y + 18, size: 10, colour: SVG.warning)
        }
    }

    /// Points moved off the middle of their row so that none hides another, as far as the row's height allows.
    private func swarm(_ points: [Point], axis: Axis) -> [(Point, Double)] {
        let sorted = points.filter { $0.value != nil }.sorted {
            ($0.value ?? 0, $0.caseID) < ($1.value ?? 0, $1.caseID)
        }
        var placed: [(x: Double, offset: Double)] = []
        return sorted.map { point in
            let x = axis.position(point.value ?? 0)
            let near = placed.suffix(24).filter { abs($0.x - x) < 7 }
            let candidates = [0.0, -6, 6, -12, 12, -18, 18]
            let offset = candidates.first { c in !near.contains { abs($0.offset - c) < 6 } } ?? 0
            placed.append((x, offset))
            return (point, offset)
        }
    }

    /// Quantile of sorted values, linear (type 7).
    static func quantile(_ sorted: [Double], _ share: Double) -> Double {
        guard let last = sorted.indices.last else { return .nan }
        let at = share * Double(last)
        let below = Int(at)
        let above = min(last, below + 1)
        return sorted[below] + (at - Double(below)) * (sorted[above] - sorted[below])
    }

    private var title: String {
        let rows = sites.map { site in
            let values = points.filter { $0.site == site }.compactMap(\.value).sorted()
            guard !values.isEmpty else { return "\(site): no values" }
            let figures = [0, 0.5, 1].map { format.text(StripPlot.quantile(values, $0)) }
            return "\(site): \(values.count) values, median \(figures[1]), from \(figures[0]) to \(figures[2])"
        }
        return "\(axisName), every case by site. " + rows.joined(separator: "; ")
            + marks.map { "; \($0.label) \(format.text($0.value))" }.joined()
    }
}
