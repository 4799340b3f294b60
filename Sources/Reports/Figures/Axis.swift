import Foundation

/// A linear axis with round ticks.
struct Axis {
    let lower: Double
    let upper: Double
    let ticks: [Double]
    private let decimals: Int
    private let start: Double
    private let end: Double

    /// Makes an axis that holds all values, drawn from `start` to `end` in picture units.
    init(holding values: [Double], from start: Double, to end: Double, wantedTicks: Int = 6) {
        let finite = values.filter(\.isFinite)
        var low = finite.min() ?? 0
        var high = finite.max() ?? 1
        if high - low < 1e-12 * max(1, abs(high)) {
            let pad = max(abs(high) * 0.05, 1e-3)
            low -= pad
            high += pad
        }
        let raw = (high - low) / Double(max(1, wantedTicks - 1))
        let magnitude = pow(10, floor(log10(raw)))
        let step = [1.0, 2, 2.5, 5, 10].map { $0 * magnitude }.first { $0 >= raw * 0.999 } ?? raw
        let first = floor(low / step + 1e-9)
        let last = ceil(high / step - 1e-9)
        ticks = (0...Int(max(1, last - first))).map { (first + Double($0)) * step }
        lower = ticks.first ?? low
        upper = ticks.last ?? high
        let twoAndHalf = abs(step / magnitude - 2.5) < 1e-9
        decimals = max(0, Int(-floor(log10(step) + 1e-9)) + (twoAndHalf ? 1 : 0))
        self.start = start
        self.end = end
    }

    /// Position of a value in the picture.
    func position(_ value: Double) -> Double { start + (value - lower) / (upper - lower) * (end - start) }

    /// A tick as text.
    func label(_ tick: Double) -> String { NumberText.fixed(tick, decimals: min(6, decimals)) }
}

extension SVG {
    /// Draws a horizontal axis with its grid and name.
    mutating func horizontal(_ axis: Axis, top: Double, bottom: Double, name: String) {
        for tick in axis.ticks {
            let x = axis.position(tick)
            line(x, top, x, bottom, colour: SVG.grid)
            text(axis.label(tick), x, bottom + 16, anchor: .middle, size: 11, colour: SVG.quiet)
        }
        line(axis.position(axis.lower), bottom, axis.position(axis.upper), bottom, colour: SVG.quiet)
        text(
            name, (axis.position(axis.lower) + axis.position(axis.upper)) / 2, bottom + 34, anchor: .middle, size: 12)
    }

    /// Draws a vertical axis with its grid and name.
    mutating func vertical(_ axis: Axis, left: Double, right: Double, name: String) {
        for tick in axis.ticks {
            let y = axis.position(tick)
            line(left, y, right, y, colour: SVG.grid)
            text(axis.label(tick), left - 6, y + 4, anchor: .end, size: 11, colour: SVG.quiet)
        }
        text(name, left, axis.position(axis.upper) - 12, size: 12)
    }

    /// A vertical line at a value with a label on top, such as a threshold.
    mutating func marker(_ x: Double, top: Double, bottom: Double, label: String, colour: String, dash: String) {
        line(x, top, x, bottom, colour: colour, width: 1.5, dash: dash)
        text(label, x, top - 5, anchor: .middle, size: 11, bold: true, colour: colour)
    }

    /// Shortens a label to what fits.
    static func clipped(_ text: String, _ length: Int) -> String {
        text.count <= length ? text : String(text.prefix(length - 1)) + "…"
    }
}
