import Cohort
import Foundation
import Testing

/// Manifests of the malformed corpus, each with the outcome that it must have.
@Suite struct MalformedManifestTests {
    struct Row: Sendable, CustomStringConvertible {
        var name: String
        var outcome: String
        var reason: String
        var description: String { name }
    }

    static let folder = Bundle.module.resourceURL?.appendingPathComponent("Fixtures/malformed")

    static let rows: [Row] = {
        guard let folder,
            let text = try? String(contentsOf: folder.appendingPathComponent("MANIFEST.tsv"), encoding: .utf8)
        else { return [] }
        return text.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: "\t").map(String.init)
            guard fields.count >= 3, !fields[0].contains("512kB"), !fields[0].contains("10k_rows") else { return nil }
            return Row(name: fields[0], outcome: fields[1], reason: fields[2])
        }
    }()

    /// What a check says: the words of a refusal, or of all findings.
    private func outcome(_ path: String) -> (isRefused: Bool, words: String) {
        do {
            let cohort = try Cohort.load(directory: path, requiringFiles: false)
            let report = CohortCheck.check(cohort, trainingSubjects: ["TRAIN-001"])
            let words = report.findings.map { "\($0.column?.rawValue ?? ""): \($0.message)" }.joined(separator: "\n")
            return (report.count(.error) > 0, words)
        } catch {
            return (true, "\(error)")
        }
    }

    @Test(arguments: rows) func everyManifestHasItsOutcome(_ row: Row) throws {
        let folder = try #require(Self.folder)
        let (isRefused, words) = outcome(folder.path + "/" + row.name)
        switch row.outcome {
        case "reject":
            #expect(isRefused, "\(words)")
            let pattern = try Regex(row.reason).ignoresCase()
            #expect(words.contains(pattern), "\(words)")
        case "flag": #expect(isRefused || !words.isEmpty)
        default: #expect(!isRefused, "\(words)")
        }
        for seeded in ["SEEDEDPHI", "ZEBEDEE", "1961"] { #expect(!words.contains(seeded)) }
        #expect(!words.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
    }

    @Test func theCorpusIsThere() { #expect(Self.rows.count >= 55) }

    @Test func aHugeFieldIsRefusedAndTenThousandRowsAreRead() throws {
        let header = "subject,site,modality,truth,generated\n"
        let huge = header + String(repeating: "S", count: 512_000) + ",A,MR,t.nii,g.nii\n"
        #expect(throws: CohortError.self) { try Manifest(parsing: Array(huge.utf8), file: "huge.csv") }
        let rows = (0..<10_000).map { "S\($0),A,MR,t\($0).nii,g\($0).nii\n" }.joined()
        #expect(try Manifest(parsing: Array((header + rows).utf8), file: "rows.csv").cases.count == 10_000)
    }
}
