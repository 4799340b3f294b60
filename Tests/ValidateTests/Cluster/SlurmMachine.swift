import Foundation
import Glibc

/// A SLURM cluster of one machine: munge, controller and node daemon of the system's packages, in a folder of their own.
final class SlurmMachine {
    let folder: String
    /// Processes that were started, by number: `Process` waits for a daemon that closes its files for ever.
    private var daemons: [pid_t] = []

    /// Why no cluster can be started here; nil where one can.
    static var obstacle: String? {
        if getuid() != 0 { return "the daemons have to run as root" }
        for tool in ["munged", "slurmctld", "slurmd", "sbatch", "scontrol"] where path(tool) == nil {
            return "\(tool) is not installed (Debian: slurm-wlm)"
        }
        return nil
    }

    private static func path(_ tool: String) -> String? {
        ["/usr/sbin/", "/usr/bin/", "/sbin/", "/usr/local/bin/", "/usr/local/sbin/"].map { $0 + tool }
            .first { access($0, X_OK) == 0 }
    }

    /// Starts the daemons and waits for the node to be idle.
    init(in folder: String) throws {
        self.folder = folder
        for part in ["state", "spool"] {
            try FileManager.default.createDirectory(atPath: folder + "/" + part, withIntermediateDirectories: true)
        }
        chmod(folder, 0o755)
        let key = Data((0..<1024).map { _ in UInt8.random(in: .min ... .max) })
        try key.write(to: URL(fileURLWithPath: folder + "/munge.key"))
        chmod(folder + "/munge.key", 0o400)
        let port = 20_000 + Int(getpid()) % 20_000
        try Data(configuration(port: port).utf8).write(to: URL(fileURLWithPath: folder + "/slurm.conf"))
        try start(
            "munged",
            [
                "--foreground", "--force", "--key-file=\(folder)/munge.key", "--socket=\(folder)/munge.sock",
                "--pid-file=\(folder)/munge.pid", "--log-file=\(folder)/munge.log", "--seed-file=\(folder)/munge.seed",
            ])
        _ = wait(10) { FileManager.default.fileExists(atPath: folder + "/munge.sock") }
        try start("slurmctld", ["-D", "-f", folder + "/slurm.conf"])
        try start("slurmd", ["-D", "-f", folder + "/slurm.conf"])
        guard wait(30, { self.ask("sinfo", ["-h", "-o", "%T"]).contains("idle") }) else {
            stop()
            throw Problem(description: "the node did not become idle: " + ask("sinfo", []))
        }
    }

    struct Problem: Error, CustomStringConvertible {
        let description: String
    }

    /// Environment in which the scheduler's commands find this cluster.
    var environment: [String: String] {
        ProcessInfo.processInfo.environment.merging(["SLURM_CONF": folder + "/slurm.conf"]) { $1 }
    }

    /// Waits until no job is left in the queue.
    func waitUntilIdle(seconds: Int) -> Bool {
        wait(seconds) { self.ask("squeue", ["-h"]).allSatisfy(\.isWhitespace) }
    }

    /// State and exit code of a job's tasks, such as `FAILED 7:0`.
    func states(of job: String) -> [String] {
        ask("scontrol", ["show", "job", job, "--oneliner"]).split(separator: "\n").map { line in
            func field(_ name: String) -> String {
                line.split(separator: " ").first { $0.hasPrefix(name + "=") }.map {
                    String($0.dropFirst(name.count + 1))
                }
                    ?? ""
            }
            return "\(field("ArrayTaskId")) \(field("JobState")) \(field("ExitCode"))"
        }
    }

    func stop() {
        for daemon in daemons.reversed() {
            kill(daemon, SIGTERM)
            if !wait(5, { waitpid(daemon, nil, WNOHANG) != 0 }) {
                kill(daemon, SIGKILL)
                waitpid(daemon, nil, 0)
            }
        }
        daemons = []
    }

    deinit { stop() }

    private func configuration(port: Int) -> String {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, 255)
        let full = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let host = full.split(separator: ".").first.map(String.init) ?? "localhost"
        return """
            ClusterName=test
            SlurmctldHost=\(host)(127.0.0.1)
            SlurmUser=root
            AuthType=auth/munge
            AuthInfo=socket=\(folder)/munge.sock
            ProctrackType=proctrack/linuxproc
            TaskPlugin=task/none
            SchedulerType=sched/backfill
            SelectType=select/cons_tres
            SelectTypeParameters=CR_Core
            ReturnToService=2
            MpiDefault=none
            SlurmctldPidFile=\(folder)/ctld.pid
            SlurmdPidFile=\(folder)/slurmd.pid
            StateSaveLocation=\(folder)/state
            SlurmdSpoolDir=\(folder)/spool
            SlurmctldLogFile=\(folder)/ctld.log
            SlurmdLogFile=\(folder)/slurmd.log
            SlurmctldPort=\(port)
            SlurmdPort=\(port + 1)
            CommunicationParameters=NoAddrCache
            JobCompType=jobcomp/none
            AccountingStorageType=accounting_storage/none
            MinJobAge=600
            NodeName=\(host) NodeAddr=127.0.0.1 CPUs=2 RealMemory=1000 State=UNKNOWN
            PartitionName=debug Nodes=\(host) Default=YES MaxTime=10 State=UP

            """
    }

    private func start(_ tool: String, _ arguments: [String]) throws {
        var files = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&files)
        defer { posix_spawn_file_actions_destroy(&files) }
        for descriptor in 0...2 {
            posix_spawn_file_actions_addopen(&files, Int32(descriptor), "/dev/null", O_RDWR, 0)
        }
        let path = SlurmMachine.path(tool) ?? tool
        var words = ([path] + arguments).map { strdup($0) } + [nil]
        var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (words + variables).forEach { free($0) } }
        var daemon = pid_t()
        guard posix_spawn(&daemon, path, &files, nil, &words, &variables) == 0 else {
            throw Problem(description: "\(tool) cannot be started")
        }
        daemons.append(daemon)
    }

    private func ask(_ tool: String, _ arguments: [String]) -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: SlurmMachine.path(tool) ?? tool)
        process.arguments = arguments
        process.environment = environment
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return "" }
        let answer = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: answer, as: UTF8.self)
    }

    private func wait(_ seconds: Int, _ isDone: () -> Bool) -> Bool {
        for _ in 0..<(seconds * 5) {
            if isDone() { return true }
            usleep(200_000)
        }
        return isDone()
    }
}
