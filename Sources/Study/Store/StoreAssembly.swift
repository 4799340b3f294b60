import Foundation
import GRDB
import Glibc

/// Changes a store as a whole or not at all: the work is done on a copy beside it, which then takes its place.
///
/// For merges of many cases, where a commit per case would wait for the disk thousands of times. A kill leaves the store as it was.
enum StoreAssembly {
    /// Runs work on a copy (or on a new store where there is none) and puts it in place.
    ///
    /// - Parameters:
    ///   - path: The store.
    ///   - purpose: For others that find it held.
    ///   - user: Role for the audit trail.
    ///   - utc: Time now.
    ///   - work: Returns false when nothing is to be changed after all.
    /// - Throws: `StoreError`, and what the work throws.
    static func change(
        path: String, purpose: String, user: String, utc: String, _ work: (Store) throws -> Bool
    ) throws {
        let lock = try StoreLock(store: path, run: purpose)
        let copy = path + ".merging-\(getpid())"
        defer {
            lock.release()
            for suffix in ["", ".sha256", ".lock", "-journal"] { unlink(copy + suffix) }
        }
        if try StoreFile.exists(path) {
            try StoreFile.recover(path)
            do { try FileManager.default.copyItem(atPath: path, toPath: copy) } catch {
                throw StoreError.inputOutput(path: path, reason: "it cannot be copied: \(error.localizedDescription)")
            }
        }
        let store = try Store.openForWriting(path: copy, run: purpose, user: user, utc: utc)
        // The copy is synced once, before it takes the store's place.
        do {
            try store.queue.inDatabase { db in
                // With SQLite's 2 MB of cache the indexes of a large study are read again and again.
                try db.execute(
                    sql: "PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY; PRAGMA cache_size = -262144;")
            }
        } catch { throw StoreFile.error(error, path: path) }
        guard try work(store) else { return }
        do { try store.queue.close() } catch { throw StoreFile.error(error, path: path) }
        try sync(copy, path)
        StoreSeal.remove(store: path)
        guard rename(copy, path) == 0 else {
            throw StoreError.inputOutput(path: path, reason: String(cString: strerror(errno)))
        }
        try sync(StoreFile.folder(of: path), path)
        try StoreSeal.write(store: path)
    }

    private static func sync(_ file: String, _ path: String) throws(StoreError) {
        let descriptor = open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .inputOutput(path: path, reason: String(cString: strerror(errno))) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else {
            throw .inputOutput(path: path, reason: String(cString: strerror(errno)))
        }
    }
}
