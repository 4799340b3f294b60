/// A table from a TSV or CSV file, by a strict grammar with bounds.
///
/// UTF-8 (a byte order mark and CRLF are taken), RFC 4180 quotes, a header of unique names, every row as long as the header.
struct DelimitedText {
    /// A row and the line on which it begins.
    struct Row {
        var line: Int
        var cells: [String]
    }

    /// Column names.
    var header: [String]
    /// Rows below the header.
    var rows: [Row]

    static let maximumBytes = 16 << 20
    static let maximumRows = 100_000
    static let maximumColumns = 128
    static let maximumCellBytes = 4096

    /// Parses the bytes of a file.
    ///
    /// - Parameters:
    ///   - bytes: The whole file.
    ///   - delimiter: Tab or comma.
    ///   - file: Name for messages.
    init(_ bytes: [UInt8], delimiter: UInt8, file: String) throws(CohortError) {
        func fail(_ line: Int?, _ reason: String) -> CohortError {
            .malformed(file: file, line: line, column: nil, reason: reason)
        }
        guard bytes.count <= DelimitedText.maximumBytes else {
            throw fail(nil, "the file has \(bytes.count) bytes, the limit is \(DelimitedText.maximumBytes)")
        }
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            throw fail(nil, "the encoding is UTF-16, it has to be UTF-8")
        }
        let body = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...]
        guard !body.isEmpty else { throw fail(nil, "the file is empty: there is no header") }

        var scanner = CellScanner(bytes: body, delimiter: delimiter, file: file)
        guard let head = try scanner.nextRow() else { throw fail(nil, "the file is empty: there is no header") }
        header = head.cells
        try DelimitedText.checkHeader(header, delimiter: delimiter, file: file)
        rows = []
        while let row = try scanner.nextRow() {
            guard row.cells.count == header.count else {
                throw fail(
                    row.line,
                    "the row has \(row.cells.count) fields, the header has \(header.count) columns")
            }
            guard rows.count < DelimitedText.maximumRows else {
                throw fail(row.line, "more than \(DelimitedText.maximumRows) rows")
            }
            rows.append(row)
        }
    }

    private static func checkHeader(_ names: [String], delimiter: UInt8, file: String) throws(CohortError) {
        var seen: Set<String> = []
        for name in names {
            guard
                let first = name.utf8.first, (0x61...0x7A).contains(first | 0x20), name.utf8.count <= 64,
                name.utf8.allSatisfy({
                    (0x61...0x7A).contains($0 | 0x20) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "_")
                })
            else {
                let other = delimiter == UInt8(ascii: "\t") ? "a comma or semicolon" : "a tab or semicolon"
                throw .malformed(
                    file: file, line: 1, column: nil,
                    reason: "the header has a column name that is empty or holds other characters than letters, digits "
                        + "and _; is the delimiter \(other)?")
            }
            guard seen.insert(name).inserted else {
                throw .malformed(file: file, line: 1, column: name, reason: "the header has a duplicate column")
            }
        }
    }
}

/// Cuts a file into rows of cells.
private struct CellScanner {
    let bytes: ArraySlice<UInt8>
    let delimiter: UInt8
    let file: String
    var position: Int
    var line = 1

    init(bytes: ArraySlice<UInt8>, delimiter: UInt8, file: String) {
        self.bytes = bytes
        self.delimiter = delimiter
        self.file = file
        position = bytes.startIndex
    }

    private func fail(_ reason: String) -> CohortError {
        .malformed(file: file, line: line, column: nil, reason: reason)
    }

    /// The next row that is not blank, or nil at the end.
    mutating func nextRow() throws(CohortError) -> DelimitedText.Row? {
        while position < bytes.endIndex {
            let start = line
            var cells: [String] = []
            var isLast = false
            while !isLast {
                guard cells.count < DelimitedText.maximumColumns else {
                    throw fail("more than \(DelimitedText.maximumColumns) columns")
                }
                cells.append(try nextCell(endsRow: &isLast))
            }
            if cells != [""] { return DelimitedText.Row(line: start, cells: cells) }
        }
        return nil
    }

    private mutating func nextCell(endsRow: inout Bool) throws(CohortError) -> String {
        var content: [UInt8] = []
        if position < bytes.endIndex, bytes[position] == UInt8(ascii: "\"") {
            try readQuoted(into: &content)
        } else {
            while position < bytes.endIndex, bytes[position] != delimiter, !isLineEnd(at: position) {
                guard bytes[position] != UInt8(ascii: "\"") else {
                    throw fail("a quote inside a field that does not begin with one")
                }
                content.append(bytes[position])
                guard content.count <= DelimitedText.maximumCellBytes else {
                    throw fail("a field is too long: more than \(DelimitedText.maximumCellBytes) bytes")
                }
                position += 1
            }
        }
        if position == bytes.endIndex {
            endsRow = true
        } else if bytes[position] == delimiter {
            position += 1
        } else if isLineEnd(at: position) {
            position += bytes[position] == UInt8(ascii: "\r") ? 2 : 1
            line += 1
            endsRow = true
        } else {
            throw fail("text after a closing quote")
        }
        return try text(content)
    }

    private mutating func readQuoted(into content: inout [UInt8]) throws(CohortError) {
        let start = line
        position += 1
        while position < bytes.endIndex {
            let byte = bytes[position]
            position += 1
            if byte == UInt8(ascii: "\"") {
                guard position < bytes.endIndex, bytes[position] == UInt8(ascii: "\"") else { return }
                position += 1
            } else if byte == UInt8(ascii: "\n") {
                line += 1
            }
            content.append(byte)
            guard content.count <= DelimitedText.maximumCellBytes else {
                throw fail("a field is too long: more than \(DelimitedText.maximumCellBytes) bytes")
            }
        }
        line = start
        throw fail("a quote is opened and never closed (unterminated field)")
    }

    private func isLineEnd(at index: Int) -> Bool {
        if bytes[index] == UInt8(ascii: "\n") { return true }
        return bytes[index] == UInt8(ascii: "\r") && index + 1 < bytes.endIndex
            && bytes[index + 1] == UInt8(ascii: "\n")
    }

    private func text(_ content: [UInt8]) throws(CohortError) -> String {
        guard let text = String(validating: content, as: UTF8.self) else { throw fail("the encoding is not UTF-8") }
        guard !content.contains(0) else { throw fail("a NUL character") }
        return text
    }
}
