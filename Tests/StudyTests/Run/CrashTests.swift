import Cohort
import Foundation
import Testing

@testable import Study

/// What the process does that is killed: the same test executable, started again with the job in its environment.
struct CrashChild {
    static let variable = "VALIDATE_CRASH_CHILD"

    @Test(.enabled(if: ProcessInfo.processInfo.environment[variable] != nil, "runs only inside another test"))
    func runsACohortAndIsKilled() async throws {
        let folder = try #require(ProcessInfo.processInfo.environment[Self.variable])
        let cohort = try Cohort.load(directory: folder + "/cohort")
        _ = try await SmallCohort.run(
            cohort, store: folder + "/s.sqlite", options: RunOptions(runID: "killed", jobs: 2, isResuming: true))
    }
}

struct CrashTests {
    /// Starts the child and returns the signal that ended it; 0 when it ended by itself.
    private func child(_ folder: TestFolder, crashAt point: String) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        var arguments = Array(CommandLine.arguments.dropFirst())
        while let filter = arguments.firstIndex(of: "--filter") {
            arguments.removeSubrange(filter...min(filter + 1, arguments.count - 1))
        }
        process.arguments = arguments + ["--filter", "CrashChild"]
        var environment = ProcessInfo.processInfo.environment
        environment[CrashChild.variable] = folder.path
        environment["VALIDATE_CRASH_AT"] = point
        environment["SWIFT_BACKTRACE"] = "enable=no"
        process.environment = environment
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationReason == .uncaughtSignal ? process.terminationStatus : 0
    }

    @Test func aKillAtAnyNamedPointIsSurvivedWithTheSameResults() async throws {
        let folder = try TestFolder()
        let cohort = try SmallCohort.make(in: folder, cases: 4)
        let whole = try await SmallCohort.run(cohort, store: folder.file("whole.sqlite"))
        let points = [
            "before-case", "inside-case:2", "before-commit:3", "after-commit:2", "after-commit:4", "before-analysis",
            "before-end", "after-end",
        ]
        for point in points {
            for file in ["s.sqlite", "s.sqlite.lock", "s.sqlite-journal", "s.sqlite.sha256"] {
                try? FileManager.default.removeItem(atPath: folder.file(file))
            }
            #expect(try child(folder, crashAt: point) == SIGKILL, "not killed at \(point)")
            _ = try AuditVerification.verify(path: folder.file("s.sqlite"))
            let resumed = try await SmallCohort.run(
                cohort, store: folder.file("s.sqlite"), options: RunOptions(runID: "next", isResuming: true))
            #expect(resumed.runID == "killed", "at \(point) the run was not gone on with")
            #expect(resumed.status == .complete)
            #expect(resumed.resultsDigest == whole.resultsDigest, "killed at \(point)")
            let audit = try AuditVerification.verify(path: folder.file("s.sqlite"))
            #expect(audit.isSealed == true)
        }
    }
}
