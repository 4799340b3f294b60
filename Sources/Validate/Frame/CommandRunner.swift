import ArgumentParser
import Foundation

/// Parses the arguments, runs the command, and ends the process with its exit code.
enum CommandRunner {
    /// Never returns.
    static func main() async {
        ProcessSetup.apply()
        let command: any ParsableCommand
        do {
            command = try ValidateCommand.parseAsRoot(RangeArgument.joined(Array(CommandLine.arguments.dropFirst())))
        } catch {
            ValidateCommand.exit(withError: error)
        }
        let work = Task { try await run(command) }
        guard let signals = stopSignals(cancelling: work) else {
            Terminal.error("validate: no pipe for Ctrl-C: \(String(cString: strerror(errno)))")
            Foundation.exit(ExitStatus.inputOutput.rawValue)
        }
        defer { signals.cancel() }
        do {
            try await work.value
            try Terminal.flush()
            Foundation.exit(ExitStatus.done.rawValue)
        } catch let code as ExitCode {
            Foundation.exit(code.rawValue)
        } catch let error where isParserError(error) {
            ValidateCommand.exit(withError: error)
        } catch {
            let (status, message) = ExitStatus.of(error)
            Terminal.error("validate: \(message)")
            Foundation.exit(status.rawValue)
        }
    }

    private static func run(_ command: any ParsableCommand) async throws {
        var command = command
        if var asynchronous = command as? any AsyncParsableCommand {
            try await asynchronous.run()
        } else {
            try command.run()
        }
    }

    /// Help, version and wrong usage are printed by the parser.
    private static func isParserError(_ error: any Error) -> Bool {
        // Any other error would count as a failure of the command.
        [.success, .validationFailure].contains(ValidateCommand.exitCode(for: error))
    }

    /// The first signal stops the work at its next safe point; the second one ends the process at once.
    private static func stopSignals(cancelling work: Task<Void, any Error>) -> StopSignals? {
        let count = Counter()
        return StopSignals {
            if count.increment() > 1 { Foundation.exit(ExitStatus.stopped.rawValue) }
            Terminal.error("validate: stopping after the work in flight; once more to stop at once")
            work.cancel()
        }
    }
}
