import Glibc

/// A table of cases whose files lie anywhere: the columns of a manifest, with paths relative to the table or absolute.
struct SourceTable {
    /// One case with the files it comes from.
    struct Entry {
        /// The case as it will stand in the manifest.
        var item: CohortCase
        /// Where each file lies now.
        var origins: [ManifestColumn: String]
    }

    let entries: [Entry]

    /// Reads a table; everything but the paths follows the rules of a manifest.
    ///
    /// - Throws: `CohortError` with line and column.
    init(path: String) throws(CohortError) {
        let bytes = try FileBytes.read(path: path, maximumBytes: DelimitedText.maximumBytes)
        let comma = path.lowercased().hasSuffix(".csv")
        var table = try DelimitedText(bytes, delimiter: UInt8(ascii: comma ? "," : "\t"), file: path)
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
        var origins: [[ManifestColumn: String]] = []
        for row in table.rows.indices {
            var files: [ManifestColumn: String] = [:]
            for (position, name) in table.header.enumerated() {
                guard let column = ManifestColumn(rawValue: name), column.isPath else { continue }
                let cell = table.rows[row].cells[position]
                guard !cell.isEmpty, cell != "n/a" else { continue }
                guard !cell.utf8.contains(0) else {
                    throw .malformed(
                        file: path, line: table.rows[row].line, column: name, reason: "the path holds a NUL character")
                }
                files[column] = cell.hasPrefix("/") ? cell : folder + cell
                // Files are named by row and column: nothing of the old name, which may name a patient, stays.
                let isTable = name.hasSuffix("landmarks")
                table.rows[row].cells[position] = "images/\(row + 1)/\(name).\(isTable ? "csv" : "nii.gz")"
            }
            origins.append(files)
        }
        let manifest = try Manifest(table: table, file: path)
        entries = zip(manifest.cases, origins).map { Entry(item: $0, origins: $1) }
    }
}
