/// Why an image file could not be read or written.
///
/// Every case names the file and the cause.
public enum ImagingError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file does not exist.
    case notFound(path: String)
    /// The file exists but the system does not hand it out: permissions, not a regular file, an I/O error.
    case unreadable(path: String, reason: String)
    /// The content contradicts its format.
    case malformed(path: String, reason: String)
    /// The content is valid, but of a kind that is not read here.
    case unsupported(path: String, reason: String)
    /// The declared size exceeds the budget, or what the file can hold.
    case tooLarge(path: String, reason: String)
    /// The output cannot be created or written.
    case cannotWrite(path: String, reason: String)

    /// The file that the error is about.
    public var path: String {
        switch self {
        case .notFound(let path), .unreadable(let path, _), .malformed(let path, _), .unsupported(let path, _),
            .tooLarge(let path, _), .cannotWrite(let path, _):
            path
        }
    }

    /// One sentence with file and cause; control characters of the name are escaped.
    public var description: String {
        let name = ImagingError.printable(path)
        return switch self {
        case .notFound: "'\(name)' does not exist"
        case .unreadable(_, let reason): "'\(name)' cannot be read: \(reason)"
        case .malformed(_, let reason): "'\(name)' is malformed: \(reason)"
        case .unsupported(_, let reason): "'\(name)' is not supported: \(reason)"
        case .tooLarge(_, let reason): "'\(name)' is too large: \(reason)"
        case .cannotWrite(_, let reason): "'\(name)' cannot be written: \(reason)"
        }
    }

    /// A file name can hold terminal escapes and line breaks; neither may reach a log as they are.
    private static func printable(_ path: String) -> String {
        var result = ""
        for scalar in path.unicodeScalars {
            if scalar.properties.generalCategory == .control {
                result += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
