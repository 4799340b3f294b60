import Cohort

/// Why a store cannot be used; every case names the file and the cause.
public enum StoreError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file does not exist.
    case notFound(path: String)
    /// The file is no store of this suite, or one of a newer version.
    case notAStore(path: String, reason: String)
    /// It cannot be created or opened for writing.
    case cannotCreate(path: String, reason: String)
    /// Its folder lies on a network file system, where SQLite's locks cannot be trusted.
    case networkFileSystem(path: String, kind: String)
    /// Reading or writing failed: disk full, quota, a broken device.
    case inputOutput(path: String, reason: String)
    /// Another run holds it.
    case locked(path: String, holder: StoreHolder?)
    /// A stored value is not what was recorded.
    case broken(path: String, finding: String)
    /// There is no such run.
    case noSuchRun(path: String, run: String, known: [String])
    /// A row contradicts one that is there.
    case conflict(path: String, reason: String)

    /// The file.
    public var path: String {
        switch self {
        case .notFound(let path), .notAStore(let path, _), .cannotCreate(let path, _), .networkFileSystem(let path, _),
            .inputOutput(let path, _), .locked(let path, _), .broken(let path, _), .noSuchRun(let path, _, _),
            .conflict(let path, _):
            path
        }
    }

    /// One sentence with file and cause.
    public var description: String {
        let name = "the store '\(SafeText.printable(path))'"
        switch self {
        case .notFound: return "\(name) does not exist"
        case .notAStore(_, let reason): return "\(name) cannot be used: \(reason)"
        case .cannotCreate(_, let reason): return "\(name) cannot be created or opened for writing: \(reason)"
        case .networkFileSystem(_, let kind):
            return "\(name) would lie on a network file system (\(kind)); put it on a local disk, one store per shard, "
                + "and join the shards afterwards"
        case .inputOutput(_, let reason): return "\(name) cannot be read or written: \(reason)"
        case .locked(_, let holder):
            return "\(name) is held by \(holder?.description ?? "another process"); try again when it has ended"
        case .broken(_, let finding): return "\(name) fails its audit: \(finding)"
        case .noSuchRun(_, let run, let known):
            let list = known.isEmpty ? "it holds no run" : "it holds " + known.joined(separator: ", ")
            return "\(name) has no run '\(SafeText.printable(run))'; \(list)"
        case .conflict(_, let reason): return "\(name): \(reason)"
        }
    }
}

/// Who holds a store.
public struct StoreHolder: Sendable, Equatable, CustomStringConvertible {
    /// Name of the machine.
    public var host: String
    /// Process.
    public var process: Int32
    /// Run that it writes, if it said so.
    public var run: String

    /// Machine, process and run.
    public var description: String {
        "process \(process) on \(SafeText.printable(host))" + (run.isEmpty ? "" : ", run \(SafeText.printable(run))")
    }
}
