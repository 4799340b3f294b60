internal import Foundation
internal import Mustache
public import Study

/// A page on which a reader looks through every slice of one case: source, generated image, truth and their difference in three planes.
///
/// One self-contained file that loads nothing and works from a disk; the only program on it is named by its hash in the page's policy.
/// Without programs, and in print, it shows the worst and the middle slice.
public struct CaseViewer: Sendable {
    /// What the study says about itself on the page of a case.
    public struct Study: Sendable {
        /// Title of the study.
        public var title: String
        /// Name and version of the model.
        public var model: String
        /// Source and target series, such as `CT → MR`.
        public var direction: String
        /// Version of the tool.
        public var toolVersion: String

        /// Makes a description.
        public init(title: String, model: String, direction: String, toolVersion: String) {
            self.title = title
            self.model = model
            self.direction = direction
            self.toolVersion = toolVersion
        }
    }

    /// The page.
    public let html: [UInt8]

    /// Renders the page; the same case gives the same bytes.
    ///
    /// - Throws: `ReportError.template`, or `.cannotWrite` when a picture cannot be encoded.
    public init(_ shown: CaseShown, of study: Study, templates: ReportTemplates) throws(ReportError) {
        guard let script = templates.library.render((), withTemplate: CaseViewer.script) else {
            throw .template(name: CaseViewer.script, problem: "it is missing")
        }
        let view = try CaseViewerView(shown, of: study, scriptHash: Digest.sha256Base64(Array(script.utf8)))
        guard let page = templates.library.render(view, withTemplate: "viewer") else {
            throw .template(name: "viewer", problem: "it is missing")
        }
        html = StudyReport.printable(Array(page.utf8))
    }

    /// Folder of the pages beside a report.
    public static let folder = "cases"

    /// Name of the template that holds the program.
    static let script = "viewer-script"

    /// Name of the page of a case: letters, digits, dots and dashes stay, every other byte becomes `_` and two hexadecimal digits, so that
    /// no two cases share a name.
    public static func fileName(of caseID: String) -> String {
        var name = ""
        for byte in caseID.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                name.unicodeScalars.append(Unicode.Scalar(byte))
            case UInt8(ascii: ".") where !name.isEmpty: name += "."
            default: name += "_" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }
        return name + ".html"
    }

    /// SHA-256 of the generated image that a page was made from, or nil when the file is no such page.
    ///
    /// Reads the head of the file only.
    public static func outputSHA256(ofPage path: String) -> String? {
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? file.close() }
        guard let head = try? file.read(upToCount: 4096) else { return nil }
        let text = String(decoding: head, as: UTF8.self)
        guard let tag = text.range(of: "<meta name=\"generated-image\" content=\"") else { return nil }
        let value = text[tag.upperBound...].prefix(64)
        return value.count == 64 && value.allSatisfy(\.isHexDigit) ? String(value) : nil
    }
}
