import Foundation

/// JSON in one encoding per content: keys ASCII and sorted, no spaces, no floating-point numbers, strings in NFC.
///
/// A subset of RFC 8785. Metric values travel as the 16 hexadecimal digits of their bits beside a decimal for people, so that no number
/// formatting stands between a signature and a value.
public enum CanonicalJSON: Sendable, Equatable {
    /// An object; its keys are unique.
    case object([String: CanonicalJSON])
    /// An array.
    case array([CanonicalJSON])
    /// A string.
    case string(String)
    /// A whole number.
    case integer(Int64)
    /// True or false.
    case flag(Bool)
    /// Nothing.
    case null

    /// Why bytes are not canonical JSON.
    public enum Failure: Error, Equatable, Sendable {
        /// More bytes than a document may have.
        case tooLarge
        /// Nested deeper than eight levels.
        case tooDeep
        /// Not JSON, or JSON outside the subset, at this byte.
        case malformed(offset: Int)
        /// A key stands twice in one object.
        case duplicateKey(String)
        /// The content is fine but the bytes are not its canonical encoding.
        case notCanonical
    }

    /// Largest document, in bytes.
    public static let maximumBytes = 64 << 20
    static let maximumDepth = 8

    /// The canonical bytes of the document.
    public var bytes: [UInt8] {
        var output: [UInt8] = []
        write(to: &output)
        return output
    }

    private func write(to output: inout [UInt8]) {
        switch self {
        case .object(let members):
            output.append(UInt8(ascii: "{"))
            for (position, key) in members.keys.sorted(by: { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) })
                .enumerated()
            {
                if position > 0 { output.append(UInt8(ascii: ",")) }
                CanonicalJSON.writeString(key, to: &output)
                output.append(UInt8(ascii: ":"))
                members[key]?.write(to: &output)
            }
            output.append(UInt8(ascii: "}"))
        case .array(let elements):
            output.append(UInt8(ascii: "["))
            for (position, element) in elements.enumerated() {
                if position > 0 { output.append(UInt8(ascii: ",")) }
                element.write(to: &output)
            }
            output.append(UInt8(ascii: "]"))
        case .string(let text): CanonicalJSON.writeString(text, to: &output)
        case .integer(let value): output.append(contentsOf: String(value).utf8)
        case .flag(let value): output.append(contentsOf: (value ? "true" : "false").utf8)
        case .null: output.append(contentsOf: "null".utf8)
        }
    }

    private static func writeString(_ text: String, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        for byte in text.precomposedStringWithCanonicalMapping.utf8 {
            switch byte {
            case UInt8(ascii: "\""): output.append(contentsOf: "\\\"".utf8)
            case UInt8(ascii: "\\"): output.append(contentsOf: "\\\\".utf8)
            case 0..<0x20:
                let hex = String(byte, radix: 16)
                output.append(contentsOf: ("\\u" + String(repeating: "0", count: 4 - hex.count) + hex).utf8)
            default: output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\""))
    }

    /// Reads a document and refuses every encoding of it but the canonical one.
    ///
    /// - Throws: `Failure`.
    public static func parse(_ bytes: [UInt8]) throws(Failure) -> CanonicalJSON {
        guard bytes.count <= maximumBytes else { throw .tooLarge }
        var reader = Reader(bytes: bytes)
        let value = try reader.value(depth: 0)
        guard reader.position == bytes.count else { throw .malformed(offset: reader.position) }
        guard value.bytes == bytes else { throw .notCanonical }
        return value
    }

    /// The member of an object, or nil.
    public subscript(key: String) -> CanonicalJSON? {
        if case .object(let members) = self { return members[key] }
        return nil
    }

    /// The text of a string, or nil.
    public var text: String? {
        if case .string(let text) = self { return text }
        return nil
    }

    /// The value of a whole number, or nil.
    public var integer: Int64? {
        if case .integer(let value) = self { return value }
        return nil
    }

    /// The elements of an array, or nil.
    public var elements: [CanonicalJSON]? {
        if case .array(let elements) = self { return elements }
        return nil
    }
}

/// A reader for the subset; the canonical check afterwards does the rest.
private struct Reader {
    let bytes: [UInt8]
    var position = 0

    mutating func value(depth: Int) throws(CanonicalJSON.Failure) -> CanonicalJSON {
        guard depth <= CanonicalJSON.maximumDepth else { throw .tooDeep }
        guard position < bytes.count else { throw .malformed(offset: position) }
        switch bytes[position] {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .flag(true))
        case UInt8(ascii: "f"): return try word("false", .flag(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try integer()
        }
    }

    private mutating func object(depth: Int) throws(CanonicalJSON.Failure) -> CanonicalJSON {
        position += 1
        var members: [String: CanonicalJSON] = [:]
        if take(UInt8(ascii: "}")) { return .object(members) }
        repeat {
            let key = try string()
            guard take(UInt8(ascii: ":")) else { throw .malformed(offset: position) }
            let member = try value(depth: depth + 1)
            guard members.updateValue(member, forKey: key) == nil else { throw .duplicateKey(key) }
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw .malformed(offset: position) }
        return .object(members)
    }

    private mutating func array(depth: Int) throws(CanonicalJSON.Failure) -> CanonicalJSON {
        position += 1
        var elements: [CanonicalJSON] = []
        if take(UInt8(ascii: "]")) { return .array(elements) }
        repeat { elements.append(try value(depth: depth + 1)) } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw .malformed(offset: position) }
        return .array(elements)
    }

    private mutating func string() throws(CanonicalJSON.Failure) -> String {
        guard take(UInt8(ascii: "\"")) else { throw .malformed(offset: position) }
        var content: [UInt8] = []
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            if bytes[position] == UInt8(ascii: "\\") {
                content.append(contentsOf: try escape())
            } else {
                content.append(bytes[position])
                position += 1
            }
        }
        guard take(UInt8(ascii: "\"")), let text = String(validating: content, as: UTF8.self) else {
            throw .malformed(offset: position)
        }
        return text
    }

    private mutating func escape() throws(CanonicalJSON.Failure) -> [UInt8] {
        guard position + 1 < bytes.count else { throw .malformed(offset: position) }
        let code = bytes[position + 1]
        if code == UInt8(ascii: "\"") || code == UInt8(ascii: "\\") {
            position += 2
            return [code]
        }
        guard code == UInt8(ascii: "u"), position + 6 <= bytes.count,
            let value = UInt8(String(decoding: bytes[(position + 2)..<(position + 6)], as: UTF8.self), radix: 16),
            value < 0x20
        else { throw .malformed(offset: position) }
        position += 6
        return [value]
    }

    private mutating func integer() throws(CanonicalJSON.Failure) -> CanonicalJSON {
        let start = position
        while position < bytes.count, bytes[position] == UInt8(ascii: "-") || (48...57).contains(bytes[position]) {
            position += 1
        }
        guard let value = Int64(String(decoding: bytes[start..<position], as: UTF8.self)) else {
            throw .malformed(offset: start)
        }
        return .integer(value)
    }

    private mutating func word(_ text: String, _ value: CanonicalJSON) throws(CanonicalJSON.Failure) -> CanonicalJSON {
        guard bytes[position...].starts(with: text.utf8) else { throw .malformed(offset: position) }
        position += text.utf8.count
        return value
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }
}
