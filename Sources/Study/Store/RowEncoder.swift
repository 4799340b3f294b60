import Crypto
import Foundation
import GRDB
import GRDBSQLite

/// Values as bytes, each with its type and length: one encoding per content.
struct RowEncoder {
    private(set) var bytes: [UInt8] = []

    mutating func add(_ text: String) {
        var text = text
        text.withUTF8 { add(tag: UInt8(ascii: "t"), UnsafeRawBufferPointer($0)) }
    }

    mutating func add(_ value: DatabaseValue) {
        switch value.storage {
        case .null: add(tag: UInt8(ascii: "n"), UnsafeRawBufferPointer(start: nil, count: 0))
        case .int64(let number): add(tag: UInt8(ascii: "i"), UInt64(bitPattern: number))
        case .double(let number): add(tag: UInt8(ascii: "r"), number.bitPattern)
        case .string(let text): add(text)
        case .blob(let data): data.withUnsafeBytes { add(tag: UInt8(ascii: "b"), $0) }
        }
    }

    /// The value in a column of the row that a statement stands on, straight from SQLite's memory.
    mutating func add(_ statement: SQLiteStatement, column: Int32) {
        switch sqlite3_column_type(statement, column) {
        case SQLITE_INTEGER:
            add(tag: UInt8(ascii: "i"), UInt64(bitPattern: sqlite3_column_int64(statement, column)))
        case SQLITE_FLOAT: add(tag: UInt8(ascii: "r"), sqlite3_column_double(statement, column).bitPattern)
        case SQLITE_TEXT:
            let start = sqlite3_column_text(statement, column)
            add(
                tag: UInt8(ascii: "t"),
                UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, column))))
        case SQLITE_BLOB:
            let start = sqlite3_column_blob(statement, column)
            add(
                tag: UInt8(ascii: "b"),
                UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, column))))
        default: add(tag: UInt8(ascii: "n"), UnsafeRawBufferPointer(start: nil, count: 0))
        }
    }

    /// Bytes that this encoder made before.
    mutating func add(encoded: [UInt8]) { bytes.append(contentsOf: encoded) }

    mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    private mutating func add(tag: UInt8, _ content: UnsafeRawBufferPointer) {
        bytes.append(tag)
        append(UInt64(content.count))
        bytes.append(contentsOf: content)
    }

    private mutating func add(tag: UInt8, _ content: UInt64) {
        bytes.append(tag)
        append(8)
        append(content)
    }

    private mutating func append(_ value: UInt64) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }
}

/// SHA-256 over rows.
///
/// A study of some hundred thousand measurements is hashed more than once on its way to a report; an object per value, as GRDB makes, would take
/// most of the time.
struct RowHash {
    private var hash = SHA256()
    private var encoder = RowEncoder()

    /// Adds every value of every row that a statement gives.
    ///
    /// - Parameter table: Where given, its name and those of the columns are hashed with every row.
    mutating func add(rowsOf statement: Statement, arguments: StatementArguments, table: String? = nil) throws {
        let columns = Int32(statement.columnCount)
        var names: [[UInt8]] = []
        var title = RowEncoder()
        if let table {
            title.add(table)
            names = statement.columnNames.map { name in
                var encoder = RowEncoder()
                encoder.add(name)
                return encoder.bytes
            }
        }
        let rows = try Row.fetchCursor(statement, arguments: arguments)
        while try rows.next() != nil {
            encoder.add(encoded: title.bytes)
            for column in 0..<columns {
                if table != nil { encoder.add(encoded: names[Int(column)]) }
                encoder.add(statement.sqliteStatement, column: column)
            }
            if encoder.bytes.count > 1 << 16 { flush() }
        }
    }

    private mutating func flush() {
        encoder.bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
        encoder.removeAll()
    }

    /// The digest so far, as 64 hexadecimal digits.
    var text: String {
        var copy = self
        copy.flush()
        return Hexadecimal.text(Array(copy.hash.finalize())[...])
    }
}
