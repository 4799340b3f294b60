import Foundation
import GRDB
import GRDBSQLite

/// One value of an exported table.
struct ExportCell {
    private let statement: SQLiteStatement
    private let column: Int32

    /// The value in a column of the row that a statement stands on.
    init(_ statement: SQLiteStatement, column: Int32) {
        self.statement = statement
        self.column = column
    }

    /// Appends the value to a line of CSV and to an object of JSON.
    func append(csv: inout [UInt8], json: inout [UInt8]) {
        switch sqlite3_column_type(statement, column) {
        case SQLITE_INTEGER:
            let digits = String(sqlite3_column_int64(statement, column))
            csv += digits.utf8
            json += digits.utf8
        case SQLITE_FLOAT:
            let start = csv.count
            Digits.append(sqlite3_column_double(statement, column), to: &csv)
            json += csv[start...]
        case SQLITE_TEXT:
            let count = Int(sqlite3_column_bytes(statement, column))
            var text = String(
                decoding: UnsafeBufferPointer(start: sqlite3_column_text(statement, column), count: count),
                as: UTF8.self)
            text.withUTF8 { bytes in
                CSV.append(bytes, to: &csv)
                CellText.append(quoted: bytes, to: &json)
            }
        default: json += "null".utf8
        }
    }
}

/// Numbers with 17 significant digits, enough to give the same bits back.
enum Digits {
    static func text(_ number: Double) -> String {
        var bytes: [UInt8] = []
        append(number, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    static func append(_ number: Double, to bytes: inout [UInt8]) {
        // "%.17g" needs at most 24 characters: -1.2345678901234567e-308.
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { buffer in
            guard let start = buffer.baseAddress else { return }
            let count = withVaList([number]) { vsnprintf(start, 32, "%.17g", $0) }
            for index in 0..<Int(count) { bytes.append(UInt8(bitPattern: start[index])) }
        }
    }
}

/// Fields of comma-separated tables.
public enum CSV {
    /// A text as a field: quoted where RFC 4180 asks for it, and with an apostrophe before what a spreadsheet would run as a formula.
    public static func field(_ text: String) -> String {
        var text = text
        var bytes: [UInt8] = []
        text.withUTF8 { append($0, to: &bytes) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends a text (UTF-8) as a field.
    static func append(_ text: UnsafeBufferPointer<UInt8>, to output: inout [UInt8]) {
        let isFormula = beginsFormula(text)
        guard isFormula || text.contains(where: isSpecial) else {
            output += text
            return
        }
        output.append(quote)
        if isFormula { output.append(UInt8(ascii: "'")) }
        for byte in text {
            if byte == quote { output.append(quote) }
            output.append(byte)
        }
        output.append(quote)
    }

    private static let quote = UInt8(ascii: "\"")

    private static func isSpecial(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: ","), quote, 0x0D, 0x0A, UInt8(ascii: ";"), 0x09, UInt8(ascii: "'"): true
        default: false
        }
    }

    /// Whether the first character begins a formula: `= + - @ | %`, a control character for cells, or a full-width form of = + - @
    /// (U+FF1D, U+FF0B, U+FF0D, U+FF20) that some programs fold to ASCII.
    private static func beginsFormula(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let first = text.first else { return false }
        if first == 0xEF, text.count >= 3, text[1] == 0xBC { return [0x9D, 0x8B, 0x8D, 0xA0].contains(text[2]) }
        switch first {
        case UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "@"), 0x09, 0x0D, 0x0A,
            UInt8(ascii: "|"), UInt8(ascii: "%"):
            return true
        default: return false
        }
    }
}
