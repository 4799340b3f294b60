import Foundation

/// Runs an executable in a private folder under limits on time and memory, with a small environment.
///
/// coreutils' `timeout` ends the whole process group; the shell only sets the memory limit and then becomes the executable: arguments are
/// passed as they are, nothing is interpreted.
struct BoundedProcess {
    /// How it ended.
    enum Outcome: Equatable {
        /// It ended by itself with this code.
        case exited(code: Int32)
        /// It was ended at the time limit.
        case timedOut
    }

    /// Path of the executable.
    let executable: String
    /// Its arguments.
    let arguments: [String]
    /// Wall-clock limit in seconds.
    let timeLimitSeconds: Int
    /// Limit of its address space in MiB.
    let memoryLimitMiB: Int
    /// Folder it runs in; also its `HOME` and `TMPDIR`.
    let workingDirectory: URL

    /// Starts the executable and waits for its end.
    ///
    /// - Parameter log: File that receives what it prints.
    func run(log: URL) throws -> Outcome {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/timeout")
        process.arguments =
            [
                "--signal=TERM", "--kill-after=5", String(timeLimitSeconds),
                "/bin/sh", "-c", "ulimit -v \"$1\" && shift && exec \"$@\"", "sh", String(memoryLimitMiB * 1024),
                executable,
            ] + arguments
        process.environment = [
            "PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": workingDirectory.path,
            "TMPDIR": workingDirectory.path,
        ]
        process.currentDirectoryURL = workingDirectory
        guard FileManager.default.createFile(atPath: log.path, contents: nil) else {
            throw CocoaError(.fileWriteUnknown)
        }
        let handle = try FileHandle(forWritingTo: log)
        defer { try? handle.close() }
        process.standardOutput = handle
        process.standardError = handle
        process.standardInput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        // 124: ended by TERM at the limit; 137: it needed KILL.
        if process.terminationStatus == 124 || process.terminationStatus == 137 { return .timedOut }
        return .exited(code: process.terminationStatus)
    }

    /// The last lines of a log without control characters, for an error message.
    static func tail(of log: URL, characters: Int = 400) -> String {
        guard let handle = try? FileHandle(forReadingFrom: log) else { return "" }
        defer { try? handle.close() }
        let size = (try? handle.seekToEnd()) ?? 0
        try? handle.seek(toOffset: size > 4096 ? size - 4096 : 0)
        let data = (try? handle.readToEnd()) ?? Data()
        let text = String(decoding: data, as: UTF8.self)
        let printable = text.unicodeScalars.map { $0.value < 32 || $0.value == 127 ? " " : String($0) }.joined()
        return String(printable.suffix(characters)).trimmingCharacters(in: .whitespaces)
    }
}
