import Foundation
import Imaging
import Metrics
import Testing

@testable import Reports
@testable import Study

@Suite("The report of a study")
struct StudyReportTests {
    private func page(_ record: RunRecord) throws -> String {
        let report = try StudyReport(
            record: record, templates: ReportTemplates(folder: SyntheticStudy.root + "/templates"),
            options: ReportOptions(toolVersion: "1.0.0"))
        return String(decoding: report.html, as: UTF8.self)
    }

    @Test("The same record gives the same bytes")
    func deterministic() throws {
        let record = try SyntheticStudy.record()
        #expect(try page(record) == page(record))
    }

    @Test("Verdicts, thresholds, claims, failed cases, hashes and the command to verify are on the page")
    func content() throws {
        let record = try SyntheticStudy.record()
        let html = try page(record)
        for text in [
            "PARTIAL", "C06", "timed out", record.run.resultsDigest, record.protocolFile.sha256, record.audit.head,
            "validate audit verify --store STORE --head \(record.audit.head)", "Missed lesions", "Vessel branches",
            "data:image/png;base64,", "One site more.", "Registration is off.", "In plain words",
        ] { #expect(html.contains(text), "\(text)") }
        for item in record.cases { #expect(html.contains(item.id)) }
        for section in Section.allCases { #expect(html.contains("id=\"\(section.anchor)\"")) }
    }

    @Test("A worst case lists the longest branches that are missing, broken or false; trees have a legend in words")
    func brokenBranches() throws {
        let html = try page(SyntheticStudy.record())
        #expect(html.contains("What broke in case C0"))
        for word in ["missing", "broken", "false"] {
            #expect(html.contains("<th scope=\"row\">\(word)</th>"), "\(word)")
        }
        #expect(html.contains("<td class=\"number\">-20.0, 15.0, 90.0</td>") || html.contains("−20.0, 15.0, 90.0"))
        #expect(html.contains("Lines: correct, cut off, missing, false"))
    }

    @Test("Where branches stayed at the sites the page says so")
    func branchesElsewhere() throws {
        var record = try SyntheticStudy.record(pictures: false)
        #expect(try !page(record).contains("bundles of sites carry the values alone"))
        for index in record.cases.indices {
            for at in record.cases[index].measurements.indices {
                record.cases[index].measurements[at].measurement.details = []
            }
        }
        #expect(try page(record).contains("bundles of sites carry the values alone"))
    }

    @Test("The page loads nothing, runs nothing, and holds no address of a network")
    func selfContained() throws {
        let html = try page(SyntheticStudy.record())
        #expect(html.contains("default-src 'none'; style-src 'unsafe-inline'; img-src data:"))
        for text in ["http:", "https:", "<script", "<link", "url(", "@import", "onload", "{{", "}}"] {
            #expect(!html.contains(text), "\(text)")
        }
        #expect(html.utf8.count <= StudyReport.byteLimit)
    }

    @Test("Text of the cohort cannot become markup, in any of thirty disguises", arguments: HostileTexts.all)
    func injection(_ text: String) throws {
        let calm = try tags(of: page(SyntheticStudy.record(hostile: "calm", count: 8, pictures: false)))
        let html = try page(SyntheticStudy.record(hostile: text, count: 8, pictures: false))
        #expect(tags(of: html) == calm, "the text changed the structure of the page")
        #expect(!html.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" && $0 != "\t" })
    }

    @Test("Where pictures make the page too large, fewer worst cases are shown; the page stays")
    func sizeLimit() throws {
        var record = try SyntheticStudy.record()
        for index in record.cases.indices {
            for picture in record.cases[index].pictures.indices {
                record.cases[index].pictures[picture].picture.png += [UInt8](repeating: 1, count: 700_000)
            }
        }
        let html = try page(record)
        #expect(html.utf8.count <= StudyReport.byteLimit)
        #expect(html.contains("Worst cases"))
    }

    @Test("An empty study has a page too")
    func empty() throws {
        var record = try SyntheticStudy.record(count: 4, pictures: false)
        record.cases = []
        record.analyses = StudyAnalysis(record: record).analyses()
        #expect(try page(record).contains("NOT EVALUABLE"))
    }

    /// Names of all tags and attributes in order, without texts and values.
    private func tags(of html: String) -> [String] {
        var result: [String] = []
        var rest = html[...]
        while let open = rest.firstIndex(of: "<") {
            let after = rest[rest.index(after: open)...]
            guard let close = after.firstIndex(of: ">") else { break }
            let tag = after[..<close]
            let names = tag.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
                .filter { $0.offset % 2 == 0 }.map { String($0.element) }
            result.append(names.joined(separator: "…"))
            rest = after[after.index(after: close)...]
        }
        return result
    }
}

/// Texts that try to leave their place.
enum HostileTexts {
    static let all = [
        "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "'><svg onload=alert(1)>",
        "</title><script>x</script>",
        "</style><script>x</script>", "{{title}}", "{{{title}}}", "{{&title}}", "{{>cover}}", "{{#cases}}",
        "{{=<% %>=}}", "{{% CONTENT_TYPE:TEXT}}",
        "<!--", "-->", "<![CDATA[", "]]>", "&lt;script&gt;", "&#60;b&#62;", "javascript:alert(1)", "\" onmouseover=\"x",
        "' style='x",
        "\u{0}\u{1}\u{1b}[31m", "\u{202e}evil", "<iframe src=//x>", "<a href=//x>y</a>", "`${1}`", "<base href=x>",
        "<meta http-equiv=refresh>",
        "</svg><b>", "a\r\n<b>c",
    ]
}
