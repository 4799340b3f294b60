import Foundation
import Testing

/// The command on a real cluster of one machine.
struct ClusterTests {
    @Test(
        .enabled(
            if: SlurmMachine.obstacle == nil && ClusterStudy.command != nil, "no SLURM daemons, or no built command")
    )
    func anArrayWithAFailingShardEndsAsPartialAndItsReturnCompletesTheStudy() throws {
        let folder = NSTemporaryDirectory() + "/cluster-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let study = try ClusterStudy(in: folder, cases: 6)
        let machine = try SlurmMachine(in: folder + "/slurm")
        defer { machine.stop() }

        // A node on which shard 2 cannot run.
        let broken = folder + "/broken"
        try Data().write(to: URL(fileURLWithPath: broken))
        let wrapper = folder + "/on-node.sh"
        try Data(
            """
            #!/bin/bash
            if [ -e '\(broken)' ] && [[ " $* " == *" --shard 2/3 "* ]]; then exit 7; fi
            exec '\(study.command)' "$@"

            """.utf8
        ).write(to: URL(fileURLWithPath: wrapper))
        chmod(wrapper, 0o755)

        let whole = try study.run(
            [
                "run", "--protocol", study.protocolPath, "--cohort", study.cohort, "--store", folder + "/whole.sqlite",
                "--json",
            ])
        let digest = try #require(whole.json["results_digest"] as? String)
        let submit = [
            "submit", "--cluster", "slurm", "--protocol", study.protocolPath, "--cohort", study.cohort, "--output",
            folder + "/work", "--shards", "3", "--command", wrapper, "--json",
        ]
        let first = try study.run(submit, environment: machine.environment)
        #expect(first.status == 0, "\(first.errors)")
        let array = try #require(first.json["shards_job"] as? String)
        #expect(machine.waitUntilIdle(seconds: 60))
        #expect(machine.states(of: array).contains("2 FAILED 7:0"), "\(machine.states(of: array))")
        let partial = try study.document(folder + "/work/merge.json")
        #expect(partial["status"] as? String == "partial" && partial["missing"] as? [Int] == [2])

        try FileManager.default.removeItem(atPath: broken)
        let second = try study.run(submit + ["--only", "2"], environment: machine.environment)
        #expect(second.status == 0, "\(second.errors)")
        #expect(machine.waitUntilIdle(seconds: 60))
        let complete = try study.document(folder + "/work/merge.json")
        #expect(complete["status"] as? String == "complete")
        #expect(complete["results_digest"] as? String == digest)
        let audit = try study.run(["audit", "verify", "--store", folder + "/work/study.sqlite"])
        #expect(audit.status == 0, "\(audit.errors)")
    }

    @Test(.enabled(if: ClusterStudy.command != nil, "the command is not built"))
    func aDryRunShowsTheBatchFilesAndWritesNothing() throws {
        let folder = NSTemporaryDirectory() + "/cluster-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let study = try ClusterStudy(in: folder, cases: 2)
        let shown = try study.run([
            "submit", "--cluster", "slurm", "--protocol", study.protocolPath, "--cohort", study.cohort, "--output",
            folder + "/work", "--shards", "2", "--dry-run", "--", "--seed", "3",
        ])
        #expect(shown.status == 0)
        #expect(shown.output.contains("#SBATCH --array=1-2") && shown.output.contains("'--seed'"))
        #expect(shown.output.contains("--dependency=afterany:"))
        #expect(!FileManager.default.fileExists(atPath: folder + "/work"))
    }
}
