import Metrics

/// The table of cases of a cohort, read from TSV or CSV.
///
/// Columns: `subject`, `site`, `truth`, `truth_modality` (or `modality`) are required; `case` is the subject where it is absent;
/// `source` and `source_modality` are required in every row that lists no `generated` volume. Further columns are covariates.
public struct Manifest: Sendable, Equatable {
    /// The cases in the order of the file.
    public var cases: [CohortCase]
    /// Names of the covariate columns in the order of the file.
    public var covariateColumns: [String]

    /// Makes a manifest from cases; the covariate columns are those that the cases have, sorted.
    public init(cases: [CohortCase]) {
        self.cases = cases
        covariateColumns = Set(cases.flatMap(\.covariates.keys)).sorted()
    }

    /// Reads a manifest from the bytes of a file; nothing is looked up on disk.
    ///
    /// - Parameters:
    ///   - bytes: The whole file.
    ///   - file: Its name: `.csv` means commas, all else tabs; also for messages.
    /// - Throws: `CohortError.malformed` with line, column and cause.
    public init(parsing bytes: [UInt8], file: String) throws(CohortError) {
        let comma = file.lowercased().hasSuffix(".csv")
        try self.init(
            table: DelimitedText(bytes, delimiter: UInt8(ascii: comma ? "," : "\t"), file: file), file: file)
    }

    /// Reads a manifest from a table whose cells are already apart.
    init(table: DelimitedText, file: String) throws(CohortError) {
        let columns = try ManifestColumns(header: table.header, file: file)
        guard !table.rows.isEmpty else {
            throw .malformed(file: file, line: nil, column: nil, reason: "the manifest lists no case: no row")
        }
        cases = []
        cases.reserveCapacity(table.rows.count)
        for row in table.rows { cases.append(try columns.makeCase(row, file: file)) }
        covariateColumns = columns.covariates.map(\.name)
        try Manifest.requireUniqueCases(cases, file: file)
    }

    /// Refuses identifiers that are equal or differ only in case, spaces or Unicode form.
    private static func requireUniqueCases(_ cases: [CohortCase], file: String) throws(CohortError) {
        var lines: [String: Int] = [:]
        for item in cases {
            if let first = lines.updateValue(item.line, forKey: SafeText.folded(item.id)) {
                throw .malformed(
                    file: file, line: item.line, column: ManifestColumn.id.rawValue,
                    reason: "duplicate case (of a subject): line \(first) has the same identifier, or one that differs "
                        + "only in lettercase, spaces or Unicode form")
            }
        }
        var spellings: [String: (spelling: String, line: Int)] = [:]
        for item in cases {
            let key = SafeText.folded(item.subject)
            if let other = spellings[key], !other.spelling.utf8.elementsEqual(item.subject.utf8) {
                throw .malformed(
                    file: file, line: item.line, column: ManifestColumn.subject.rawValue,
                    reason: "the subject of line \(other.line) is spelt differently: lettercase, spaces or Unicode form"
                )
            }
            spellings[key] = (item.subject, item.line)
        }
    }
}

/// Where each column of a header is.
private struct ManifestColumns {
    var positions: [ManifestColumn: Int] = [:]
    var covariates: [(name: String, position: Int)] = []

    init(header: [String], file: String) throws(CohortError) {
        for (position, name) in header.enumerated() {
            if let column = ManifestColumn(rawValue: name) {
                positions[column] = position
            } else if name == "modality", !header.contains(ManifestColumn.truthModality.rawValue) {
                positions[.truthModality] = position
            } else if let meant = ManifestColumns.nearMiss(name) {
                throw .malformed(
                    file: file, line: 1, column: name,
                    reason: "unknown column: is '\(meant.rawValue)' meant? Rename it if it is a covariate")
            } else {
                covariates.append((name, position))
            }
        }
        for column in [ManifestColumn.subject, .site, .truth, .truthModality] where positions[column] == nil {
            throw .malformed(
                file: file, line: 1, column: column.rawValue,
                reason: "a required column is missing from the header; is the delimiter right?")
        }
        if positions[.source] == nil, positions[.generated] == nil {
            throw .malformed(
                file: file, line: 1, column: ManifestColumn.source.rawValue,
                reason: "the column is missing from the header, and so is 'generated': there is nothing to evaluate")
        }
    }

    /// The known column that an unknown one is a misspelling of: at most two edits apart.
    private static func nearMiss(_ name: String) -> ManifestColumn? {
        let lowered = Array(name.lowercased().utf8)
        for column in ManifestColumn.allCases {
            let known = Array(column.rawValue.utf8)
            if lowered == known || (known.count >= 5 && editDistance(lowered, known) <= 2) { return column }
        }
        return nil
    }

