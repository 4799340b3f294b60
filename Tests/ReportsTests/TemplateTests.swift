import Foundation
import Mustache
import Testing

@testable import Reports
@testable import Study

@Suite("Templates")
struct TemplateTests {
    private var folder: String { SyntheticStudy.root + "/templates" }

    @Test("Every tag of every template exists in the model, so that nothing renders as nothing")
    func tagsExist() throws {
        var options = ReportOptions(toolVersion: "1.0.0")
        options.templatesSHA256 = String(repeating: "0", count: 64)
        let view = try ReportBuilder(record: SyntheticStudy.record(), options: options).view()
        let library = try sources()
        var used: Set<String> = []
        var unknown: [String] = []
        try check("study", stack: [view], library, &used, &unknown)
        let qualified = QualificationView(
            QualificationResult(rows: [], phantoms: 1, seed: 1, grid: "8×8×8"), toolVersion: "1.0.0")
        try check("qualification", stack: [qualified], library, &used, &unknown)
        let page = try CaseViewerView(
            CaseViewerTests.shown(), of: CaseViewerTests.study, scriptHash: "hash")
        try check("viewer", stack: [page], library, &used, &unknown)
        #expect(unknown.isEmpty, "\(Set(unknown).sorted())")
        #expect(used == Set(library.keys), "not used: \(Set(library.keys).subtracting(used).sorted())")
    }

    @Test("A template that switches escaping off or loads from a network is refused by name")
    func unsafeTemplates() {
        for text in ["{{{title}}}", "{{&title}}", "<img src=\"https://x\">", "{{% CONTENT_TYPE:TEXT}}"] {
            let error = #expect(throws: ReportError.self) { try ReportTemplates(sources: [("cover", text)]) }
            #expect(error?.description.contains("'cover'") == true)
        }
    }

    @Test("A folder without templates is an error that names it")
    func missingFolder() {
        #expect(throws: ReportError.templatesMissing(folder: "/nowhere")) { try ReportTemplates(folder: "/nowhere") }
    }

    private func sources() throws -> [String: String] {
        var result: [String: String] = [:]
        for file in try FileManager.default.contentsOfDirectory(atPath: folder) where file.hasSuffix(".mustache") {
            result[String(file.dropLast(9))] = try String(contentsOfFile: folder + "/" + file, encoding: .utf8)
        }
        return result
    }

    private func check(
        _ name: String, stack: [Any], _ library: [String: String], _ used: inout Set<String>, _ unknown: inout [String]
    ) throws {
        used.insert(name)
        let text = try #require(library[name], "there is no template \(name)")
        try check(TemplateTags(text).tags, in: name, stack: stack, library, &used, &unknown)
    }

    private func check(
        _ tags: [TemplateTags.Tag], in name: String, stack: [Any], _ library: [String: String],
        _ used: inout Set<String>,
        _ unknown: inout [String]
    ) throws {
        for tag in tags {
            switch tag {
            case .variable(let key):
                if key != ".", find(key, in: stack) == nil { unknown.append("\(name): \(key)") }
            case .partial(let partial):
                try check(partial, stack: stack, library, &used, &unknown)
            case .section(let key, _, let inside):
                guard let value = find(key, in: stack) else {
                    unknown.append("\(name): #\(key)")
                    continue
                }
                if value is Bool {
                    try check(inside, in: name, stack: stack, library, &used, &unknown)
                } else if let list = value as? [Any] {
                    // The element of a section is checked wherever the synthetic study has one.
                    if let first = list.first {
                        try check(inside, in: name, stack: stack + [first], library, &used, &unknown)
                    }
                } else {
                    try check(inside, in: name, stack: stack + [value], library, &used, &unknown)
                }
            }
        }
    }

    private func find(_ key: String, in stack: [Any]) -> Any? {
        for object in stack.reversed() {
            if let child = Mirror(reflecting: object).children.first(where: { $0.label == key }) { return child.value }
        }
        return nil
    }
}
