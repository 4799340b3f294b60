import Cohort
import Foundation

/// The batch files of a study on a SLURM cluster: an array of shards, then the merge, then the report.
///
/// The case list is frozen when the files are written: every shard checks the manifest's SHA-256 before it begins. A shard writes on the node's own
/// disk and moves its finished store into the shared folder. The merge runs whatever became of the shards and says which are missing.
public struct SlurmJob: Sendable, Equatable {
    /// What is asked of the cluster; nil: its default.
    public struct Resources: Sendable, Equatable {
        /// Partition.
        public var partition: String?
        /// Account that pays.
        public var account: String?
        /// Time limit of one shard, such as `02:00:00`.
        public var time: String?
        /// Memory of one shard, such as `8G`.
        public var memory: String?
        /// Cores of one shard.
        public var cores: Int
        /// Shards at a time; nil: no limit.
        public var atOnce: Int?

        /// Makes a request.
        public init(
            partition: String? = nil, account: String? = nil, time: String? = nil, memory: String? = nil,
            cores: Int = 1, atOnce: Int? = nil
        ) {
            self.partition = partition
            self.account = account
            self.time = time
            self.memory = memory
            self.cores = cores
            self.atOnce = atOnce
        }
    }

    /// Path of the command on the nodes.
    public var command: String
    /// Path of the protocol.
    public var protocolPath: String
    /// Folder of the cohort.
    public var cohortPath: String
    /// Path of the cohort's manifest.
    public var manifestPath: String
    /// SHA-256 of its bytes.
    public var manifestSHA256: String
    /// Further arguments of `validate run`, such as the generator.
    public var runArguments: [String]
    /// Shared folder for shards, logs, store and report.
    public var folder: String
    /// Number of shards.
    public var shardCount: Int
    /// Shards to run, such as one that failed; nil: all.
    public var shards: [Int]?
    /// What is asked of the cluster.
    public var resources: Resources

