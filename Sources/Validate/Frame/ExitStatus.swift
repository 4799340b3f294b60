import ArgumentParser

/// The exit codes of the command.
enum ExitStatus: Int32, Sendable {
    /// Done; every criterion passed.
    case done = 0
    /// Done; a criterion failed or is inconclusive.
    case criterionNotMet = 1
    /// Done in part: cases failed or are missing.
    case partial = 3
    /// Wrong usage.
    case usage = 64
    /// Input is malformed or inconsistent.
    case malformedInput = 65
    /// An input does not exist or cannot be read.
    case noInput = 66
    /// A bug.
    case internalError = 70
    /// An output cannot be created.
    case cannotCreate = 73
    /// An I/O error.
    case inputOutput = 74
    /// Another run holds the store.
    case tryLater = 75
    /// A signature, permission or audit check failed.
    case refused = 77
    /// The protocol is invalid.
    case invalidProtocol = 78
    /// Stopped by Ctrl-C before anything could be finished.
    case stopped = 130

    /// The status as an error that ends a command without a message.
    var code: ExitCode { ExitCode(rawValue) }
}

/// An error that knows how the command ends because of it.
protocol ExitStatusError: Error {
    /// The status.
    var exitStatus: ExitStatus { get }
}

/// A failure of the command itself, with its status and one sentence.
struct CommandFailure: ExitStatusError, CustomStringConvertible {
    let exitStatus: ExitStatus
    let description: String

    init(_ exitStatus: ExitStatus, _ description: String) {
        self.exitStatus = exitStatus
        self.description = description
    }
}
