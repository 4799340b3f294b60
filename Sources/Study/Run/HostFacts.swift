import CXML
import Foundation
import Glibc

/// What a report says about the machine: its kind, never its name.
public enum HostFacts {
    /// System and architecture, such as `Linux x86_64`.
    public static let kind: String = {
        var facts = utsname()
        guard uname(&facts) == 0 else { return "Linux" }
        func text<Buffer>(_ buffer: Buffer) -> String {
            withUnsafeBytes(of: buffer) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        }
        return "\(text(facts.sysname)) \(text(facts.machine))"
    }()

    /// Processor as the system names it, with the number of its logical cores.
    public static let processor: String = {
        let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("model name") || $0.hasPrefix("Model") }
        let name = line?.split(separator: ":").last?.trimmingCharacters(in: .whitespaces) ?? "unknown processor"
        return "\(name), \(ProcessInfo.processInfo.activeProcessorCount) cores"
    }()

    /// Versions of the libraries behind the results.
    public static var libraries: [String: String] {
        ["libxml2": String(cString: cxml_version()), "SQLite": StoreFile.libraryVersion]
    }

    /// Largest memory of the process so far, in MiB.
    static func peakMemoryMiB() -> Double {
        var usage = rusage()
        getrusage(RUSAGE_SELF.rawValue, &usage)
        return Double(usage.ru_maxrss) / 1024
    }
}

/// Seconds since some fixed moment, for durations.
struct Stopwatch {
    private let start = Stopwatch.now()

    var seconds: Double { Stopwatch.now() - start }

    private static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
