import Foundation

/// Cases of the malformed corpus with their expected outcome.
struct MalformedCorpus {
    struct Case: Sendable, CustomStringConvertible {
        let name: String
        let outcome: String
        let reason: String
        let expected: Expected?
        let path: String
        var description: String { name }
    }

    struct Expected: Sendable, Decodable {
        let shape: [Int]
        let sum: Double
        let min: Double
        let max: Double
        let affine: [[Double]]?
    }

    private struct ExpectedFile: Decodable {
        let files: [String: Expected]
    }

    let cases: [Case]

    /// Reads the manifest of a corpus folder; rows outside the family (`nifti` or `png`) are left out.
    init(folder: URL, family: String) throws {
        let data = try Data(contentsOf: folder.appendingPathComponent("expected.json"))
        let raw = try JSONSerialization.jsonObject(with: data) as? [String: Any]
        let files = (raw?["files"] as? [String: Any] ?? [:]).filter { $0.key.hasPrefix(family + "/") }
        let own = try JSONSerialization.data(withJSONObject: ["files": files])
        let expected = try JSONDecoder().decode(ExpectedFile.self, from: own).files
        let manifest = try String(contentsOf: folder.appendingPathComponent("MANIFEST.tsv"), encoding: .utf8)
        cases = manifest.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard fields.count >= 3, fields[0].hasPrefix(family + "/") else { return nil }
            return Case(
                name: fields[0], outcome: fields[1], reason: fields[2], expected: expected[fields[0]],
                path: folder.path + "/" + fields[0])
        }
    }

    /// The subset that travels with the tests.
    static func fixtures(_ family: String) throws -> MalformedCorpus {
        guard let root = Bundle.module.resourceURL else { throw CocoaError(.fileNoSuchFile) }
        return try MalformedCorpus(
            folder: root.appendingPathComponent("Fixtures/malformed"), family: family)
    }

    /// The full corpus, if it lies beside the checkout.
    static let fullFolder: URL? = {
        var folder = URL(fileURLWithPath: #filePath)
        // A checkout may itself lie some levels below the folder that holds the corpus.
        for _ in 0..<8 {
            folder.deleteLastPathComponent()
            let candidate = folder.appendingPathComponent("shared/malformed")
            if FileManager.default.fileExists(atPath: candidate.appendingPathComponent("MANIFEST.tsv").path) {
                return candidate
            }
        }
        return nil
    }()
}

/// Whether a message matches a reason of the manifest: an extended regular expression, in any case.
func matches(_ message: String, _ pattern: String) -> Bool {
    message.range(of: pattern, options: [.regularExpression, .caseInsensitive]) != nil
}

/// A private folder that is removed at the end of a test.
final class TemporaryFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("imaging-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appendingPathComponent(name).path }
}

/// Seconds of this thread on a processor: what a file costs, however busy the machine is with other tests.
enum ThreadTime {
    static func seconds(of body: () throws -> Void) rethrows -> Double {
        let start = now()
        try body()
        return now() - start
    }

    private static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
