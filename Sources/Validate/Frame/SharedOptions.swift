import ArgumentParser
import Foundation

/// Options of every command that has a result for machines.
struct OutputOptions: ParsableArguments {
    @Flag(name: .long, help: "Print the result as JSON on standard output.")
    var json = false

    @Flag(name: [.long, .customShort("q")], help: "Print no progress.")
    var quiet = false
}

/// How many threads may be used; no result depends on it.
struct JobOptions: ParsableArguments {
    @Option(name: .long, help: "Threads to use (default: the cores).")
    var jobs: Int = ProcessInfo.processInfo.activeProcessorCount

    mutating func validate() throws {
        guard (1...1024).contains(jobs) else { throw ValidationError("--jobs has to lie in 1...1024") }
    }
}
