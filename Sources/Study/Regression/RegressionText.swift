import Cohort
import Statistics

/// The gate in words: lines for a terminal and a Markdown summary for a pull request.
public enum RegressionText {
    /// One endpoint in one line.
    public static func summary(_ item: RegressionReport.Endpoint) -> String {
        var text = "\(item.verdict.rawValue): "
        if let difference = item.difference, let interval = item.interval {
            text +=
                "difference \(number(difference)) (\(percent(interval.level)) % interval \(number(interval.lower)) to "
            text += "\(number(interval.upper))), tolerated harm \(number(item.margin.nonInferiority)), "
            text += "\(item.better.rawValue) is better, \(item.pairs.count) pairs"
        } else {
            text += "no interval, \(item.pairs.count) pairs"
        }
        if let equivalent = item.isEquivalent { text += equivalent ? ", equivalent" : ", equivalence not shown" }
        if let note = item.note { text += "; \(note)" }
        return text
    }

    /// The Markdown summary.
    public static func markdown(_ report: RegressionReport) -> String {
        var lines = ["## Regression gate: \(report.verdict.rawValue)", "", "\(cell(report.title))", ""]
        lines += [
            "| | model | version | weights | run |", "| --- | --- | --- | --- | --- |",
            side("baseline", report.baseline),
            side("candidate", report.candidate), "",
        ]
        lines += [
            "\(report.commonCases) cases, the same on both sides\(report.isIntersection ? " (intersection of two cohorts)" : ""). "
                + "Differences are candidate minus baseline, case by case.", "",
            "| endpoint | better | baseline | candidate | difference (interval) | margin | verdict | newly failing | newly fixed |",
            "| --- | --- | ---: | ---: | ---: | ---: | --- | ---: | ---: |",
        ]
        lines += report.endpoints.map(row)
        for item in report.endpoints { lines += details(item) }
        if !report.criteria.isEmpty {
            lines += ["", "| criterion | baseline | candidate | |", "| --- | --- | --- | --- |"]
            lines += report.criteria.map {
                "| \(cell($0.oid)) | \($0.baseline.rawValue) | \($0.candidate.rawValue)\($0.isLost ? " (lost)" : "") | \(cell($0.detail)) |"
            }
        }
        if !report.lostCases.isEmpty {
            lines += ["", "Cases that only the baseline could evaluate:"]
            lines += report.lostCases.map { "- \(cell($0.caseID)): \(cell($0.reason))" }
        }
        lines += ["", "Protocol `\(report.protocolSHA256)`."]
        return lines.joined(separator: "\n") + "\n"
    }

    private static func side(_ name: String, _ side: RegressionReport.Side) -> String {
        "| \(name) | \(cell(side.model.name)) | \(cell(side.model.version)) | `\(side.model.weightsSHA256.prefix(12))` | `\(cell(side.run))` |"
    }

    private static func row(_ item: RegressionReport.Endpoint) -> String {
        func text(_ value: Double?) -> String { value.map(number) ?? "–" }
        let interval = item.interval.map { " (\(number($0.lower)) to \(number($0.upper)))" } ?? ""
        return
            "| \(cell(item.endpoint.name)) | \(item.better.rawValue) | \(text(item.baseline)) | \(text(item.candidate)) "
            + "| \(text(item.difference))\(interval) | \(number(item.margin.nonInferiority)) | **\(item.verdict.rawValue)** "
            + "| \(item.newlyFailing.count) | \(item.newlyFixed.count) |"
    }

    private static func details(_ item: RegressionReport.Endpoint) -> [String] {
        var lines: [String] = []
        if let note = item.note { lines.append("- \(cell(item.endpoint.name)): \(cell(note))") }
        for (kind, part) in [("site", item.worstSite), ("subgroup", item.worstSubgroup)] {
            guard let part else { continue }
            lines.append(
                "- \(cell(item.endpoint.name)), worst \(kind): \(cell(part.name)), difference \(number(part.difference)) "
                    + "in \(part.count) pairs")
        }
        lines += item.newlyFailing.prefix(20).map {
            "- \(cell(item.endpoint.name)), newly failing: \(cell($0.caseID)) (\(cell($0.reason)))"
        }
        if item.newlyFailing.count > 20 { lines.append("- … and \(item.newlyFailing.count - 20) more") }
        return lines.isEmpty ? [] : [""] + lines
    }

    /// Text that cannot leave its cell or become markup.
    private static func cell(_ text: String) -> String {
        var output = ""
        for character in SafeText.printable(text) {
            if "\\`*_{}[]<>#|!".contains(character) { output.append("\\") }
            output.append(character)
        }
        return output
    }

    /// Six significant digits, independent of the locale.
    static func number(_ value: Double) -> String {
        guard value != 0, value.isFinite else { return value == 0 ? "0" : String(describing: value) }
        var exponent = 0
        var scaled = value.magnitude
        while scaled >= 10, exponent < 400 { (scaled, exponent) = (scaled / 10, exponent + 1) }
        while scaled < 1, exponent > -400 { (scaled, exponent) = (scaled * 10, exponent - 1) }
        guard (-5..<15).contains(exponent) else { return String(describing: value) }
        let decimals = max(0, 5 - exponent)
        var factor = 1.0
        for _ in 0..<decimals { factor *= 10 }
        let whole = (value.magnitude * factor).rounded()
        guard whole < 9e15 else { return String(describing: value) }
        var digits = String(Int64(whole))
        if decimals > 0 {
            digits = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
            digits.insert(".", at: digits.index(digits.endIndex, offsetBy: -decimals))
            while digits.hasSuffix("0") { digits.removeLast() }
            if digits.hasSuffix(".") { digits.removeLast() }
        }
        return (value < 0 ? "-" : "") + digits
    }

    private static func percent(_ level: Double) -> String { number((level * 1e6).rounded() / 1e4) }
}
