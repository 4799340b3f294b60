import Foundation
import GRDB
import Glibc

/// The file of a store: opening, checking, and what SQLite's errors mean.
enum StoreFile {
    /// Version of SQLite at run time.
    static var libraryVersion: String {
        (try? DatabaseQueue().read { db in try String.fetchOne(db, sql: "SELECT sqlite_version()") }) ?? "unknown"
    }

    static func folder(of path: String) -> String {
        let folder = (path as NSString).deletingLastPathComponent
        return folder.isEmpty ? "." : folder
    }

    /// Whether a regular file is there.
    ///
    /// - Throws: `StoreError.cannotCreate` for anything else of that name, or where the folder is missing.
    static func exists(_ path: String) throws(StoreError) -> Bool {
        var facts = stat()
        if stat(path, &facts) == 0 {
            guard facts.st_mode & S_IFMT == S_IFREG else {
                throw .cannotCreate(path: path, reason: "it is not a regular file")
            }
            return facts.st_size > 0
        }
        let reason = errno
        guard reason == ENOENT else { throw .cannotCreate(path: path, reason: String(cString: strerror(reason))) }
        return false
    }

    /// Refuses a file that is no store before SQLite touches it.
    static func requireStoreHeader(_ path: String) throws(StoreError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .inputOutput(path: path, reason: String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var header = [UInt8](repeating: 0, count: 100)
        let count = pread(descriptor, &header, 100, 0)
        guard count == 100, header[0..<16].elementsEqual(Array("SQLite format 3".utf8) + [0]) else {
            throw .notAStore(path: path, reason: "it is not an SQLite file")
        }
        let identifier = header[68..<72].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard identifier == UInt32(bitPattern: StoreSchema.applicationID) else {
            throw .notAStore(path: path, reason: "it is an SQLite file of another program")
        }
    }

    static func connect(path: String, readOnly: Bool) throws(StoreError) -> DatabaseQueue {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        configuration.readonly = readOnly
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;")
            if readOnly {
                try StoreSchema.standIn(db)
            } else {
                // Write-ahead logging of SQLite before 3.51.3 can corrupt a file and does not work over networks.
                try db.execute(sql: "PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = EXTRA;")
            }
        }
        let mask = umask(0o077)
        defer { umask(mask) }
        do { return try DatabaseQueue(path: path, configuration: configuration) } catch {
            throw StoreFile.error(error, path: path)
        }
    }

    /// Whether a journal with content lies beside the file: a writer is at work, or was killed.
    static func hasHotJournal(_ path: String) -> Bool {
        var facts = stat()
        return stat(path + "-journal", &facts) == 0 && facts.st_size > 0
    }

    /// Rolls back what a killed writer left behind: a connection for reading alone may not.
    static func recover(_ path: String) throws(StoreError) {
        guard hasHotJournal(path) else { return }
        let queue = try connect(path: path, readOnly: false)
        do {
            _ = try queue.read { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") }
            try queue.close()
        } catch { throw StoreFile.error(error, path: path) }
    }

    /// What an error of a transaction means.
    static func error(_ error: any Error, path: String) -> StoreError {
        if let error = error as? StoreError { return error }
        guard let error = error as? DatabaseError else {
            return .inputOutput(path: path, reason: String(describing: error))
        }
        let message = error.message ?? "unknown error"
        switch error.resultCode.primaryResultCode {
        case .SQLITE_FULL: return .inputOutput(path: path, reason: "the disk is full (\(message))")
        case .SQLITE_IOERR: return .inputOutput(path: path, reason: "input or output failed (\(message))")
        case .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
            return .cannotCreate(path: path, reason: message)
        case .SQLITE_BUSY, .SQLITE_LOCKED: return .locked(path: path, holder: nil)
        case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_MISMATCH, .SQLITE_ERROR:
            return .broken(path: path, finding: "the file is damaged (\(message))")
        default: return .conflict(path: path, reason: message)
        }
    }
}
