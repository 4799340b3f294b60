public import Foundation
import GRDB
import Glibc

/// The store of a study: runs with their results, append-only, bound by a hash chain, in one SQLite file.
///
/// One connection, a rollback journal, every commit synced: a kill at any moment loses at most the transaction in flight.
public final class Store: Sendable {
    /// Path of the file.
    public let path: String
    /// Whether this process may write; held by a lock until the store is gone.
    public var isWritable: Bool { lock != nil }
    /// Who writes, for the audit trail: a role, never a person's name.
    public let user: String

    let queue: DatabaseQueue
    private let lock: StoreLock?

    private init(path: String, user: String, queue: DatabaseQueue, lock: StoreLock?) {
        self.path = path
        self.user = user
        self.queue = queue
        self.lock = lock
    }

    /// Opens a store for writing, and makes it where there is none.
    ///
    /// - Parameters:
    ///   - path: File; its folder has to exist on a local disk.
    ///   - run: Run that is about to write, for others that find the store held.
    ///   - user: Role for the audit trail.
    ///   - utc: Time now, UTC ISO 8601.
    /// - Throws: `StoreError`.
    public static func openForWriting(
        path: String, run: String = "", user: String = "operator", utc: String = UTCTime.now()
    ) throws(StoreError) -> Store {
        let folder = StoreFile.folder(of: path)
        if let kind = FileSystemKind.networkName(folder: folder) { throw .networkFileSystem(path: path, kind: kind) }
        // What a killed writer left is only a store again after its journal was rolled back, and that needs the lock.
        let isInterrupted = StoreFile.hasHotJournal(path)
        if !isInterrupted, try StoreFile.exists(path) { try StoreFile.requireStoreHeader(path) }
        let lock = try StoreLock(store: path, run: run)
        if isInterrupted {
            try StoreFile.recover(path)
            if try StoreFile.exists(path) { try StoreFile.requireStoreHeader(path) }
        }
        StoreSeal.remove(store: path)
        let queue = try StoreFile.connect(path: path, readOnly: false)
        let store = Store(path: path, user: user, queue: queue, lock: lock)
        try store.write { db in
            let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
            guard version <= StoreSchema.version else {
                throw StoreError.notAStore(
                    path: path, reason: "it has version \(version), this tool knows up to \(StoreSchema.version)")
            }
            try StoreSchema.migrate(db, from: version)
            if version == 0 {
                try AuditChain.append(
                    db, utc: utc, user: user, action: "create", object: "store", reason: "new store")
            } else if version < StoreSchema.version {
                try AuditChain.append(
                    db, utc: utc, user: user, action: "migrate", object: "store", before: "version \(version)",
                    after: "version \(StoreSchema.version)", reason: "written by a newer tool from now on")
            }
            if let stale = lock.stale {
                try AuditChain.append(
                    db, utc: utc, user: user, action: "take over", object: "run " + stale.run,
                    reason: "process \(stale.process) ended without giving the store back")
            }
        }
        return store
    }

    /// Opens an existing store for reading; it is not changed.
    ///
    /// - Throws: `StoreError`.
    public static func openForReading(path: String) throws(StoreError) -> Store {
        guard try StoreFile.exists(path) else { throw .notFound(path: path) }
        try StoreFile.recover(path)
        try StoreFile.requireStoreHeader(path)
        let queue = try StoreFile.connect(path: path, readOnly: true)
        let store = Store(path: path, user: "reader", queue: queue, lock: nil)
        let version = try store.read { db in try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0 }
        guard version >= 1, version <= StoreSchema.version else {
            throw .notAStore(
                path: path, reason: "it has version \(version), this tool knows 1 to \(StoreSchema.version)")
        }
        return store
    }

    /// Tells others that find the store held which run it is held for.
    func announce(run: String) { lock?.name(run: run) }

    /// Runs a transaction; all of it is stored or nothing.
    func write<Value>(_ body: (Database) throws -> Value) throws(StoreError) -> Value {
        guard isWritable else { throw .cannotCreate(path: path, reason: "it was opened for reading") }
        do { return try queue.write(body) } catch { throw StoreFile.error(error, path: path) }
    }

    /// Reads in one consistent view.
    func read<Value>(_ body: (Database) throws -> Value) throws(StoreError) -> Value {
        do { return try queue.read(body) } catch { throw StoreFile.error(error, path: path) }
    }

    /// Ends the connection and gives the store back to others; it cannot be used afterwards.
    public func close() {
        // A connection that cannot be closed ends with the process; what was committed is stored.
        try? queue.close()
        lock?.release()
    }

    /// Closes the store and writes the seal: a digest of the file's bytes beside it, which `AuditVerification` compares.
    ///
    /// - Throws: `StoreError.inputOutput`.
    public func seal() throws(StoreError) {
        do { try queue.close() } catch { throw StoreFile.error(error, path: path) }
        defer { lock?.release() }
        if isWritable { try StoreSeal.write(store: path) }
    }
}

/// Times as UTC ISO 8601.
public enum UTCTime {
    /// A time, to the second, such as `2026-01-31T12:00:00Z`.
    public static func text(_ date: Date) -> String {
        var seconds = time_t(date.timeIntervalSince1970)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))T"
            + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))Z"
    }

    /// The time now.
    public static func now() -> String { text(Date()) }
}