    private static func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var row = Array(0...b.count)
        for i in a.indices {
            var diagonal = row[0]
            row[0] = i + 1
            for j in b.indices {
                let cost = diagonal + (a[i] == b[j] ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(cost, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[b.count]
    }

    func makeCase(_ row: DelimitedText.Row, file: String) throws(CohortError) -> CohortCase {
        let cells = RowCells(row: row, file: file, positions: positions)
        let subject = try cells.identifier(.subject)
        let id = positions[.id] == nil ? subject : try cells.identifier(.id)
        let truthSeries = try cells.series(.truthModality)
        guard let truthSeries, let truthPath = try cells.path(.truth) else {
            throw cells.fail(
                truthSeries == nil ? .truthModality : .truth,
                truthSeries == nil ? "the modality is missing" : "the path is empty: every case needs a truth")
        }
        var source: ImageReference?
        if let path = try cells.path(.source) {
            guard let series = try cells.series(.sourceModality) else {
                throw cells.fail(.sourceModality, "the modality of the source is missing")
            }
            source = ImageReference(path: path, series: series)
        }
        var item = CohortCase(
            id: id, subject: subject, site: try cells.identifier(.site), source: source,
            truth: ImageReference(path: truthPath, series: truthSeries), generated: try cells.path(.generated),
            line: row.line)
        guard item.source != nil || item.generated != nil else {
            throw cells.fail(.source, "the path is empty, and the row has no 'generated' volume either")
        }
        try fillOptional(&item, cells)
        for (name, position) in covariates {
            let text = row.cells[position]
            if let problem = SafeText.freeTextProblem(text) {
                throw .malformed(file: file, line: row.line, column: name, reason: problem)
            }
            if !text.isEmpty { item.covariates[name] = text }
        }
        return item
    }

    private func fillOptional(_ item: inout CohortCase, _ cells: RowCells) throws(CohortError) {
        item.body = try cells.path(.body)
        item.liver = try cells.path(.liver)
        item.vessels = try cells.path(.vessels)
        item.lesions = try cells.path(.lesions)
        item.generatedVessels = try cells.path(.generatedVessels)
        item.generatedLesions = try cells.path(.generatedLesions)
        item.landmarks = try cells.path(.landmarks)
        item.truthClean = try cells.path(.truthClean)
        item.sourceLandmarks = try cells.path(.sourceLandmarks)
        item.generatedLandmarks = try cells.path(.generatedLandmarks)
        item.displacement = try cells.path(.displacement)
        if let name = cells.text(.displacementFrame) {
            guard let frame = DisplacementFrame(rawValue: name) else {
                throw cells.fail(.displacementFrame, "the frame has to be ras, lps or voxel")
            }
            item.displacementFrame = frame
        }
        if item.displacement != nil, item.displacementFrame == nil {
            throw cells.fail(
                .displacementFrame, "a displacement needs its frame (ras, lps or voxel); it is never guessed")
        }
        item.sourcePhase = try cells.number(.sourcePhase, in: 0..<1)
        item.truthPhase = try cells.number(.truthPhase, in: 0..<1)
        item.respiratoryAmplitudeMM = try cells.number(.respiratoryAmplitude, in: 0..<200)
        item.registrationErrorMM = try cells.number(.registrationError, in: 0..<1000)
        if let method = cells.text(.registrationMethod) {
            if let problem = SafeText.freeTextProblem(method) { throw cells.fail(.registrationMethod, problem) }
            item.registrationMethod = method
        }
    }
}

/// Typed access to the cells of one row.
private struct RowCells {
    let row: DelimitedText.Row
    let file: String
    let positions: [ManifestColumn: Int]

    func fail(_ column: ManifestColumn, _ reason: String) -> CohortError {
        .malformed(file: file, line: row.line, column: column.rawValue, reason: reason)
    }

    /// The text of a cell, nil where it is empty or `n/a` (the missing value of BIDS).
    func text(_ column: ManifestColumn) -> String? {
        guard let position = positions[column] else { return nil }
        let text = row.cells[position]
        return text.isEmpty || text == "n/a" ? nil : text
    }

    func identifier(_ column: ManifestColumn) throws(CohortError) -> String {
        let text = positions[column].map { row.cells[$0] } ?? ""
        if let problem = SafeText.identifierProblem(text) { throw fail(column, "\(column.rawValue): \(problem)") }
        return text
    }

    func path(_ column: ManifestColumn) throws(CohortError) -> String? {
        guard let text = text(column) else { return nil }
        if let problem = CohortPath.problem(text) { throw fail(column, problem) }
        return text
    }

    func series(_ column: ManifestColumn) throws(CohortError) -> ImageSeries? {
        guard let text = text(column) else { return nil }
        guard let series = ImageSeries(text) else {
            throw fail(column, "the modality has to be CT, MR, or MR- with the name of a series, such as MR-T1")
        }
        return series
    }

    func number(_ column: ManifestColumn, in range: Range<Double>) throws(CohortError) -> Double? {
        guard let text = text(column) else { return nil }
        guard let value = StrictNumber.double(text) else {
            throw fail(column, "the value is not a number (digits, '.' and an exponent)")
        }
        guard range.contains(value) else {
            throw fail(column, "the value has to lie in [\(range.lowerBound), \(range.upperBound))")
        }
        return value
    }
}
