import Foundation
import Testing

/// The built command, run as a user runs it.
struct CommandRun {
    let exitCode: Int32
    let output: String
    let errors: String

    /// The folder of the checkout.
    static var checkout: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
    }

    /// The command beside the test bundle; nil where it was not built.
    static let executable: URL? = {
        var folders = [Bundle.main.bundleURL, Bundle.main.executableURL?.deletingLastPathComponent()].compactMap(\.self)
        folders += folders.map { $0.deletingLastPathComponent() }
        folders += CommandLine.arguments.prefix(2).map { URL(fileURLWithPath: $0).deletingLastPathComponent() }
        return folders.map { $0.appendingPathComponent("validate") }
            .first { FileManager.default.isExecutableFile(atPath: $0.path) }
    }()

    /// Runs the command and waits for its end.
    ///
    /// - Parameter interruptingAfter: Text on standard error after which the command gets SIGINT, as from Ctrl-C.
    init(_ arguments: [String], environment: [String: String] = [:], interruptingAfter text: String? = nil) throws {
        let process = Process()
        let executable = try #require(Self.executable, "the command was not built beside the tests")
        process.executableURL = executable
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("run-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        // Files, not pipes: a full pipe would stop the command.
        let files = ["out", "err"].map { folder.appendingPathComponent($0) }
        for file in files { try Data().write(to: file) }
        process.standardOutput = try FileHandle(forWritingTo: files[0])
        process.standardError = try FileHandle(forWritingTo: files[1])
        process.standardInput = FileHandle.nullDevice
        try process.run()
        if let text {
            while process.isRunning, try !String(contentsOf: files[1], encoding: .utf8).contains(text) { usleep(2000) }
            process.interrupt()
        }
        process.waitUntilExit()
        exitCode = process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
        output = try String(contentsOf: files[0], encoding: .utf8)
        errors = try String(contentsOf: files[1], encoding: .utf8)
    }

    /// The JSON document on standard output.
    func json() throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
    }
}
