import Foundation

/// Writes the batch files of a job and hands them to the scheduler.
public struct SlurmSubmission: Sendable, Equatable {
    /// Number of the array of shards.
    public var shards: String
    /// Number of the merge, which waits for the array whatever became of it.
    public var merge: String
    /// Number of the report, which waits for the merge.
    public var report: String

    /// Writes the files into the job's folder.
    ///
    /// - Returns: Their paths.
    /// - Throws: `ClusterError` naming the file that cannot be written.
    @discardableResult
    public static func write(_ job: SlurmJob) throws(ClusterError) -> [String] {
        var paths: [String] = []
        do {
            for folder in [job.folder + "/shards", job.folder + "/logs"] {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            }
            for (name, content) in job.files {
                let path = job.folder + "/" + name
                try Data(content.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
                paths.append(path)
            }
        } catch {
            throw ClusterError("the batch files cannot be written into '\(job.folder)': \(error.localizedDescription)")
        }
        return paths
    }

    /// Arguments of `sbatch` for the three jobs; `%shards%` and `%merge%` stand for the numbers of earlier jobs.
    public static func arguments(_ job: SlurmJob) -> [[String]] {
        let logs = job.folder + "/logs"
        return [
            ["--parsable", "--output=\(logs)/shard-%a.log", job.folder + "/shards.sbatch"],
            [
                "--parsable", "--output=\(logs)/merge.log", "--dependency=afterany:%shards%",
                job.folder + "/merge.sbatch",
            ],
            [
                "--parsable", "--output=\(logs)/report.log", "--dependency=afterany:%merge%",
                job.folder + "/report.sbatch",
            ],
        ]
    }

    /// Writes the files and submits them.
    ///
    /// - Parameter sbatch: Path of the scheduler's command.
    /// - Throws: `ClusterError` with what the scheduler answered.
    public static func submit(_ job: SlurmJob, sbatch: String = "sbatch") throws(ClusterError) -> SlurmSubmission {
        try write(job)
        let orders = arguments(job)
        let shards = try number(sbatch, orders[0])
        let merge = try number(sbatch, orders[1].map { $0.replacing("%shards%", with: shards) })
        let report = try number(sbatch, orders[2].map { $0.replacing("%merge%", with: merge) })
        return SlurmSubmission(shards: shards, merge: merge, report: report)
    }

    private static func number(_ sbatch: String, _ arguments: [String]) throws(ClusterError) -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [sbatch] + arguments
        let output = Pipe()
        let errors = Pipe()
        process.standardOutput = output
        process.standardError = errors
        do { try process.run() } catch {
            throw ClusterError("'\(sbatch)' cannot be started: \(error.localizedDescription)")
        }
        let answer = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let complaint = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        // On several clusters the answer is `number;cluster`.
        let number = answer.prefix { $0.isWholeNumber }
        guard process.terminationStatus == 0, !number.isEmpty else {
            let reason = complaint.split(whereSeparator: \.isNewline).first.map(String.init) ?? "no job number"
            throw ClusterError("sbatch refused the job: \(reason)")
        }
        return String(number)
    }
}
