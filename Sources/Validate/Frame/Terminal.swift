import Foundation

/// Results on standard output, words for people on standard error.
enum Terminal {
    /// Whether standard error is a terminal.
    static var isInteractive: Bool { isatty(STDERR_FILENO) == 1 }

    /// Writes a result, with a line break at its end.
    ///
    /// - Throws: `CommandFailure` when the other side does not take it.
    static func result(_ text: String) throws {
        do {
            try FileHandle.standardOutput.write(contentsOf: Data((text.hasSuffix("\n") ? text : text + "\n").utf8))
        } catch {
            throw CommandFailure(.inputOutput, "standard output cannot be written")
        }
    }

    /// Writes a line for a person; control characters are left out, so that no file name can steer a terminal.
    static func error(_ line: String) {
        let printable = line.unicodeScalars.map { scalar in
            scalar.properties.generalCategory == .control ? "\u{FFFD}" : String(scalar)
        }.joined()
        raw(printable + "\n")
    }

    /// Writes to standard error as it is; a closed one is no reason to stop.
    static func raw(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }

    /// Waits until results are with the system.
    ///
    /// - Throws: `CommandFailure` when the disk behind standard output is full.
    static func flush() throws {
        if fsync(STDOUT_FILENO) != 0, [ENOSPC, EIO, EDQUOT].contains(errno) {
            throw CommandFailure(.inputOutput, "standard output cannot be written")
        }
    }
}
