/// Corrections of p-values for the number of tests.
public enum Multiplicity {
    /// Holm's step-down: strong control of the family-wise error rate without assumptions.
    ///
    /// - Parameter p: p-values in [0, 1].
    /// - Returns: Adjusted p-values in the same order.
    /// - Source: Holm 1979, doi:10.2307/4615733.
    public static func holm(_ p: [Double]) throws(StatisticsError) -> [Double] {
        let order = try ascending(p)
        var adjusted = p
        var largest = 0.0
        for (position, index) in order.enumerated() {
            largest = max(largest, min(1, Double(p.count - position) * p[index]))
            adjusted[index] = largest
        }
        return adjusted
    }

    /// Hochberg's step-up: more powerful, for independent or positively dependent tests.
    ///
    /// - Source: Hochberg 1988, doi:10.1093/biomet/75.4.800.
    public static func hochberg(_ p: [Double]) throws(StatisticsError) -> [Double] {
        try stepUp(p) { rank in Double(p.count - rank + 1) }
    }

    /// Benjamini-Hochberg: control of the false discovery rate.
    ///
    /// - Source: Benjamini and Hochberg 1995, doi:10.1111/j.2517-6161.1995.tb02031.x.
    public static func benjaminiHochberg(_ p: [Double]) throws(StatisticsError) -> [Double] {
        try stepUp(p) { rank in Double(p.count) / Double(rank) }
    }

    private static func stepUp(_ p: [Double], factor: (Int) -> Double) throws(StatisticsError) -> [Double] {
        let order = try ascending(p)
        var adjusted = p
        var smallest = 1.0
        for (position, index) in order.enumerated().reversed() {
            smallest = min(smallest, factor(position + 1) * p[index])
            adjusted[index] = smallest
        }
        return adjusted
    }

    private static func ascending(_ p: [Double]) throws(StatisticsError) -> [Int] {
        if let bad = p.first(where: { !($0 >= 0 && $0 <= 1) }) {
            throw .invalidParameter("a p-value lies between 0 and 1, not \(bad)")
        }
        return p.indices.sorted { (p[$0], $0) < (p[$1], $1) }
    }
}
