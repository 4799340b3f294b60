import Foundation
import Metrics
import Testing

@testable import Reports
@testable import Study

@Suite("The public view of a report")
struct PublicReportTests {
    /// A study with a small site, few losses and identifiers that are found wherever they are.
    private func record(count: Int = 52) throws -> RunRecord {
        var record = try SyntheticStudy.record(count: count)
        var names: [String: String] = [:]
        for index in record.cases.indices {
            names[record.cases[index].id] = "CASE-\(index)-END"
            record.cases[index].id = "CASE-\(index)-END"
            record.cases[index].subject = "PSEUDONYM-\(index)-END"
            record.cases[index].covariates["note"] = "NOTE-\(index)-END"
            if record.cases[index].site == "S03", index > 8 { record.cases[index].site = "S01" }
        }
        for index in record.deviations.indices {
            record.deviations[index].caseID = names[record.deviations[index].caseID] ?? ""
        }
        record.audit.events[0].object = "CASE-0-END"
        record.audit.events[0].reason = "because of CASE-0-END"
        record.analyses = StudyAnalysis(record: record).analyses()
        return record
    }

    private func page(_ record: RunRecord, view: PublicView? = nil, pages: Set<String> = []) throws -> String {
        var options = ReportOptions(toolVersion: "1.0.0")
        options.publicView = view
        options.casePages = pages
        let report = try StudyReport(
            record: record, templates: ReportTemplates(folder: SyntheticStudy.root + "/templates"), options: options)
        return String(decoding: report.html, as: UTF8.self)
    }

    @Test("It holds no case, no pseudonym, no picture and no page of a case")
    func noCases() throws {
        let record = try record()
        let html = try page(record, view: PublicView(of: record), pages: Set(record.cases.map(\.id)))
        for item in record.cases {
            for text in [item.id, item.subject, item.covariates["note"] ?? "?"] {
                #expect(!html.contains(text), "\(text)")
            }
        }
        for text in ["-END", "data:image/png", "cases/", "Find a case", "Worst cases", "The generator took too long."] {
            #expect(!html.contains(text), "\(text)")
        }
        for section in Section.allCases { #expect(html.contains("id=\"\(section.anchor)\"")) }
        // A test that is withheld was made: the page may not say that there were too few cases for it.
        #expect(!html.contains("as no endpoint has two levels"))
    }

    @Test("No suppressed count stands in a table or a figure")
    func noSmallCounts() throws {
        let record = try record()
        let view = try PublicView(of: record)
        let html = try page(record, view: view)
        // 52 listed, 49 evaluated, one each failed, missing and excluded; three cases at one site.
        #expect(record.cases.count { $0.outcome.status == .ok } == 49)
        #expect(html.contains("&lt;11") && html.contains("withheld"))
        for anchor in [
            "summary", "amendments", "participants", "reference-standard", "results", "sites", "subgroups",
            "missing-data",
        ] {
            let part = try section(anchor, of: html)
            for match in part.matches(of: /<(?:td|strong|text)[^>]*>([^<]*)</) {
                let words = match.1.split { !$0.isNumber && $0 != "." }.map(String.init)
                guard match.1.allSatisfy({ $0.isNumber || $0 == " " || $0 == "/" }), !match.1.isEmpty else { continue }
                // Planned numbers of cases are in the protocol; there are four sites.
                for word in words where word != "6" && word != "4" {
                    let count = Int(word) ?? 0
                    #expect(!(1...10).contains(count) && count != 49, "\(anchor): \(match.1)")
                }
            }
        }
        #expect(!html.contains("49 of 52"))
    }

    @Test("Cover and section on data protection say which view it is, in both views")
    func saysSo() throws {
        let record = try record()
        let open = try page(record, view: PublicView(of: record))
        #expect(open.contains("Public view: no case is shown, and no count below 11"))
        #expect(try section("data-protection", of: open).contains("Withheld are: every case"))
        let full = try page(record)
        #expect(!full.contains("Public view"))
        #expect(try section("data-protection", of: full).contains("This view shows exact counts, also small ones"))
        #expect(try section("subgroups", of: full).contains("Exact counts are shown"))
        #expect(open != full && open.contains("at least 22"))
    }

    @Test("Beside it lies the table of lines alone, and never a file of the full report")
    func files() throws {
        let path = NSTemporaryDirectory() + "public-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let record = try record()
        let view = try PublicView(of: record)
        let templates = try ReportTemplates(folder: SyntheticStudy.root + "/templates")
        var options = ReportOptions(toolVersion: "1.0.0")
        options.publicView = view
        let report = try StudyReport(record: record, templates: templates, options: options)
        let folder = try ReportFolder(path: path)
        try folder.write(report, view: view)
        let found = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        #expect(found == ["analyses.csv", "protocol.xml", "report.html"])
        let table = try String(contentsOfFile: folder.publicTable, encoding: .utf8)
        #expect(!table.contains("-END") && table.contains("&lt;11") == false && table.contains("<11"))
        try Data("{}".utf8).write(to: URL(fileURLWithPath: folder.results))
        #expect(throws: ReportError.notForPublication(folder: path, file: "results.json")) {
            try folder.write(report, view: view)
        }
    }

    @Test("The same record gives the same bytes")
    func deterministic() throws {
        let record = try record()
        #expect(try page(record, view: PublicView(of: record)) == page(record, view: PublicView(of: record)))
    }

    /// From the heading of a section to that of the next.
    private func section(_ anchor: String, of html: String) throws -> Substring {
        let start = try #require(html.range(of: "id=\"\(anchor)\""))
        let rest = html[start.upperBound...]
        return rest[..<(rest.range(of: "<section class=\"page")?.lowerBound ?? rest.endIndex)]
    }
}

@Suite("Tests between levels and Holm's steps on the page")
struct MultiplicityOnThePageTests {
    private func page(_ record: RunRecord) throws -> String {
        let report = try StudyReport(
            record: record, templates: ReportTemplates(folder: SyntheticStudy.root + "/templates"),
            options: ReportOptions(toolVersion: "1.0.0"))
        return String(decoding: report.html, as: UTF8.self)
    }

    @Test("Tests between levels stand in the section on subgroups, with adjusted p-values")
    func levels() throws {
        let html = try page(SyntheticStudy.record(count: 60, pictures: false))
        for text in ["Tests between levels, exploratory.", "p, Holm", "Welch&#39;s t", "Kruskal–Wallis"] {
            #expect(html.contains(text), "\(text)")
        }
    }

    @Test("Where no covariate has two levels of ten cases, one sentence says so and there is no table")
    func fewCases() throws {
        let html = try page(SyntheticStudy.record(count: 12, pictures: false))
        #expect(html.contains("Not tested between levels, as no endpoint has two levels"))
        #expect(!html.contains("Tests between levels, exploratory."))
    }

    @Test("A store of a tool without these tests has its page without the table")
    func olderStores() throws {
        var record = try SyntheticStudy.record(count: 60, pictures: false)
        record.analyses.removeAll { $0.kind == .levels }
        for index in record.analyses.indices {
            record.analyses[index].parameters.removeAll { $0.name.hasPrefix("holm") }
        }
        let html = try page(record)
        #expect(!html.contains("Tests between levels, exploratory.") && !html.contains("Holm step"))
    }
}
