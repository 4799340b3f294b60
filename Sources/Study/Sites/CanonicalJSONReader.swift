import Foundation

/// Reads the subset of JSON that `CanonicalJSON` writes, and notes on the way whether every byte is as it would write it.
struct CanonicalJSONReader {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0
    private var isCanonical = true

    init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// The whole document.
    mutating func document() throws(CanonicalJSON.Failure) -> CanonicalJSON {
        let result = try value(depth: 0)
        guard position == bytes.count else { throw .malformed(offset: position) }
        guard isCanonical else { throw .notCanonical }
        return result
    }

    private mutating func value(depth: Int) throws(CanonicalJSON.Failure) -> CanonicalJSON {
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
        members.reserveCapacity(12)
        var last: String?
        repeat {
            let key = try string()
            guard take(UInt8(ascii: ":")) else { throw .malformed(offset: position) }
            let member = try value(depth: depth + 1)
            guard members.updateValue(member, forKey: key) == nil else { throw .duplicateKey(key) }
            if let last, !last.utf8.lexicographicallyPrecedes(key.utf8) { isCanonical = false }
            last = key
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
        let start = position
        var isASCII = true
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            if bytes[position] == UInt8(ascii: "\\") { return try escapedString(from: start) }
            if bytes[position] < 0x20 { isCanonical = false }
            if bytes[position] >= 0x80 { isASCII = false }
            position += 1
        }
        let place = start..<position
        guard take(UInt8(ascii: "\"")), let text = String(validating: bytes[place], as: UTF8.self) else {
            throw .malformed(offset: position)
        }
        if !isASCII { requireComposed(text) }
        return text
    }

    private mutating func escapedString(from start: Int) throws(CanonicalJSON.Failure) -> String {
        var content: [UInt8] = []
        content.reserveCapacity(2 * (position - start) + 256)
        content.append(contentsOf: bytes[start..<position])
        var isASCII = content.allSatisfy { $0 < 0x80 }
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            if bytes[position] == UInt8(ascii: "\\") {
                content.append(try escape())
            } else {
                if bytes[position] < 0x20 { isCanonical = false }
                if bytes[position] >= 0x80 { isASCII = false }
                content.append(bytes[position])
                position += 1
            }
        }
        guard take(UInt8(ascii: "\"")), let text = String(validating: content, as: UTF8.self) else {
            throw .malformed(offset: position)
        }
        if !isASCII { requireComposed(text) }
        return text
    }

    private mutating func requireComposed(_ text: String) {
        if !text.precomposedStringWithCanonicalMapping.utf8.elementsEqual(text.utf8) { isCanonical = false }
    }

    private mutating func escape() throws(CanonicalJSON.Failure) -> UInt8 {
        guard position + 1 < bytes.count else { throw .malformed(offset: position) }
        let code = bytes[position + 1]
        if code == UInt8(ascii: "\"") || code == UInt8(ascii: "\\") {
            position += 2
            return code
        }
        guard code == UInt8(ascii: "u"), position + 6 <= bytes.count else { throw .malformed(offset: position) }
        let digits = String(decoding: bytes[(position + 2)..<(position + 6)], as: UTF8.self)
        guard let value = UInt8(digits, radix: 16), value < 0x20 else { throw .malformed(offset: position) }
        if digits != CanonicalJSON.escapeDigits(value) { isCanonical = false }
        position += 6
        return value
    }

    private mutating func integer() throws(CanonicalJSON.Failure) -> CanonicalJSON {
        let start = position
        while position < bytes.count, bytes[position] == UInt8(ascii: "-") || (48...57).contains(bytes[position]) {
            position += 1
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        guard let value = Int64(text) else { throw .malformed(offset: start) }
        if String(value) != text { isCanonical = false }
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