    /// Makes a job.
    ///
    /// - Throws: `ClusterError` for texts that cannot stand in a batch file and numbers out of range.
    public init(
        command: String, protocolPath: String, cohortPath: String, manifestPath: String, manifestSHA256: String,
        runArguments: [String], folder: String, shardCount: Int, shards: [Int]? = nil, resources: Resources
    ) throws(ClusterError) {
        guard (1...10_000).contains(shardCount) else {
            throw ClusterError("the number of shards has to lie in 1…10000, not \(shardCount)")
        }
        if let bad = shards?.first(where: { !(1...shardCount).contains($0) }) {
            throw ClusterError("there is no shard \(bad) of \(shardCount)")
        }
        if let shards, shards.isEmpty { throw ClusterError("no shard is named") }
        guard (1...1024).contains(resources.cores) else { throw ClusterError("cores have to lie in 1…1024") }
        if let atOnce = resources.atOnce, atOnce < 1 { throw ClusterError("at least one shard runs at a time") }
        let words = [resources.partition, resources.account, resources.time, resources.memory].compactMap(\.self)
        for word in words where word.isEmpty || !word.utf8.allSatisfy(SlurmJob.isPlain) {
            throw ClusterError("'\(SafeText.printable(word))' cannot stand in a batch file")
        }
        let texts = [command, protocolPath, cohortPath, manifestPath, folder] + runArguments
        for text in texts where text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
            throw ClusterError("'\(SafeText.printable(text))' holds control characters")
        }
        self.command = command
        self.protocolPath = protocolPath
        self.cohortPath = cohortPath
        self.manifestPath = manifestPath
        self.manifestSHA256 = manifestSHA256
        self.runArguments = runArguments
        self.folder = folder
        self.shardCount = shardCount
        self.shards = shards?.sorted()
        self.resources = resources
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: ":"),
            UInt8(ascii: "."), UInt8(ascii: ","):
            true
        default: false
        }
    }

    // MARK: - Files

    /// Names and contents of the batch files.
    public var files: [(name: String, content: String)] {
        [("shards.sbatch", shardScript), ("merge.sbatch", mergeScript), ("report.sbatch", reportScript)]
    }

    /// The array, such as `1-8%4` or `3`.
    private var array: String {
        let list = shards.map { $0.map(String.init).joined(separator: ",") } ?? "1-\(shardCount)"
        return list + (resources.atOnce.map { "%\($0)" } ?? "")
    }

    private func header(_ name: String, _ lines: [String]) -> String {
        var text = "#!/bin/bash\n#SBATCH --job-name=\(name)\n"
        for line in lines { text += "#SBATCH \(line)\n" }
        if let partition = resources.partition { text += "#SBATCH --partition=\(partition)\n" }
        if let account = resources.account { text += "#SBATCH --account=\(account)\n" }
        return text + "set -u\numask 077\n"
    }

    private var shardScript: String {
        var lines = ["--array=\(array)", "--cpus-per-task=\(resources.cores)", "--requeue"]
        if let time = resources.time { lines.append("--time=\(time)") }
        if let memory = resources.memory { lines.append("--mem=\(memory)") }
        let run =
            [command, "run", "--protocol", protocolPath, "--cohort", cohortPath].map(SlurmJob.quoted)
            + ["--store \"$work/shard.sqlite\"", "--shard \"$shard/\(shardCount)\"", "--jobs \(resources.cores)"]
            + runArguments.map(SlurmJob.quoted)
        return header("validate-shard", lines) + """
            folder=\(SlurmJob.quoted(folder))
            shard=$SLURM_ARRAY_TASK_ID
            # The case list was frozen when this file was written.
            if ! echo \(SlurmJob.quoted(manifestSHA256 + "  " + manifestPath)) | sha256sum --check --status; then
                echo "shard $shard: the manifest of the cohort has changed since the study was submitted" >&2
                exit 65
            fi
            # SQLite does not belong on a shared file system: work on the node's own disk.
            work=$(mktemp -d "${SLURM_TMPDIR:-${TMPDIR:-/tmp}}/validate-shard-XXXXXX") || exit 73
            trap 'rm -rf "$work"' EXIT
            \(run.joined(separator: " \\\n    "))
            code=$?
            # 0 and 3 leave a store whose cases count; anything else leaves nothing to merge.
            if [ $code -eq 0 ] || [ $code -eq 1 ] || [ $code -eq 3 ]; then
                part="$folder/shards/.shard-$shard.$SLURM_JOB_ID.part"
                cp "$work/shard.sqlite" "$part" && sync "$part" && mv "$part" "$folder/shards/shard-$shard.sqlite" || exit 74
            fi
            exit $code

            """
    }

    private var mergeScript: String {
        header("validate-merge", []) + """
            folder=\(SlurmJob.quoted(folder))
            work=$(mktemp -d "${SLURM_TMPDIR:-${TMPDIR:-/tmp}}/validate-merge-XXXXXX") || exit 73
            trap 'rm -rf "$work"' EXIT
            shopt -s nullglob
            cp "$folder"/shards/shard-*.sqlite "$work"/ || exit 66
            # Shards that never arrived are named by the merge; it then ends with 3.
            \(SlurmJob.quoted(command)) merge --store "$work/study.sqlite" --quiet --json "$work"/shard-*.sqlite > "$folder/.merge.json.part"
            code=$?
            if [ $code -eq 0 ] || [ $code -eq 1 ] || [ $code -eq 3 ]; then
                mv "$folder/.merge.json.part" "$folder/merge.json"
                cp "$work/study.sqlite" "$folder/.study.part" && sync "$folder/.study.part" \\
                    && mv "$folder/.study.part" "$folder/study.sqlite" || exit 74
                cp "$work/study.sqlite.sha256" "$folder/study.sqlite.sha256" || exit 74
            fi
            exit $code

            """
    }

    private var reportScript: String {
        header("validate-report", []) + """
            folder=\(SlurmJob.quoted(folder))
            work=$(mktemp -d "${SLURM_TMPDIR:-${TMPDIR:-/tmp}}/validate-report-XXXXXX") || exit 73
            trap 'rm -rf "$work"' EXIT
            cp "$folder/study.sqlite" "$work/study.sqlite" || exit 66
            \(SlurmJob.quoted(command)) report --store "$work/study.sqlite" --output "$folder/report"

            """
    }

    /// A word for the shell, whatever is in it.
    static func quoted(_ text: String) -> String {
        "'" + text.replacing("'", with: "'\\''") + "'"
    }
}

/// Why a study cannot be submitted.
public struct ClusterError: Error, Equatable, Sendable, CustomStringConvertible {
    /// One sentence.
    public let description: String

    /// Makes an error.
    public init(_ description: String) { self.description = description }
}
