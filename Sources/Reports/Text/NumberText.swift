import Foundation

/// Numbers as people read them: decimals by unit, a point whatever the locale, a true minus sign.
struct NumberText: Equatable {
    var unit: String

    init(unit: String) { self.unit = unit }

    /// Decimals that a unit deserves.
    private var decimals: Int {
        switch unit {
        case "1": 3
        case "mm", "dB", "ml", "count": 2
        case "HU", "%", "a.u.", "s": 1
        default: 3
        }
    }

    /// The unit as it stands behind a number; nothing for ratios.
    var suffix: String {
        switch unit {
        case "1", "", "count": ""
        case "%": " %"
        default: " \(unit)"
        }
    }

    /// A number without its unit.
    func bare(_ value: Double) -> String {
        guard value.isFinite else { return "not finite" }
        // Small numbers keep two significant digits: 0.0004 must not read as 0.000.
        if value != 0, abs(value) < 0.5 * pow(10, -Double(decimals)) {
            let more = min(9, Int(-floor(log10(abs(value)))) + 1)
            return NumberText.fixed(value, decimals: more)
        }
        return NumberText.fixed(value, decimals: abs(value) >= 1000 ? min(1, decimals) : decimals)
    }

    /// A number with its unit.
    func text(_ value: Double) -> String { bare(value) + suffix }

    /// A number, or a dash where there is none.
    func text(_ value: Double?) -> String { value.map { text($0) } ?? "–" }

    /// An interval, or a dash.
    func interval(_ lower: Double?, _ upper: Double?) -> String {
        guard let lower, let upper else { return "–" }
        return "\(bare(lower)) to \(bare(upper))\(suffix)"
    }

    /// A number with a fixed count of decimals.
    static func fixed(_ value: Double, decimals: Int) -> String {
        guard value.isFinite else { return "not finite" }
        // C's own formatting: nothing here ever sets a locale, and Foundation's takes ten times as long.
        let text = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
            _ = withVaList([abs(value)]) { vsnprintf(buffer.baseAddress, buffer.count, "%.\(decimals)f", $0) }
            return buffer.baseAddress.map { String(cString: $0) } ?? ""
        }
        let isZero = text.allSatisfy { $0 == "0" || $0 == "." }
        return value < 0 && !isZero ? "−" + text : text
    }

    /// A p-value, never as zero.
    static func p(_ value: Double?) -> String {
        guard let value, value.isFinite else { return "–" }
        return value < 0.001 ? "< 0.001" : fixed(value, decimals: 3)
    }
}
