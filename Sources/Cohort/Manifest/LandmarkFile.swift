public import Metrics

/// Reads landmark files: CSV with the columns `id`, `R`, `A`, `S` (world millimetres), and optionally `phase` and `observer`.
public enum LandmarkFile {
    /// Reads the landmarks of a file.
    ///
    /// - Throws: `CohortError` with line and column.
    public static func read(path: String) throws(CohortError) -> [Landmark] {
        try parse(FileBytes.read(path: path, maximumBytes: DelimitedText.maximumBytes), file: path)
    }

    /// Reads landmarks from the bytes of a file; a `.tsv` is separated by tabs.
    public static func parse(_ bytes: [UInt8], file: String) throws(CohortError) -> [Landmark] {
        let isTabbed = file.lowercased().hasSuffix(".tsv")
        let table = try DelimitedText(bytes, delimiter: UInt8(ascii: isTabbed ? "\t" : ","), file: file)
        let names = table.header.map { $0.lowercased() }
        var positions: [Int] = []
        for name in ["id", "r", "a", "s"] {
            guard let position = names.firstIndex(of: name) else {
                throw .malformed(
                    file: file, line: 1, column: name == "id" ? name : name.uppercased(),
                    reason: "a required column is missing from the header")
            }
            positions.append(position)
        }
        let phase = names.firstIndex(of: "phase")
        let observer = names.firstIndex(of: "observer")

        var landmarks: [Landmark] = []
        for row in table.rows {
            let name = row.cells[positions[0]]
            for (column, position) in [("id", positions[0]), ("phase", phase), ("observer", observer)] {
                guard let position, column == "id" || !row.cells[position].isEmpty else { continue }
                if let problem = SafeText.identifierProblem(row.cells[position]) {
                    throw .malformed(file: file, line: row.line, column: column, reason: problem)
                }
            }
            var world = SIMD3<Double>.zero
            for axis in 0..<3 {
                guard let value = StrictNumber.double(row.cells[positions[axis + 1]]), abs(value) <= 1e5 else {
                    throw .malformed(
                        file: file, line: row.line, column: ["R", "A", "S"][axis],
                        reason: "the value is not a position in mm")
                }
                world[axis] = value
            }
            func optional(_ position: Int?) -> String? {
                position.flatMap { row.cells[$0].isEmpty ? nil : row.cells[$0] }
            }
            landmarks.append(
                Landmark(name: name, positionMM: world, phase: optional(phase), observer: optional(observer)))
        }
        return landmarks
    }
}
