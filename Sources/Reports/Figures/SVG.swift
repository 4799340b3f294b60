import Foundation

/// A drawing as SVG text; everything that goes in is escaped on the way.
struct SVG {
    let width: Double
    let height: Double
    private var body = ""

    init(width: Double, height: Double) {
        self.width = width
        self.height = height
    }

    /// Ink of axes and text.
    static let ink = "#1f2933"
    /// Text of second rank; 4.5 : 1 on white.
    static let quiet = "#52606d"
    /// Lines that only guide the eye.
    static let grid = "#dde3e8"
    /// The one accent of the reports.
    static let accent = "#0b5c8a"
    /// Light form of the accent.
    static let accentLight = "#d6e6f0"
    /// Thresholds and harm: told apart from the accent by every kind of colour vision.
    static let warning = "#b34700"

    /// Text for markup: what could end an attribute, open a tag, or open a template tag is written as an entity.
    static func escape(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case "{": result += "&#123;"
            case "}": result += "&#125;"
            default:
                // Control characters have no place in XML, not even escaped.
                if scalar.value >= 0x20 || scalar == "\n" || scalar == "\t" {
                    result.unicodeScalars.append(scalar)
                } else {
                    result += "\u{FFFD}"
                }
            }
        }
        return result
    }

    /// A coordinate with two decimals, whatever the locale.
    static func number(_ value: Double) -> String {
        guard value.isFinite else { return "0" }
        let hundredths = Int((max(-1e9, min(1e9, value)) * 100).rounded())
        let sign = hundredths < 0 ? "-" : ""
        let part = abs(hundredths) % 100
        let whole = "\(sign)\(abs(hundredths) / 100)"
        if part == 0 { return whole }
        return part % 10 == 0 ? "\(whole).\(part / 10)" : "\(whole).\(part < 10 ? "0" : "")\(part)"
    }

    private mutating func add(
        _ name: String, _ attributes: [(String, String)], text: String? = nil, title: String? = nil,
        group: String? = nil
    ) {
        body += "<\(name)"
        let all = attributes + (group.map { [("class", $0)] } ?? [])
        for (key, value) in all { body += " \(key)=\"\(SVG.escape(value))\"" }
        guard text != nil || title != nil else {
            body += "/>"
            return
        }
        body += ">"
        if let title { body += "<title>\(SVG.escape(title))</title>" }
        if let text { body += SVG.escape(text) }
        body += "</\(name)>"
    }

    mutating func line(
        _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, colour: String = SVG.ink, width: Double = 1,
        dash: String? = nil, title: String? = nil, group: String? = nil
    ) {
        var attributes = [
            ("x1", SVG.number(x1)), ("y1", SVG.number(y1)), ("x2", SVG.number(x2)), ("y2", SVG.number(y2)),
            ("stroke", colour), ("stroke-width", SVG.number(width)),
        ]
        if let dash { attributes.append(("stroke-dasharray", dash)) }
        add("line", attributes, title: title, group: group)
    }

    mutating func rectangle(
        _ x: Double, _ y: Double, _ width: Double, _ height: Double, fill: String, stroke: String? = nil,
        radius: Double = 0, title: String? = nil
    ) {
        var attributes = [
            ("x", SVG.number(x)), ("y", SVG.number(y)), ("width", SVG.number(width)), ("height", SVG.number(height)),
            ("fill", fill),
        ]
        if let stroke { attributes.append(("stroke", stroke)) }
        if radius > 0 { attributes.append(("rx", SVG.number(radius))) }
        add("rect", attributes, title: title)
    }

    mutating func circle(
        _ x: Double, _ y: Double, radius: Double, fill: String, stroke: String = "none", opacity: Double = 1,
        title: String? = nil, group: String? = nil
    ) {
        add(
            "circle",
            [
                ("cx", SVG.number(x)), ("cy", SVG.number(y)), ("r", SVG.number(radius)), ("fill", fill),
                ("fill-opacity", SVG.number(opacity)), ("stroke", stroke),
            ], title: title, group: group)
    }

    mutating func polygon(
        _ points: [(Double, Double)], fill: String, stroke: String = "none", title: String? = nil,
        group: String? = nil
    ) {
        let list = points.map { "\(SVG.number($0.0)),\(SVG.number($0.1))" }.joined(separator: " ")
        add("polygon", [("points", list), ("fill", fill), ("stroke", stroke)], title: title, group: group)
    }

    mutating func polyline(_ points: [(Double, Double)], colour: String, width: Double = 1.5) {
        let list = points.map { "\(SVG.number($0.0)),\(SVG.number($0.1))" }.joined(separator: " ")
        add("polyline", [("points", list), ("fill", "none"), ("stroke", colour), ("stroke-width", SVG.number(width))])
    }

    /// Where a text stands relative to its position.
    enum Anchor: String {
        case start, middle, end
    }

    mutating func text(
        _ text: String, _ x: Double, _ y: Double, anchor: Anchor = .start, size: Double = 12, bold: Bool = false,
        colour: String = SVG.ink
    ) {
        var attributes = [
            ("x", SVG.number(x)), ("y", SVG.number(y)), ("text-anchor", anchor.rawValue),
            ("font-size", SVG.number(size)), ("fill", colour),
        ]
        if bold { attributes.append(("font-weight", "bold")) }
        add("text", attributes, text: text)
    }

    /// The drawing with its title, which holds the numbers in words for whoever cannot see it.
    func markup(title: String) -> String {
        "<svg role=\"img\" viewBox=\"0 0 \(SVG.number(width)) \(SVG.number(height))\""
            + " width=\"\(SVG.number(width))\" height=\"\(SVG.number(height))\""
            + " aria-label=\"\(SVG.escape(title))\""
            + " font-family=\"Liberation Sans, Arial, Helvetica, DejaVu Sans, sans-serif\">"
            + "<title>\(SVG.escape(title))</title>\(body)</svg>"
    }
}
