import Foundation
import Imaging

/// Writes the manifest and the description of a cohort.
public enum ManifestWriter {
    /// The manifest as TSV: every known column that some case fills, then the covariates by name.
    ///
    /// - Throws: `CohortError.malformed` for a case that a reader would refuse, so that nothing is written that cannot be read.
    public static func text(_ cases: [CohortCase]) throws(CohortError) -> String {
        let always: Set<ManifestColumn> = [.subject, .id, .site, .source, .sourceModality, .truth, .truthModality]
        let columns = ManifestColumn.allCases.filter { column in
            always.contains(column) || cases.contains { $0[column] != nil }
        }
        let covariates = Manifest(cases: cases).covariateColumns
        var lines = [(columns.map(\.rawValue) + covariates).joined(separator: "\t")]
        for item in cases {
            let cells = columns.map { item[$0] ?? "" } + covariates.map { item.covariates[$0] ?? "" }
            lines.append(cells.map(quoted).joined(separator: "\t"))
        }
        let text = lines.joined(separator: "\n") + "\n"
        _ = try Manifest(parsing: Array(text.utf8), file: Cohort.manifestName)
        return text
    }

    private static func quoted(_ cell: String) -> String {
        let needsQuotes = cell.utf8.contains { $0 == 0x22 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
        return needsQuotes ? "\"" + cell.replacingOccurrences(of: "\"", with: "\"\"") + "\"" : cell
    }

    /// Writes `cohort.tsv` and `dataset_description.json` into a folder that exists, each atomically.
    public static func write(
        _ cases: [CohortCase], description: DatasetDescription, to directory: String
    ) throws(CohortError) {
        try write(Array(text(cases).utf8), to: directory + "/" + Cohort.manifestName)
        try write(description.json, to: directory + "/" + Cohort.descriptionName)
    }

    private static func write(_ bytes: [UInt8], to path: String) throws(CohortError) {
        do throws(ImagingError) {
            try AtomicFile.write(bytes, to: path)
        } catch {
            throw .cannotWrite(path: path, reason: error.description)
        }
    }
}
