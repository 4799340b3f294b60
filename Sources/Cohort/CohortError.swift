/// Why a cohort cannot be used; every case says file, place and cause.
///
/// Values from files are never repeated in a message: they may name a patient. A message names the column and, where it helps, the
/// code point that is wrong.
public enum CohortError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A file or folder does not exist.
    case notFound(path: String)
    /// It exists, but cannot be read.
    case unreadable(path: String, reason: String)
    /// Its content is wrong. Lines count from 1; nil where the whole file is meant.
    case malformed(file: String, line: Int?, column: String?, reason: String)
    /// A file cannot be created or written.
    case cannotWrite(path: String, reason: String)

    /// The file that the error is about.
    public var file: String {
        switch self {
        case .notFound(let path), .unreadable(let path, _), .cannotWrite(let path, _): path
        case .malformed(let file, _, _, _): file
        }
    }

    /// One sentence with file, line, column and cause.
    public var description: String {
        let name = SafeText.printable(file)
        switch self {
        case .notFound: return "'\(name)' does not exist"
        case .unreadable(_, let reason): return "'\(name)' cannot be read: \(reason)"
        case .cannotWrite(_, let reason): return "'\(name)' cannot be written: \(reason)"
        case .malformed(_, let line, let column, let reason):
            var place = "'\(name)'"
            if let line { place += ", line \(line)" }
            if let column { place += ", column '\(SafeText.printable(column))'" }
            return "\(place): \(reason)"
        }
    }
}
