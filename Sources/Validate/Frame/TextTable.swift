/// Columns of text for a person.
struct TextTable {
    private var rows: [[String]]
    private let rightAligned: Set<Int>

    /// Starts with a header.
    ///
    /// - Parameters:
    ///   - header: Names of the columns.
    ///   - rightAligned: Columns of numbers.
    init(_ header: [String], rightAligned: Set<Int> = []) {
        rows = [header]
        self.rightAligned = rightAligned
    }

    /// Adds a row, as long as the header.
    mutating func add(_ row: [String]) { rows.append(row) }

    /// The table, columns two spaces apart.
    var text: String {
        let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = row.enumerated().map { column, cell in
                let gap = String(repeating: " ", count: widths[column] - cell.count)
                return rightAligned.contains(column) ? gap + cell : cell + gap
            }
            var line = cells.joined(separator: "  ")
            while line.hasSuffix(" ") { line.removeLast() }
            return line
        }.joined(separator: "\n")
    }
}
