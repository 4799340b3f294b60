import Foundation

/// A JSON document for machines: members in the order they were given, numbers with 17 significant digits.
indirect enum JSON: Sendable {
    /// An object.
    case object([(String, JSON)])
    /// An array.
    case array([JSON])
    /// A text.
    case string(String)
    /// A real number; one that is not finite becomes `null`.
    case number(Double)
    /// A whole number.
    case integer(Int)
    /// Yes or no.
    case flag(Bool)
    /// Nothing.
    case null

    /// A text, or `null` where there is none.
    static func optional(_ text: String?) -> JSON { text.map(JSON.string) ?? .null }

    /// A number, or `null` where there is none.
    static func optional(_ number: Double?) -> JSON { number.map(JSON.number) ?? .null }

    /// The document with one member or element a line, down to objects that are short.
    var text: String {
        var output = ""
        write(to: &output, indent: 0)
        return output
    }

    /// The document on one line.
    var line: String {
        switch self {
        case .object(let members):
            return "{" + members.map { "\(JSON.quoted($0.0)): \($0.1.line)" }.joined(separator: ", ") + "}"
        case .array(let elements): return "[" + elements.map(\.line).joined(separator: ", ") + "]"
        case .string(let text): return JSON.quoted(text)
        case .number(let number): return number.isFinite ? JSON.digits(number) : "null"
        case .integer(let number): return String(number)
        case .flag(let flag): return flag ? "true" : "false"
        case .null: return "null"
        }
    }

    private func write(to output: inout String, indent: Int) {
        let flat = line
        if flat.utf8.count <= 110 - indent { return output += flat }
        let inner = "\n" + String(repeating: " ", count: indent + 1)
        switch self {
        case .object(let members):
            output += "{"
            for (position, member) in members.enumerated() {
                output += (position > 0 ? "," : "") + inner + JSON.quoted(member.0) + ": "
                member.1.write(to: &output, indent: indent + 1)
            }
            output += "}"
        case .array(let elements):
            output += "["
            for (position, element) in elements.enumerated() {
                output += (position > 0 ? "," : "") + inner
                element.write(to: &output, indent: indent + 1)
            }
            output += "]"
        default: output += flat
        }
    }

    /// 17 significant digits, enough to give the same bits back; independent of the locale.
    static func digits(_ number: Double) -> String { String(format: "%.17g", number) }

    private static func quoted(_ text: String) -> String {
        var output = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": output += "\\\""
            case "\\": output += "\\\\"
            case "\n": output += "\\n"
            case "\t": output += "\\t"
            default:
                if scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) {
                    let hex = String(scalar.value, radix: 16)
                    output += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
                } else {
                    output.unicodeScalars.append(scalar)
                }
            }
        }
        return output + "\""
    }
}
