import Foundation
import Imaging
import Testing

@testable import Reports
@testable import Study

@Suite("Pages of cases")
struct CaseViewerTests {
    static let study = CaseViewer.Study(
        title: "A study", model: "Model 1", direction: "CT → MR", toolVersion: "1.0.0")
    private static let hash = String(repeating: "5a", count: 32)

    /// A case of 24×20×6 voxels with all masks.
    static func shown(id: String = "P1", site: String = "A") throws -> CaseShown {
        let geometry = try Geometry(
            dimensions: SIMD3(24, 20, 6), affine: Affine(spacingMM: SIMD3(1.5, 1.5, 5)))
        let places = (0..<6).flatMap { k in (0..<20).flatMap { j in (0..<24).map { i in SIMD3(i, j, k) } } }
        func volume(_ scale: Float) throws -> Volume<Float> {
            try Volume(geometry: geometry, voxels: places.map { Float($0.x * 3 + $0.y * 5 + $0.z * 7) * scale })
        }
        let mask = try Mask(
            geometry: geometry,
            voxels: places.map { (6..<18).contains($0.x) && (5..<15).contains($0.y) ? 1 : 0 })
        var input = try CasePictureInput(
            source: volume(1), generated: volume(2), truth: volume(2.1), sourceWindow: .ctAbdomen,
            targetWindow: PictureWindow(lower: 5, upper: 300, unit: "a.u."))
        input.truthStructures = CasePictureInput.Structures(liver: mask, lesions: mask, vessels: mask)
        input.generatedStructures = CasePictureInput.Structures(liver: mask)
        var record = try #require(
            SyntheticStudy.record(count: 4, pictures: false).cases.first { $0.outcome.status == .ok })
        record.id = id
        record.site = site
        record.outcome.outputSHA256 = hash
        return CaseShown(record: record, input: input, worstSlice: 4, middleSlice: 3)
    }

    private func page(_ shown: CaseShown) throws -> String {
        String(
            decoding: try CaseViewer(
                shown, of: CaseViewerTests.study, templates: ReportTemplates(folder: SyntheticStudy.root + "/templates")
            ).html, as: UTF8.self)
    }

    @Test("The policy allows the one program of the page by its hash, and nothing from elsewhere")
    func policy() throws {
        let html = try page(CaseViewerTests.shown())
        let parts = html.components(separatedBy: "<script>")
        #expect(parts.count == 2)
        let script = try #require(parts.last?.components(separatedBy: "</script>").first)
        #expect(script.contains("DecompressionStream"))
        let hash = Digest.sha256Base64(Array(script.utf8))
        let policy = try #require(html.components(separatedBy: "Content-Security-Policy\" content=\"").last)
        // The template escapes what base64 may hold; a browser reads the entities of an attribute.
        let plain = policy.prefix(200).replacing("&#x2F;", with: "/").replacing("&#x3D;", with: "=").replacing(
            "&#43;", with: "+")
        #expect(
            plain.hasPrefix("default-src 'none'; script-src 'sha256-\(hash)'; style-src 'unsafe-inline'; img-src data:")
        )
        for text in ["http:", "https:", "<link", "url(", "@import", "onload", "{{", "}}"] {
            #expect(!html.contains(text), "\(text)")
        }
    }

    @Test("The same case gives the same bytes, and the page names the image that it shows")
    func identity() throws {
        let shown = try CaseViewerTests.shown()
        let html = try page(shown)
        #expect(try html == page(shown))
        let folder = try TestFolder()
        try Data(html.utf8).write(to: folder.url.appendingPathComponent("p.html"))
        #expect(CaseViewer.outputSHA256(ofPage: folder.path("p.html")) == CaseViewerTests.hash)
        try Data("<p>no page</p>".utf8).write(to: folder.url.appendingPathComponent("q.html"))
        #expect(CaseViewer.outputSHA256(ofPage: folder.path("q.html")) == nil)
        #expect(CaseViewer.outputSHA256(ofPage: folder.path("none.html")) == nil)
    }

    @Test("Text of the cohort cannot become markup of the page", arguments: HostileTexts.all)
    func injection(_ text: String) throws {
        func tags(_ html: String) -> [Substring] {
            html.split(separator: "<").map { $0.prefix { $0.isLetter || $0 == "/" || $0 == "!" } }
        }
        let calm = try tags(page(CaseViewerTests.shown(id: "calm", site: "calm")))
        #expect(try tags(page(CaseViewerTests.shown(id: text, site: text))) == calm)
    }

    @Test("Names of pages stay in their folder, and no two cases share one")
    func names() {
        #expect(CaseViewer.fileName(of: "P0001") == "P0001.html")
        #expect(CaseViewer.fileName(of: "../a b") == "_2e._2fa_20b.html")
        let ids = ["a", "A", "a_", "a_5f", "a/", "a_2f", "ä", "a.b", ".a", "..", "a b", "a+b"]
        let names = ids.map(CaseViewer.fileName)
        #expect(Set(names).count == ids.count)
        #expect(names.allSatisfy { !$0.contains("/") && !$0.hasPrefix(".") })
    }

    @Test("A report links the pages of its own run and no others")
    func links() throws {
        var record = try SyntheticStudy.record(count: 8, pictures: false)
        for index in record.cases.indices where record.cases[index].outcome.status == .ok {
            record.cases[index].outcome.outputSHA256 = CaseViewerTests.hash
        }
        let own = try #require(record.cases.first { $0.outcome.status == .ok }).id
        let other = try #require(record.cases.last { $0.outcome.status == .ok }).id
        try #require(own != other)
        let source = try TestFolder()
        let html = try page(CaseViewerTests.shown(id: own))
        try Data(html.utf8).write(to: source.url.appendingPathComponent(CaseViewer.fileName(of: own)))
        let stranger = html.replacing(CaseViewerTests.hash, with: String(repeating: "00", count: 32))
        try Data(stranger.utf8).write(to: source.url.appendingPathComponent(CaseViewer.fileName(of: other)))
        let target = try TestFolder()
        let folder = try ReportFolder(path: target.path("report"))
        #expect(try folder.takePages(of: record, from: nil).isEmpty)
        let pages = try folder.takePages(of: record, from: source.url.path)
        #expect(pages == [own])
        #expect(try folder.takePages(of: record, from: nil) == [own])
        var options = ReportOptions(toolVersion: "1.0.0")
        options.casePages = pages
        let report = String(
            decoding: try StudyReport(
                record: record, templates: ReportTemplates(folder: SyntheticStudy.root + "/templates"), options: options
            ).html, as: UTF8.self)
        #expect(report.contains("cases/\(CaseViewer.fileName(of: own))"))
        #expect(!report.contains("cases/\(CaseViewer.fileName(of: other))"))
        #expect(throws: ReportError.noPages(folder: "/nowhere")) { try folder.takePages(of: record, from: "/nowhere") }
    }

    @Test(
        "In a browser the page unpacks its images, shows the worst slice first, and follows the keys",
        .enabled(if: Tool.exists("chromium"), "chromium is not installed"))
    func browser() throws {
        let folder = try TestFolder()
        // Only the copy under test drives itself.
        let driver = """
            <script>addEventListener("load", () => setTimeout(() => {
            const place = () => document.getElementById("place").textContent;
            const press = key => document.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
            const first = place(); press("c"); press("ArrowUp"); const second = place();
            document.body.textContent = "seen:" + first + ";" + second + ";" + document.documentElement.className + ":seen";
            }, 1500));</script></body>
            """
        var html = try page(CaseViewerTests.shown())
        let policy = try #require(html.range(of: "<meta http-equiv=\"Content-Security-Policy\""))
        let end = try #require(html[policy.lowerBound...].firstIndex(of: ">"))
        html.removeSubrange(policy.lowerBound...end)
        try Data(html.replacing("</body>", with: driver).utf8).write(to: folder.url.appendingPathComponent("page.html"))
        let dom = Tool.run(
            "chromium",
            [
                "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir=" + folder.path("profile"),
                "--virtual-time-budget=20000", "--dump-dom", "file://" + folder.path("page.html"),
            ]
        ).output
        let seen = dom.components(separatedBy: "seen:").dropFirst().first?.components(separatedBy: ":seen").first
        #expect(
            seen == "axial slice 5 of 6, S = 20.0 mm;coronal slice 22 of 40, A = 13.1 mm;live", "\(dom.prefix(300))")
    }
}
