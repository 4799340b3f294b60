/// Reads the small part of JSON that a safetensors header may use: objects, strings, arrays of whole numbers.
///
/// No recursion.
struct HeaderScanner {
    private let text: ArraySlice<UInt8>
    private var position: Int
    private let file: String

    init(_ text: ArraySlice<UInt8>, file: String) {
        self.text = text
        self.position = text.startIndex
        self.file = file
    }

    func failure(_ reason: String) -> SafetensorsError { SafetensorsError(file: file, reason: "header: " + reason) }

    /// Reads an object and hands every key over; the body reads the value.
    mutating func object(
        _ body: (inout HeaderScanner, String) throws(SafetensorsError) -> Void
    ) throws(SafetensorsError) {
        try expect("{")
        if take("}") { return }
        while true {
            guard let key = try stringIfNext() else { throw failure("not JSON: a key is not a string") }
            try expect(":")
            try body(&self, key)
            if take("}") { return }
            try expect(",")
        }
    }

    /// Reads an array of whole numbers that are not negative.
    mutating func wholeNumbers(atMost limit: Int, what: String) throws(SafetensorsError) -> [Int] {
        guard take("[") else { throw failure("\(what) is not an array") }
        var numbers: [Int] = []
        if take("]") { return numbers }
        while true {
            guard numbers.count < limit else { throw failure("\(what) has more than \(limit) numbers") }
            numbers.append(try wholeNumber(what))
            if take("]") { return numbers }
            guard take(",") else { throw failure("\(what) is not an array of whole numbers (integer, no sign)") }
        }
    }

    private mutating func wholeNumber(_ what: String) throws(SafetensorsError) -> Int {
        skipSpace()
        var number = 0
        var digits = 0
        while position < text.endIndex, text[position] >= 48, text[position] <= 57 {
            let (tens, tooLarge) = number.multipliedReportingOverflow(by: 10)
            let (sum, larger) = tens.addingReportingOverflow(Int(text[position] - 48))
            guard !tooLarge, !larger else { throw failure("a number of \(what) is too large") }
            number = sum
            digits += 1
            position += 1
        }
        let leadingZero = digits > 1 && text[position - digits] == UInt8(ascii: "0")
        guard digits > 0, !leadingZero else { throw failure("\(what) is not made of whole numbers (integer, no sign)") }
        return number
    }

    /// The next value if it is a string, nil otherwise.
    mutating func stringIfNext() throws(SafetensorsError) -> String? {
        guard take("\"") else { return nil }
        var bytes: [UInt8] = []
        while position < text.endIndex {
            let byte = text[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: bytes, as: UTF8.self) else {
                    throw failure("not JSON: a string is not UTF-8")
                }
                return string
            case UInt8(ascii: "\\"): try appendEscape(to: &bytes)
            case 0..<32: throw failure("not JSON: a control character in a string")
            default: bytes.append(byte)
            }
        }
        throw failure("not JSON: a string does not end")
    }

    private mutating func appendEscape(to bytes: inout [UInt8]) throws(SafetensorsError) {
        guard position < text.endIndex else { throw failure("not JSON: a string does not end") }
        let byte = text[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(byte)
        case UInt8(ascii: "b"): bytes.append(8)
        case UInt8(ascii: "f"): bytes.append(12)
        case UInt8(ascii: "n"): bytes.append(10)
        case UInt8(ascii: "r"): bytes.append(13)
        case UInt8(ascii: "t"): bytes.append(9)
        case UInt8(ascii: "u"):
            var value = try fourHexadecimalDigits()
            if value >= 0xD800, value < 0xDC00 {
                guard take("\\", skippingSpace: false), take("u", skippingSpace: false) else {
                    throw failure("not JSON: half a surrogate pair")
                }
                let low = try fourHexadecimalDigits()
                guard low >= 0xDC00, low < 0xE000 else { throw failure("not JSON: half a surrogate pair") }
                value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(value) else { throw failure("not JSON: half a surrogate pair") }
            bytes.append(contentsOf: Array(String(Character(scalar)).utf8))
        default: throw failure("not JSON: an unknown escape in a string")
        }
    }

    private mutating func fourHexadecimalDigits() throws(SafetensorsError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard position < text.endIndex, let digit = Character(Unicode.Scalar(text[position])).hexDigitValue else {
                throw failure("not JSON: an escape without four digits")
            }
            value = value << 4 + UInt32(digit)
            position += 1
        }
        return value
    }

    /// After the object only spaces may follow: they pad the header.
    mutating func requireEnd() throws(SafetensorsError) {
        while position < text.endIndex, text[position] == UInt8(ascii: " ") { position += 1 }
        guard position == text.endIndex else { throw failure("not JSON: bytes after the object") }
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(SafetensorsError) {
        guard take(character) else { throw failure("not JSON: \(character) expected") }
    }

    private mutating func take(_ character: Unicode.Scalar, skippingSpace: Bool = true) -> Bool {
        if skippingSpace { skipSpace() }
        guard position < text.endIndex, text[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while position < text.endIndex, [9, 10, 13, 32].contains(text[position]) { position += 1 }
    }
}
