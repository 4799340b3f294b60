/// Why a report could not be made; every case names the file or the tool and the cause.
public enum ReportError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The templates are not where they should be.
    case templatesMissing(folder: String)
    /// A template cannot be read, or asks for what the report does not have.
    case template(name: String, problem: String)
    /// The page would be larger than the limit.
    case tooLarge(bytes: Int, limit: Int)
    /// The program that prints the PDF is not installed.
    case printerMissing(hint: String)
    /// The program that prints the PDF ended with an error.
    case printerFailed(problem: String)
    /// A folder holds no page of a case of the run.
    case noPages(folder: String)
    /// A folder for a public view holds a file of a full report.
    case notForPublication(folder: String, file: String)
    /// An output cannot be written.
    case cannotWrite(path: String, reason: String)

    /// The error in words.
    public var description: String {
        switch self {
        case .templatesMissing(let folder): "there are no report templates in '\(folder)'"
        case .template(let name, let problem): "template '\(name)': \(problem)"
        case .tooLarge(let bytes, let limit): "the report would have \(bytes) bytes, the limit is \(limit)"
        case .printerMissing(let hint): "the PDF cannot be printed: \(hint)"
        case .printerFailed(let problem): "the PDF could not be printed: \(problem)"
        case .noPages(let folder):
            "'\(folder)' holds no page of a case of this run; 'validate run --pages' writes them"
        case .notForPublication(let folder, let file):
            "'\(folder)' holds '\(file)' of a full report, which is not for publication; give the public view a folder of its own"
        case .cannotWrite(let path, let reason): "'\(path)' cannot be written: \(reason)"
        }
    }
}
