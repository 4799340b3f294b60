import Glibc

/// e^x.
func exponential(_ x: Double) -> Double { exp(x) }

/// Wilcoxon's signed-rank test; zero differences are dropped.
public struct SignedRankTest: Equatable, Sendable {
    /// Differences that are not zero.
    public let count: Int
    /// Sum of the ranks of positive differences (R's V).
    public let positiveRankSum: Double
    /// Two-sided p-value.
    public let p: Double
    /// One-sided p-value against a shift to larger values.
    public let pGreater: Double
    /// Whether the exact distribution was used.
    public let isExact: Bool
    /// Whether magnitudes were tied.
    public let hasTies: Bool
    /// (positive − negative rank sum) / total, in [−1, 1].
    public let rankBiserial: Double

    /// Tests a centre of symmetry.
    ///
    /// - Parameters:
    ///   - differences: Paired differences.
    ///   - shift: Centre that is tested; −margin for non-inferiority.
    /// - Returns: Exact for at most 50 untied differences, else normal with tie and continuity correction.
    /// - Throws: `.noVariation` if every difference equals the shift.
    /// - Source: Wilcoxon 1945, doi:10.2307/3001968; tie correction of Hollander and Wolfe 1999, section 3.1.
    public init(_ differences: PairedDifferences, shift: Double = 0) throws(StatisticsError) {
        let shifted = shift == 0 ? differences : try PairedDifferences(differences.values.map { $0 - shift })
        let moved = shifted.values.filter { $0 != 0 }
        guard !moved.isEmpty else { throw .noVariation }
        let ranks = midranks(moved.map(\.magnitude))
        let n = Double(moved.count)
        let positive = exactSum(zip(moved, ranks.values).filter { $0.0 > 0 }, \.1)
        count = moved.count
        positiveRankSum = positive
        hasTies = ranks.tieTerm > 0
        isExact = moved.count <= 50 && ranks.tieTerm == 0
        let total = n * (n + 1) / 2
        rankBiserial = (2 * positive - total) / total
        if isExact {
            let counts = signedRankCounts(moved.count)
            let all = exactSum(counts)
            let rank = Int(positive)
            let atMost = exactSum(counts[...rank]) / all
            let atLeast = exactSum(counts[rank...]) / all
            p = min(1, 2 * min(atMost, atLeast))
            pGreater = atLeast
        } else {
            let spread = (n * (n + 1) * (2 * n + 1) / 24 - ranks.tieTerm / 48).squareRoot()
            let distance = positive - total / 2
            let corrected = distance == 0 ? 0 : distance - (distance > 0 ? 0.5 : -0.5)
            p = min(1, 2 * Normal.probability(above: abs(corrected) / spread))
            pGreater = Normal.probability(above: (distance - 0.5) / spread)
        }
    }
}

/// The sign test: how often the difference is positive among those that are not zero.
public struct SignTest: Equatable, Sendable {
    /// Differences that are not zero.
    public let count: Int
    /// Positive differences.
    public let positive: Int
    /// Exact two-sided p-value.
    public let p: Double

    /// Tests a median difference of zero.
    ///
    /// - Throws: `.noVariation` if every difference is zero.
    /// - Source: Conover 1999, section 3.4.
    public init(_ differences: PairedDifferences) throws(StatisticsError) {
        count = differences.values.count { $0 != 0 }
        positive = differences.values.count { $0 > 0 }
        guard count > 0 else { throw .noVariation }
        let fewer = min(positive, count - positive)
        p = min(1, 2 * Binomial(trials: count, probability: 0.5).probability(atMost: fewer))
    }
}

/// The exact permutation test over all signs of the differences.
public struct SignFlipTest: Equatable, Sendable {
    /// Two-sided p-value of the mean.
    public let p: Double
    /// One-sided p-value against a larger mean.
    public let pGreater: Double

    /// Most pairs for which all signs are tried.
    public static let maximumPairs = 20

    /// Tests symmetry around zero.
    ///
    /// - Throws: `.invalidParameter` for more than `maximumPairs` pairs.
    /// - Source: Fisher 1935, section 21. Sums within 1e-12 of the observed one, relative, count as equal.
    public init(_ differences: PairedDifferences) throws(StatisticsError) {
        let values = differences.values
        guard values.count <= SignFlipTest.maximumPairs else {
            throw .invalidParameter(
                "\(values.count) pairs; the exact sign-flip test takes at most \(SignFlipTest.maximumPairs)")
        }
        let observed = exactSum(values)
        let tolerance = 1e-12 * exactSum(values, \.magnitude)
        var sums = [0.0]
        for value in values { sums = sums.map { $0 + value } + sums.map { $0 - value } }
        let all = Double(sums.count)
        p = Double(sums.count { abs($0) >= abs(observed) - tolerance }) / all
        pGreater = Double(sums.count { $0 >= observed - tolerance }) / all
    }
}

/// Ranks from 1 with ties sharing their mean rank, and Σ(t³ − t) over groups of t ties.
func midranks(_ values: [Double]) -> (values: [Double], tieTerm: Double) {
    let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
    var ranks = [Double](repeating: 0, count: values.count)
    var tieTerm = 0.0
    var start = 0
    while start < order.count {
        var end = start + 1
        while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
        for position in start..<end { ranks[order[position]] = Double(start + end + 1) / 2 }
        let size = Double(end - start)
        tieTerm += size * size * size - size
        start = end
    }
    return (ranks, tieTerm)
}

/// In how many of 2^n sign patterns the ranks of positive signs sum to each value; exact for n ≤ 50.
func signedRankCounts(_ n: Int) -> [Double] {
    var counts = [Double](repeating: 0, count: n * (n + 1) / 2 + 1)
    counts[0] = 1
    var top = 0
    for rank in 1...max(1, n) where rank <= n {
        top += rank
        for sum in stride(from: top, through: rank, by: -1) { counts[sum] += counts[sum - rank] }
    }
    return counts
}
