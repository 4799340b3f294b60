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
        let isASCII = text.utf8.allSatisfy { $0 < 0x80 }
        for byte in (isASCII ? text : text.precomposedStringWithCanonicalMapping).utf8 {
            switch byte {
            case UInt8(ascii: "\""): output.append(contentsOf: "\\\"".utf8)
            case UInt8(ascii: "\\"): output.append(contentsOf: "\\\\".utf8)
            case 0..<0x20: output.append(contentsOf: ("\\u" + escapeDigits(byte)).utf8)
            default: output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\""))
    }

    /// The four digits that stand for a control character.
    static func escapeDigits(_ byte: UInt8) -> String {
        let hex = String(byte, radix: 16)
        return String(repeating: "0", count: 4 - hex.count) + hex
    }

    /// Reads a document and refuses every encoding of it but the canonical one.
    ///
    /// - Throws: `Failure`.
    public static func parse(_ bytes: [UInt8]) throws(Failure) -> CanonicalJSON { try parse(bytes[...]) }

    /// Reads a document that stands inside other bytes.
    ///
    /// - Throws: `Failure`; offsets count from the document's first byte.
    public static func parse(_ bytes: ArraySlice<UInt8>) throws(Failure) -> CanonicalJSON {
        guard bytes.count <= maximumBytes else { throw .tooLarge }
        let outcome = bytes.withUnsafeBufferPointer { buffer -> Result<CanonicalJSON, Failure> in
            var reader = CanonicalJSONReader(bytes: buffer)
            do throws(Failure) { return .success(try reader.document()) } catch { return .failure(error) }
        }
        return try outcome.get()
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
