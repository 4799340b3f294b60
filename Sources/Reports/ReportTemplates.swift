import Foundation
internal import Mustache

/// The templates of a folder, one file a section; texts are escaped unless a template asks otherwise, and none may.
public struct ReportTemplates: Sendable {
    let library: MustacheLibrary
    /// SHA-256 over names and contents.
    public let sha256: String
    /// Name of the page's template.
    static let page = "study"

    /// Reads every `*.mustache` of a folder.
    ///
    /// - Throws: `ReportError.templatesMissing`, `.template` for one that cannot be read, or that switches escaping off.
    public init(folder: String) throws(ReportError) {
        let files = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
            .filter { $0.hasSuffix(".mustache") }
        guard !files.isEmpty else { throw .templatesMissing(folder: folder) }
        var sources: [(name: String, text: String)] = []
        for file in files {
            guard let data = FileManager.default.contents(atPath: folder + "/" + file),
                let text = String(data: data, encoding: .utf8)
            else { throw .template(name: file, problem: "it cannot be read as UTF-8 text") }
            sources.append((String(file.dropLast(9)), text))
        }
        try self.init(sources: sources)
    }

    /// Takes templates by name.
    init(sources: [(name: String, text: String)]) throws(ReportError) {
        var library = MustacheLibrary()
        var bytes: [UInt8] = []
        for (name, text) in sources {
            for escape in ["{{{", "{{&", "CONTENT_TYPE", "{{=", "http:", "https:"] where text.contains(escape) {
                throw .template(
                    name: name, problem: "'\(escape)' is not allowed: everything is escaped, nothing is loaded")
            }
            do { try library.register(text, named: name) } catch {
                throw .template(name: name, problem: "it cannot be parsed: \(error)")
            }
            bytes += Array("\(name)\n\(text.utf8.count)\n\(text)".utf8)
        }
        self.library = library
        sha256 = Digest.sha256(bytes)
    }

    func render(_ view: StudyView) throws(ReportError) -> String {
        guard let page = library.render(view, withTemplate: ReportTemplates.page) else {
            throw .template(name: ReportTemplates.page, problem: "it is missing")
        }
        return page
    }
}
