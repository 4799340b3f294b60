import Foundation
import Glibc

/// A folder of one case that nobody else can read, removed with everything in it.
struct PrivateFolder: ~Copyable {
    let path: String

    /// Makes the folder inside the system's temporary folder.
    ///
    /// - Throws: `GeneratorError.failed` when it cannot be made.
    init() throws(GeneratorError) {
        let base = ProcessInfo.processInfo.environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
        var name = Array("\(base)/validate-XXXXXX".utf8CString)
        guard mkdtemp(&name) != nil else {
            throw GeneratorError(.failed, "a temporary folder cannot be made: \(String(cString: strerror(errno)))")
        }
        path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Whether the name inside the folder is a regular file and no link to one.
    func holdsRegularFile(_ name: String) -> Bool {
        var facts = stat()
        return lstat("\(path)/\(name)", &facts) == 0 && facts.st_mode & S_IFMT == S_IFREG
    }
}
