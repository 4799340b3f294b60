import Cohort

/// One thing that is wrong with a protocol, with its place.
public struct ProtocolDiagnostic: Sendable, Equatable, CustomStringConvertible {
    /// Line in the file, from 1; 0 for the whole file.
    public var line: Int
    /// Element concerned, if there is one.
    public var element: String?
    /// What is wrong and what would be right; no control characters.
    public var message: String

    /// Makes a diagnostic.
    public init(line: Int, element: String?, message: String) {
        self.line = line
        self.element = element
        self.message = message
    }

    /// Line, element and message.
    public var description: String {
        var place = line > 0 ? "line \(line)" : "the file"
        if let element { place += ", <\(element)>" }
        return "\(place): \(message)"
    }
}

/// Why a protocol cannot be used.
public enum ProtocolError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file does not exist.
    case notFound(path: String)
    /// It exists, but cannot be read.
    case unreadable(path: String, reason: String)
    /// Its content breaks the schema or a rule; every finding, in the order of lines.
    case invalid(file: String, [ProtocolDiagnostic])

    /// The file.
    public var file: String {
        switch self {
        case .notFound(let path), .unreadable(let path, _): path
        case .invalid(let file, _): file
        }
    }

    /// The findings of an invalid protocol.
    public var diagnostics: [ProtocolDiagnostic] {
        if case .invalid(_, let found) = self { return found }
        return []
    }

    /// One line per finding, each with file and place.
    public var description: String {
        let name = SafeText.printable(file)
        switch self {
        case .notFound: return "'\(name)' does not exist"
        case .unreadable(_, let reason): return "'\(name)' cannot be read: \(reason)"
        case .invalid(_, let found): return found.map { "'\(name)', \($0)" }.joined(separator: "\n")
        }
    }
}
