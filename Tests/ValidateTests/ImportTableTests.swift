import Foundation
import Testing

/// The architecture page says what each target may import; the sources have to agree.
struct ImportTableTests {
    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private func allowedImports() throws -> [String: Set<String>] {
        let page = try String(contentsOf: Self.root.appendingPathComponent("docs/architecture.md"), encoding: .utf8)
        var table: [String: Set<String>] = [:]
        for line in page.split(separator: "\n") where line.hasPrefix("| `") {
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            try #require(cells.count == 3, "a row of the import table has three cells: \(line)")
            let target = cells[0].trimmingCharacters(in: CharacterSet(charactersIn: "`"))
            table[target] = Set(cells[2].split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) })
        }
        return table
    }

    private func sources(of target: String) -> [URL] {
        let folder = Self.root.appendingPathComponent("Sources/\(target)")
        let walker = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        return (walker?.compactMap { $0 as? URL } ?? []).filter { $0.pathExtension == "swift" }
    }

    @Test func everyImportStandsInTheTable() throws {
        let table = try allowedImports()
        #expect(table.count >= 10)
        let pattern = try Regex(
            #"^\s*(?:public |internal |package |private |fileprivate |@testable )*import (?:\w+ )?(\w+)"#)
        for (target, allowed) in table {
            for file in sources(of: target) {
                let text = try String(contentsOf: file, encoding: .utf8)
                // What stands in a multi-line string is another language's import.
                let code = text.components(separatedBy: "\"\"\"").enumerated()
                    .filter { $0.offset.isMultiple(of: 2) }.map(\.element).joined()
                for line in code.split(separator: "\n") {
                    guard let match = line.firstMatch(of: pattern), let name = match.output[1].substring else {
                        continue
                    }
                    #expect(
                        allowed.contains(String(name)),
                        "\(target)/\(file.lastPathComponent) imports \(name), which docs/architecture.md does not allow"
                    )
                }
            }
        }
    }

    @Test func everySwiftTargetHasARow() throws {
        let table = try allowedImports()
        let folders = try FileManager.default.contentsOfDirectory(
            atPath: Self.root.appendingPathComponent("Sources").path)
        for folder in folders where !sources(of: folder).isEmpty {
            #expect(table[folder] != nil, "docs/architecture.md has no row for \(folder)")
        }
    }
}
