import Foundation
import Glibc

/// The right to write a store, held by one process at a time.
///
/// An advisory lock on a file beside the store: the kernel gives it back when its holder dies, however it dies. The file names the holder,
/// so that others can say who it is; a name left behind without the lock is stale and taken over.
final class StoreLock: Sendable {
    private let descriptor: Int32
    /// Holder that died without giving the lock back.
    let stale: StoreHolder?

    /// Takes the lock.
    ///
    /// - Throws: `StoreError.locked` naming the holder, `.cannotCreate`.
    init(store path: String, run: String) throws(StoreError) {
        let file = path + ".lock"
        let opened = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard opened >= 0 else { throw .cannotCreate(path: path, reason: String(cString: strerror(errno))) }
        guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
            let reason = errno
            let holder = StoreLock.holder(opened)
            close(opened)
            guard reason == EWOULDBLOCK else {
                throw .cannotCreate(path: path, reason: "it cannot be locked: \(String(cString: strerror(reason)))")
            }
            throw .locked(path: path, holder: holder)
        }
        stale = StoreLock.holder(opened)
        descriptor = opened
        name(run: run)
    }

    /// Says which run the holder writes.
    func name(run: String) {
        let text = "\(StoreLock.hostName())\n\(getpid())\n\(run)\n"
        ftruncate(descriptor, 0)
        _ = text.withCString { pwrite(descriptor, $0, strlen($0), 0) }
    }

    deinit {
        release()
        Glibc.close(descriptor)
    }

    /// Gives the lock back.
    ///
    /// The file stays: removing it would let two processes lock two files of one name.
    func release() {
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return }
        ftruncate(descriptor, 0)
        flock(descriptor, LOCK_UN)
    }

    private static func holder(_ descriptor: Int32) -> StoreHolder? {
        var buffer = [UInt8](repeating: 0, count: 1024)
        let count = pread(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { return nil }
        let lines = String(decoding: buffer[..<count], as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 3, let process = Int32(lines[1]) else { return nil }
        return StoreHolder(host: String(lines[0]), process: process, run: String(lines[2]))
    }

    private static func hostName() -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, 255) == 0 else { return "unknown" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
