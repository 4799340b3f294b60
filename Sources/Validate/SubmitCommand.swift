import ArgumentParser
import Cohort
import Foundation
import Study

/// `validate submit`: a study on a cluster.
struct SubmitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit",
        abstract: "Run a study as an array of shards on a cluster, then merge and report.",
        discussion: """
            Freezes the case list, writes the batch files and submits them: an array of shards, the merge whatever became \
            of the shards, then the report. Each shard works on its node's own disk. A shard that failed is submitted \
            again alone with --only. Arguments after -- go to 'validate run'.

            Examples:
              validate submit --cluster slurm --protocol P.xml --cohort cohort/ --output work/ --shards 8 --dry-run
              validate submit --cluster slurm --protocol P.xml --cohort cohort/ --output work/ --shards 8 \
            --partition gpu --time 02:00:00 -- --generator aphidiff
              validate submit --cluster slurm --protocol P.xml --cohort cohort/ --output work/ --shards 8 --only 3
            """)

    enum Cluster: String, ExpressibleByArgument, CaseIterable {
        case slurm
    }

    @Option(name: .long, help: "Kind of cluster: slurm.")
    var cluster: Cluster

    @Option(name: .customLong("protocol"), help: "The study protocol (XML).")
    var protocolPath: String

    @Option(name: .long, help: "Folder of the cohort.")
    var cohort: String

    @Option(name: .long, help: "Shared folder for shards, logs, store and report.")
    var output: String

    @Option(name: .long, help: "Number of shards.")
    var shards: Int

    @Option(name: .long, help: "Shards to submit again, such as 3 or 3,5 (default: all).")
    var only: String?

    @Option(name: .long, help: "Partition.")
    var partition: String?

    @Option(name: .long, help: "Account that pays.")
    var account: String?

    @Option(name: .long, help: "Time limit of a shard, such as 02:00:00.")
    var time: String?

    @Option(name: .long, help: "Memory of a shard, such as 8G.")
    var memory: String?

    @Option(name: .long, help: "Cores of a shard.")
    var cores: Int = 1

    @Option(name: .long, help: "Shards at a time.")
    var atOnce: Int?

    @Option(name: .long, help: "The command on the nodes (default: this one).")
    var command: String?

    @Flag(name: .long, help: "Show the batch files; write and submit nothing.")
    var dryRun = false

    @Argument(parsing: .postTerminator, help: "Further arguments of 'validate run', after --.")
    var runArguments: [String] = []

    @OptionGroup var options: OutputOptions

    func run() async throws {
        let job = try job()
        if dryRun {
            let orders = SlurmSubmission.arguments(job).map { "sbatch " + $0.joined(separator: " ") }
            let files = job.files.map { "# \($0.name)\n\($0.content)" }
            return try Terminal.result((files + orders).joined(separator: "\n"))
        }
        let submission: SlurmSubmission
        do throws(ClusterError) { submission = try SlurmSubmission.submit(job) } catch {
            throw CommandFailure(.cannotCreate, "\(error)")
        }
        try Terminal.result(
            options.json
                ? JSON.object([
                    ("schema", .string("validate.submit/1")), ("shards_job", .string(submission.shards)),
                    ("merge_job", .string(submission.merge)), ("report_job", .string(submission.report)),
                    ("shards", .integer(shards)), ("manifest_sha256", .string(job.manifestSHA256)),
                ]).text
                : "shards: job \(submission.shards); merge: job \(submission.merge); report: job \(submission.report)")
    }

    private func job() throws -> SlurmJob {
        try ProtocolFile.load(path: protocolPath).requireCurrentMethods()
        let cases = try Cohort.load(directory: cohort)
        var named: [Int]?
        if let only {
            let numbers = only.split(separator: ",", omittingEmptySubsequences: false).map {
                StrictNumber.integer(String($0))
            }
            guard numbers.allSatisfy({ $0 != nil }) else {
                throw CommandFailure(.usage, "--only takes numbers of shards, such as 3 or 3,5")
            }
            named = numbers.compactMap(\.self)
        }
        do throws(ClusterError) {
            return try SlurmJob(
                command: command ?? Self.thisCommand, protocolPath: Self.absolute(protocolPath),
                cohortPath: Self.absolute(cohort), manifestPath: Self.absolute(Self.manifest(of: cohort)),
                manifestSHA256: cases.manifestSHA256, runArguments: runArguments, folder: Self.absolute(output),
                shardCount: shards, shards: named,
                resources: SlurmJob.Resources(
                    partition: partition, account: account, time: time, memory: memory, cores: cores, atOnce: atOnce))
        } catch { throw CommandFailure(.usage, "\(error)") }
    }

    /// The manifest of a folder, or the manifest itself.
    private static func manifest(of cohort: String) -> String {
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: cohort, isDirectory: &isFolder)
        return exists && isFolder.boolValue ? cohort + "/" + Cohort.manifestName : cohort
    }

    private static func absolute(_ path: String) -> String {
        URL(fileURLWithPath: path).standardizedFileURL.path
    }

    private static var thisCommand: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "validate"
    }
}
