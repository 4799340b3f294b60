import Foundation
import Testing

/// Expected values of a fixture, by path.
struct Golden {
    private let content: Any

    init(_ name: String) throws {
        let file = try #require(Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: "json"))
        let document = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
        content = try #require(document["expected"])
    }

    private init(content: Any) { self.content = content }

    subscript(_ keys: String...) -> Golden {
        get throws {
            var value = content
            for key in keys {
                value = try #require((value as? [String: Any])?[key], "no \(key)")
            }
            return Golden(content: value)
        }
    }

    var number: Double { get throws { try #require(content as? NSNumber).doubleValue } }
    var text: String { get throws { try #require(content as? String) } }
    var flag: Bool { get throws { try #require(content as? NSNumber).boolValue } }
    var isNull: Bool { content is NSNull }
    var items: [Golden] { get throws { try #require(content as? [Any]).map { Golden(content: $0) } } }
    var numbers: [Double] { get throws { try items.map { try $0.number } } }
    var keys: [String] { get throws { try #require(content as? [String: Any]).keys.sorted() } }
}

/// Columns of a fixture table.
struct Table {
    private let columns: [String: [String]]

    init(_ name: String) throws {
        let file = try #require(Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: "csv"))
        let lines = try String(contentsOf: file, encoding: .utf8).split(whereSeparator: \.isNewline)
        let rows = lines.map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
        var columns: [String: [String]] = [:]
        for (index, name) in rows[0].enumerated() { columns[name] = rows.dropFirst().map { $0[index] } }
        self.columns = columns
    }

    func text(_ column: String) throws -> [String] { try #require(columns[column]) }

    /// Numbers of a column; empty fields are left out.
    func numbers(_ column: String) throws -> [Double] { try text(column).compactMap(Double.init) }

    /// Values of a column grouped by another, in the order of the groups' names.
    func groups(_ values: [Double], by column: String) throws -> [[Double]] {
        let names = try text(column)
        return Set(names).sorted().map { name in zip(names, values).filter { $0.0 == name }.map(\.1) }
    }
}

/// Whether two numbers agree relative to the larger one, or absolutely where one is zero.
func close(_ a: Double, _ b: Double, _ tolerance: Double = 1e-8, absolute: Double = 1e-14) -> Bool {
    a == b || abs(a - b) <= max(tolerance * max(abs(a), abs(b)), absolute)
}

func close(_ a: [Double], _ b: [Double], _ tolerance: Double = 1e-8) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { close($0, $1, tolerance) }
}
