import Foundation
import Testing

@testable import Reports
@testable import Study

@Suite("Printing and accessibility, with programs that may be absent")
struct PrintingTests {
    private static let printer = try? PDFPrinter(lookingIn: [SyntheticStudy.root])

    @Test(
        "The PDF is sound, tagged, has its fonts and attachments inside, and the same page gives the same bytes",
        .enabled(if: printer != nil, "WeasyPrint is not installed (script/setup)"),
        .enabled(if: Tool.exists("qpdf") && Tool.exists("pdffonts"), "qpdf and poppler-utils are not installed"))
    func pdf() throws {
        let printer = try #require(PrintingTests.printer)
        let folder = try TestFolder()
        let html = folder.path("report.html")
        try Data(page()).write(to: URL(fileURLWithPath: html))
        try Data("{}".utf8).write(to: URL(fileURLWithPath: folder.path("results.json")))
        for name in ["a.pdf", "b.pdf"] {
            try printer.print(
                html: html, to: folder.path(name), attachments: [folder.path("results.json")], epoch: 1_768_208_400)
        }
        let bytes = try Data(contentsOf: URL(fileURLWithPath: folder.path("a.pdf")))
        #expect(try bytes == Data(contentsOf: URL(fileURLWithPath: folder.path("b.pdf"))))
        #expect(Tool.run("qpdf", ["--check", folder.path("a.pdf")]).status == 0)
        #expect(Tool.run("pdfinfo", [folder.path("a.pdf")]).output.contains("Tagged:          yes"))
        #expect(Tool.run("pdfdetach", ["-list", folder.path("a.pdf")]).output.contains("results.json"))
        let fonts = Tool.run("pdffonts", [folder.path("a.pdf")]).output.split(separator: "\n").dropFirst(2)
        #expect(!fonts.isEmpty)
        // Columns from the end: emb, sub, uni, object, generation.
        for line in fonts {
            let words = line.split(separator: " ")
            #expect(words.count > 5 && words[words.count - 5] == "yes", "\(line)")
        }
    }

    @Test("Without the printer the error says what to do")
    func noPrinter() {
        let error = #expect(throws: ReportError.self) { try PDFPrinter(lookingIn: ["/nowhere"]) }
        #expect(error?.description.contains("script/setup") == true)
    }

    @Test(
        "axe-core finds nothing on a report and on the page of a case",
        .enabled(if: Tool.exists("chromium"), "chromium is not installed"),
        .enabled(if: Tool.axe != nil, "axe.min.js is not under .venv-tests (wheel axe-playwright-python)"))
    func accessibility() throws {
        for html in try [page(), caseViewer()] { try requireNoViolation(String(decoding: html, as: UTF8.self)) }
    }

    private func caseViewer() throws -> [UInt8] {
        try CaseViewer(
            CaseViewerTests.shown(), of: CaseViewerTests.study,
            templates: ReportTemplates(folder: SyntheticStudy.root + "/templates")
        ).html
    }

    private func requireNoViolation(_ page: String) throws {
        let axe = try String(contentsOfFile: #require(Tool.axe), encoding: .utf8)
        let folder = try TestFolder()
        var html = page
        // Only the copy under test may run a program.
        let policy = try #require(html.range(of: "<meta http-equiv=\"Content-Security-Policy\""))
        let end = try #require(html[policy.lowerBound...].firstIndex(of: ">"))
        html.removeSubrange(policy.lowerBound...end)
        let script = """
            <script>\(axe)</script><script>axe.run().then(r => { document.body.className = 'done'; document.body.textContent =
            'axe:' + r.violations.map(v => v.id + ' ' + v.nodes.length + ' ' + v.nodes[0].html).join('; ') + ':axe' })</script>
            """
        html = html.replacingOccurrences(of: "</body>", with: script + "</body>")
        try Data(html.utf8).write(to: URL(fileURLWithPath: folder.path("page.html")))
        let dom = Tool.run(
            "chromium",
            [
                "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir=" + folder.path("profile"),
                "--virtual-time-budget=20000", "--dump-dom", "file://" + folder.path("page.html"),
            ]
        ).output
        let found = dom.components(separatedBy: "\">axe:").last?.components(separatedBy: ":axe").first
        #expect(dom.contains("\">axe:"), "axe did not run")
        #expect(found == "", "\(found ?? "nothing")")
    }

    private func page() throws -> [UInt8] {
        try StudyReport(
            record: SyntheticStudy.record(count: 8),
            templates: ReportTemplates(folder: SyntheticStudy.root + "/templates"),
            options: ReportOptions(toolVersion: "1.0.0")
        ).html
    }
}

/// Programs of the system that a test may use.
enum Tool {
    static func exists(_ name: String) -> Bool { FileManager.default.isExecutableFile(atPath: "/usr/bin/" + name) }

    /// axe-core, if a test environment of the checkout has it.
    static let axe: String? = {
        let lib = SyntheticStudy.root + "/.venv-tests/lib"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: lib)) ?? []
        return versions.map { "\(lib)/\($0)/site-packages/axe_playwright_python/axe.min.js" }
            .first { FileManager.default.fileExists(atPath: $0) }
    }()

    static func run(_ name: String, _ arguments: [String]) -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/" + name)
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return (-1, "") }
        let data = (try? pipe.fileHandleForReading.readToEnd()) ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }
}

/// A private folder that is removed at the end of a test.
final class TestFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("reports-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appendingPathComponent(name).path }
}
