import Metrics

/// JSON of parameters and detail tables as the store keeps it: one encoding per content, numbers in their shortest exact form.
///
/// A number always has a point or an exponent, a whole number never has, so that both come back as what they were.
enum CellText {
    /// An object, in the order of the parameters.
    static func encode(_ parameters: [MetricParameter]) -> String {
        var bytes: [UInt8] = [UInt8(ascii: "{")]
        bytes.reserveCapacity(64 * parameters.count + 2)
        for (position, parameter) in parameters.enumerated() {
            if position > 0 { bytes.append(UInt8(ascii: ",")) }
            append(quoted: parameter.name, to: &bytes)
            bytes.append(UInt8(ascii: ":"))
            if case .text(let text) = parameter.value {
                append(quoted: text, to: &bytes)
            } else {
                bytes.append(contentsOf: encode(parameter.value).utf8)
            }
        }
        bytes.append(UInt8(ascii: "}"))
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Columns and rows of a table.
    static func encode(columns: [String], rows: [[ParameterValue]]) -> String {
        let body = rows.map { "[" + $0.map(encode).joined(separator: ",") + "]" }.joined(separator: ",")
        return "{\"columns\":[" + columns.map(quoted).joined(separator: ",") + "],\"rows\":[" + body + "]}"
    }

    /// A list of texts.
    static func encode(_ texts: [String]) -> String { "[" + texts.map(quoted).joined(separator: ",") + "]" }

    /// Texts by name, sorted by name.
    static func encode(_ texts: [String: String]) -> String {
        let pairs = texts.sorted { Array($0.key.utf8).lexicographicallyPrecedes(Array($1.key.utf8)) }
        return "{" + pairs.map { quoted($0.key) + ":" + quoted($0.value) }.joined(separator: ",") + "}"
    }

    /// One value; a number that is not finite has no JSON and becomes null.
    static func encode(_ value: ParameterValue) -> String {
        switch value {
        case .number(let number): number.isFinite ? "\(number)" : "null"
        case .integer(let number): String(number)
        case .text(let text): quoted(text)
        case .flag(let flag): flag ? "true" : "false"
        case .none: "null"
        }
    }

    /// A JSON string.
    static func quoted(_ text: String) -> String {
        var bytes: [UInt8] = []
        append(quoted: text, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func append(quoted text: String, to output: inout [UInt8]) {
        var text = text
        text.withUTF8 { append(quoted: $0, to: &output) }
    }

    /// Appends a text (UTF-8) as a JSON string; control characters and the line separators U+2028, U+2029 become escapes.
    static func append(quoted text: UnsafeBufferPointer<UInt8>, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        var position = 0
        while position < text.count {
            let byte = text[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                output.append(UInt8(ascii: "\\"))
                output.append(byte)
            case 0..<0x20, 0x7F:
                let digits = String(byte, radix: 16)
                output += ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8
            case 0xE2 where position + 1 < text.count && text[position] == 0x80 && text[position + 1] & 0xFE == 0xA8:
                output += (text[position + 1] == 0xA8 ? "\\u2028" : "\\u2029").utf8
                position += 2
            default: output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\""))
    }

    /// The parameters of an object, or nil when it is not one.
    static func parameters(_ text: String) -> [MetricParameter]? {
        var reader = CellReader(text)
        guard let parameters = reader.object(), reader.isAtEnd else { return nil }
        return parameters
    }

    /// Columns and rows of a table, or nil.
    static func table(_ text: String) -> (columns: [String], rows: [[ParameterValue]])? {
        var reader = CellReader(text)
        guard reader.take("{\"columns\":"), let columns = reader.list(), reader.take(",\"rows\":["),
            let names = texts(columns)
        else { return nil }
        var rows: [[ParameterValue]] = []
        if !reader.take("]") {
            repeat {
                guard let row = reader.list() else { return nil }
                rows.append(row)
            } while reader.take(",")
            guard reader.take("]") else { return nil }
        }
        guard reader.take("}"), reader.isAtEnd else { return nil }
        return (names, rows)
    }

    /// A list of texts, or nil.
    static func list(_ text: String) -> [String]? {
        var reader = CellReader(text)
        guard let values = reader.list(), reader.isAtEnd else { return nil }
        return texts(values)
    }

    /// Texts by name, or nil.
    static func dictionary(_ text: String) -> [String: String]? {
        guard let parameters = parameters(text) else { return nil }
        var result: [String: String] = [:]
        for parameter in parameters {
            guard case .text(let value) = parameter.value else { return nil }
            result[parameter.name] = value
        }
        return result
    }

    private static func texts(_ values: [ParameterValue]) -> [String]? {
        var result: [String] = []
        for value in values {
            guard case .text(let text) = value else { return nil }
            result.append(text)
        }
        return result
    }
}

/// Reads what `CellText` writes, without spaces.
private struct CellReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    var isAtEnd: Bool { position == bytes.count }

    mutating func take(_ literal: String) -> Bool {
        let wanted = Array(literal.utf8)
        guard position + wanted.count <= bytes.count, bytes[position..<position + wanted.count].elementsEqual(wanted)
        else { return false }
        position += wanted.count
        return true
    }

    mutating func object() -> [MetricParameter]? {
        guard take("{") else { return nil }
        var result: [MetricParameter] = []
        if take("}") { return result }
        repeat {
            guard let name = string(), take(":"), let value = value() else { return nil }
            result.append(MetricParameter(name, value))
        } while take(",")
        return take("}") ? result : nil
    }

    mutating func list() -> [ParameterValue]? {
        guard take("[") else { return nil }
        var result: [ParameterValue] = []
        if take("]") { return result }
        repeat {
            guard let value = value() else { return nil }
            result.append(value)
        } while take(",")
        return take("]") ? result : nil
    }

    private mutating func value() -> ParameterValue? {
        guard position < bytes.count else { return nil }
        switch bytes[position] {
        case UInt8(ascii: "\""): return string().map { .text($0) }
        case UInt8(ascii: "t"): return take("true") ? .flag(true) : nil
        case UInt8(ascii: "f"): return take("false") ? .flag(false) : nil
        case UInt8(ascii: "n"): return take("null") ? ParameterValue.none : nil
        default: return number()
        }
    }

    private mutating func number() -> ParameterValue? {
        let start = position
        while position < bytes.count, "+-.eE0123456789".utf8.contains(bytes[position]) { position += 1 }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if text.contains(where: { ".eE".contains($0) }) {
            guard let number = Double(text), number.isFinite else { return nil }
            return .number(number)
        }
        return Int(text).map { .integer($0) }
    }

    private mutating func string() -> String? {
        guard take("\"") else { return nil }
        var output: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(validating: output, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let scalar = escape() else { return nil }
                output.append(contentsOf: String(Character(scalar)).utf8)
            default: output.append(byte)
            }
        }
        return nil
    }

    private mutating func escape() -> Unicode.Scalar? {
        guard position < bytes.count else { return nil }
        let byte = bytes[position]
        position += 1
        guard byte == UInt8(ascii: "u") else { return byte == 0x22 || byte == 0x5C ? Unicode.Scalar(byte) : nil }
        guard position + 4 <= bytes.count else { return nil }
        let digits = String(decoding: bytes[position..<position + 4], as: UTF8.self)
        position += 4
        return UInt32(digits, radix: 16).flatMap(Unicode.Scalar.init)
    }
}
