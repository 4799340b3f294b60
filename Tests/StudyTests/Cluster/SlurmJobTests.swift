import Foundation
import Testing

@testable import Study

struct SlurmJobTests {
    private func job(
        folder: String = "/shared/study", shards: [Int]? = nil, count: Int = 4, arguments: [String] = [],
        resources: SlurmJob.Resources = SlurmJob.Resources(), command: String = "/opt/validate"
    ) throws(ClusterError) -> SlurmJob {
        try SlurmJob(
            command: command, protocolPath: "/shared/P.xml", cohortPath: "/shared/cohort",
            manifestPath: "/shared/cohort/cohort.tsv", manifestSHA256: String(repeating: "a", count: 64),
            runArguments: arguments, folder: folder, shardCount: count, shards: shards, resources: resources)
    }

    @Test func theArrayCoversTheShardsThatAreAskedFor() throws {
        func script(_ job: SlurmJob) -> String { job.files[0].content }
        #expect(script(try job()).contains("#SBATCH --array=1-4\n"))
        #expect(script(try job(shards: [3, 2])).contains("#SBATCH --array=2,3\n"))
        let limited = try job(
            resources: SlurmJob.Resources(partition: "gpu", time: "01:00:00", memory: "8G", atOnce: 2))
        #expect(script(limited).contains("#SBATCH --array=1-4%2\n"))
        #expect(script(limited).contains("#SBATCH --partition=gpu\n") && script(limited).contains("--mem=8G"))
    }

    @Test func theMergeWaitsWhateverBecameOfTheShards() throws {
        let orders = SlurmSubmission.arguments(try job())
        #expect(orders[1].contains("--dependency=afterany:%shards%"))
        #expect(orders[2].contains("--dependency=afterany:%merge%"))
    }

    @Test func nothingLeavesItsPlaceInABatchFile() throws {
        let odd = try job(folder: "/shared/it's; rm -rf $HOME", arguments: ["--generator", "command:x `id`"])
        #expect(odd.files[0].content.contains("folder='/shared/it'\\''s; rm -rf $HOME'"))
        #expect(odd.files[0].content.contains("'command:x `id`'"))
        #expect(throws: ClusterError.self) { try job(folder: "/a\n#SBATCH --uid=0") }
        #expect(throws: ClusterError.self) { try job(resources: SlurmJob.Resources(partition: "a b")) }
        #expect(throws: ClusterError.self) { try job(resources: SlurmJob.Resources(time: "1;id")) }
        #expect(throws: ClusterError.self) { try job(count: 0) }
        #expect(throws: ClusterError.self) { try job(shards: [5]) }
        #expect(throws: ClusterError.self) { try job(shards: []) }
    }

    @Test func everyBatchFileIsAScriptThatTheShellCanRead() throws {
        let folder = try TestFolder()
        let paths = try SlurmSubmission.write(job(folder: folder.file("it's here"), arguments: ["--seed", "3"]))
        #expect(paths.count == 3)
        for path in paths {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/bash")
            process.arguments = ["-n", path]
            try process.run()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0, "\(path)")
        }
    }
}
