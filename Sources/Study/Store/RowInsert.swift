import GRDB
import GRDBSQLite

/// Inserts many rows of one table; what is bound stays bound from row to row.
///
/// GRDB makes an object of every value and clears the bindings each time, which takes longer than the insertion.
struct RowInsert {
    private let statement: Statement
    private let db: Database

    /// Prepares a statement, or takes the one of an earlier call.
    init(_ db: Database, sql: String) throws {
        self.db = db
        statement = try db.cachedStatement(sql: sql)
    }

    /// Binds a text, or nothing, to the parameter at a place, from 1.
    func bind(_ text: String?, at place: Int32) {
        guard var text else { return bindNull(at: place) }
        text.withUTF8 { bytes in
            // SQLite copies the bytes (-1); an empty text has no address of its own.
            let start = bytes.baseAddress.map { UnsafeRawPointer($0) } ?? UnsafeRawPointer(bitPattern: 1)
            _ = sqlite3_bind_text(
                statement.sqliteStatement, place, start?.assumingMemoryBound(to: CChar.self), Int32(bytes.count),
                unsafeBitCast(-1, to: sqlite3_destructor_type.self))
        }
    }

    /// Binds a number, or nothing.
    func bind(_ number: Double?, at place: Int32) {
        guard let number else { return bindNull(at: place) }
        sqlite3_bind_double(statement.sqliteStatement, place, number)
    }

    /// Binds a whole number.
    func bind(_ number: Int, at place: Int32) {
        sqlite3_bind_int64(statement.sqliteStatement, place, Int64(number))
    }

    private func bindNull(at place: Int32) { sqlite3_bind_null(statement.sqliteStatement, place) }

    /// Inserts the row.
    func execute() throws {
        let code = sqlite3_step(statement.sqliteStatement)
        let message = code == SQLITE_DONE ? nil : db.lastErrorMessage
        sqlite3_reset(statement.sqliteStatement)
        guard code == SQLITE_DONE else {
            throw DatabaseError(resultCode: ResultCode(rawValue: code), message: message)
        }
    }
}
