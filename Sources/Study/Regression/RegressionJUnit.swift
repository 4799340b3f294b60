import Cohort

/// The gate for a CI server: one test case per endpoint with a margin and per criterion.
public enum RegressionJUnit {
    /// A JUnit XML document.
    ///
    /// An endpoint that does not hold its margin is a failure whose type is the verdict. A criterion fails only when the old model passed it;
    /// one that both miss is skipped with its figures.
    public static func document(_ report: RegressionReport) -> String {
        let cases = report.endpoints.map(endpoint) + report.criteria.map(criterion) + [coverage(report)]
        let failures = cases.count { $0.failure != nil }
        let skipped = cases.count { $0.skipped != nil }
        var lines = ["<?xml version=\"1.0\" encoding=\"UTF-8\"?>"]
        let counts = "tests=\"\(cases.count)\" failures=\"\(failures)\" errors=\"0\" skipped=\"\(skipped)\""
        lines.append("<testsuites name=\"validate regress\" \(counts)>")
        lines.append(
            "  <testsuite name=\"\(escaped(report.title))\" \(counts) timestamp=\"\(report.candidate.startedUTC)\">")
        lines.append("    <properties>")
        for (name, value) in properties(report) {
            lines.append("      <property name=\"\(name)\" value=\"\(escaped(value))\"/>")
        }
        lines.append("    </properties>")
        for item in cases {
            let head = "    <testcase classname=\"\(escaped(item.group))\" name=\"\(escaped(item.name))\""
            lines.append(head + ">")
            if let failure = item.failure {
                lines.append("      <failure type=\"\(failure)\" message=\"\(escaped(item.summary))\">")
                lines.append(escaped(item.detail) + "</failure>")
            } else if let skipped = item.skipped {
                lines.append("      <skipped message=\"\(escaped(skipped))\"/>")
            }
            lines.append("      <system-out>\(escaped(item.failure == nil ? item.detail : item.summary))</system-out>")
            lines.append("    </testcase>")
        }
        return (lines + ["  </testsuite>", "</testsuites>"]).joined(separator: "\n") + "\n"
    }

    private struct Case {
        var group: String
        var name: String
        var failure: String?
        var skipped: String?
        var summary: String
        var detail: String
    }

    private static func properties(_ report: RegressionReport) -> [(String, String)] {
        [
            ("verdict", report.verdict.rawValue), ("protocol_sha256", report.protocolSHA256),
            ("baseline_run", report.baseline.run), ("candidate_run", report.candidate.run),
            ("baseline_weights_sha256", report.baseline.model.weightsSHA256),
            ("candidate_weights_sha256", report.candidate.model.weightsSHA256),
        ]
    }

    private static func endpoint(_ item: RegressionReport.Endpoint) -> Case {
        let summary = RegressionText.summary(item)
        let failing = item.newlyFailing.map { "newly failing \($0.caseID): \($0.reason)" }
        return Case(
            group: "margin", name: item.endpoint.oid + " " + item.endpoint.name,
            failure: item.verdict == .pass ? nil : item.verdict.rawValue, summary: summary,
            detail: ([summary] + failing).joined(separator: "\n"))
    }

    private static func criterion(_ item: RegressionReport.Criterion) -> Case {
        let summary = "baseline \(item.baseline.rawValue), candidate \(item.candidate.rawValue); \(item.detail)"
        return Case(
            group: "criterion", name: item.oid, failure: item.isLost ? item.candidate.rawValue : nil,
            skipped: item.candidate != .pass && !item.isLost ? "not passed by the baseline either: " + summary : nil,
            summary: summary, detail: summary)
    }

    private static func coverage(_ report: RegressionReport) -> Case {
        let lost = report.lostCases.map { "\($0.caseID): \($0.reason)" }
        let summary = "\(report.commonCases) cases, \(lost.count) that only the baseline could evaluate"
        return Case(
            group: "coverage", name: "cases", failure: lost.isEmpty ? nil : "partial", summary: summary,
            detail: ([summary] + lost).joined(separator: "\n"))
    }

    /// Text for an XML attribute or element: markup escaped, characters that XML 1.0 does not know left out.
    static func escaped(_ text: String) -> String {
        var output = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": output += "&amp;"
            case "<": output += "&lt;"
            case ">": output += "&gt;"
            case "\"": output += "&quot;"
            case "\n": output += "&#10;"
            case "\t": output += " "
            default:
                let value = scalar.value
                let isAllowed = (0x20...0xD7FF).contains(value) || (0xE000...0xFFFD).contains(value) || value > 0xFFFF
                if isAllowed, !(0x7F...0x9F).contains(value) { output.unicodeScalars.append(scalar) }
            }
        }
        return output
    }
}
