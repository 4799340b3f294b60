/// Counts of a table's cells as the public may see them.
///
/// A count from 1 to k − 1 could point to a person and is not shown, nor is anything that it could be computed from: where the total and the other
/// cells give a small count away, further cells are withheld until every value from 1 to k − 1 stays possible. Zero may be shown.
///
/// - Source: cell suppression policy of the CMS (11 as the smallest shown count) with complementary suppression.
public enum CellSuppression {
    /// Smallest count that is shown, by default.
    public static let defaultThreshold = 11

    /// One count.
    public enum Cell: Sendable, Equatable {
        /// Shown as it is.
        case shown(Int)
        /// From 1 to k − 1: shown as `<k`.
        case small
        /// Withheld, because a small count could be computed from it.
        case withheld
    }

    /// The cells of a partition whose total is shown too.
    ///
    /// - Parameters:
    ///   - counts: Counts of the cells, none negative.
    ///   - threshold: k.
    /// - Returns: One cell per count, in their order.
    public static func cells(_ counts: [Int], threshold: Int = defaultThreshold) -> [Cell] {
        let total = counts.reduce(0, +)
        // A total below k says as much as its cells.
        if total > 0, total < threshold { return counts.map { $0 == 0 ? .withheld : .small } }
        var cells = counts.map { count -> Cell in (1..<threshold).contains(count) ? .small : .shown(count) }
        while givesAway(cells, total: total, threshold: threshold) {
            // The smallest shown count tells the reader least when it goes; zeros go last.
            let candidates = cells.indices.filter { if case .shown = cells[$0] { true } else { false } }
            guard let next = candidates.min(by: { rank(counts[$0], $0) < rank(counts[$1], $1) }) else { break }
            cells[next] = .withheld
        }
        return cells
    }

    private static func rank(_ count: Int, _ index: Int) -> (Int, Int) { (count == 0 ? .max : count, index) }

    /// Whether total and shown cells narrow any small count down.
    private static func givesAway(_ cells: [Cell], total: Int, threshold: Int) -> Bool {
        var rest = total
        var small = 0
        var withheld = 0
        for cell in cells {
            switch cell {
            case .shown(let count): rest -= count
            case .small: small += 1
            case .withheld: withheld += 1
            }
        }
        guard small > 0 else { return false }
        // A small cell is 1…k−1 and a withheld one at least k, as a reader of this rule knows: what the others may be bounds this one.
        let others = small - 1
        let highest = rest - others - withheld * threshold
        let lowest = withheld > 0 ? 0 : rest - others * (threshold - 1)
        return highest < threshold - 1 || lowest > 1
    }

    /// The count in words: `23`, `<11` or `withheld`.
    public static func text(_ cell: Cell, threshold: Int = defaultThreshold) -> String {
        switch cell {
        case .shown(let count): String(count)
        case .small: "<\(threshold)"
        case .withheld: "withheld"
        }
    }

    /// Lines of an analysis for the public: estimates of groups whose count is not shown are taken out.
    ///
    /// Sites and the levels of each covariate are partitions of the same cases. Lines on the whole study stay.
    ///
    /// - Parameters:
    ///   - analyses: Lines of one run.
    ///   - threshold: k.
    public static func publicView(
        of analyses: [AnalysisRecord], threshold: Int = defaultThreshold
    ) -> [(line: AnalysisRecord, count: Cell)] {
        var cellOf: [Int: Cell] = [:]
        let grouped = analyses.indices.filter { analyses[$0].kind == .site || analyses[$0].kind == .subgroup }
        let partitions = Dictionary(grouping: grouped) { index -> [String] in
            let line = analyses[index]
            let covariate = line.kind == .site ? "site" : String(line.group.prefix { $0 != "=" })
            return [line.endpointOID, line.set.rawValue, line.kind.rawValue, covariate, line.method]
        }
        for indices in partitions.values {
            let cells = cells(indices.map { analyses[$0].evaluated }, threshold: threshold)
            for (index, cell) in zip(indices, cells) { cellOf[index] = cell }
        }
        return analyses.indices.map { index in
            var line = analyses[index]
            let cell = cellOf[index] ?? .shown(line.evaluated)
            if case .shown = cell { return (line, cell) }
            (line.planned, line.evaluated, line.missing) = (0, 0, 0)
            (line.estimate, line.lower, line.upper, line.p) = (nil, nil, nil, nil)
            line.parameters = []
            line.note = "counts below \(threshold) and what they could be computed from are not shown"
            return (line, cell)
        }
    }
}
