/// The pseudomedian of differences: the median of the means of all pairs of values.
public struct HodgesLehmann: Equatable, Sendable {
    /// Median of the Walsh averages.
    public let estimate: Double
    /// Interval from the signed-rank test.
    public let interval: Interval
    /// Exact coverage for a continuous symmetric distribution; nil where the normal approximation gave the ranks.
    public let coverage: Double?

    /// Estimates centre and interval; zero differences stay in.
    ///
    /// Exact ranks for at most 50 values, else the normal approximation of the signed-rank statistic.
    ///
    /// - Throws: `.tooFew` when even the outermost Walsh averages do not reach the level.
    /// - Complexity: O(n) per step of a bisection over the 64 bits of a number; nothing of size n² is stored.
    /// - Source: Hodges and Lehmann 1963, doi:10.1214/aoms/1177704172; interval of Tukey as in Hollander and Wolfe 1999, section 3.3.
    public init(_ differences: PairedDifferences, level: Double = 0.95) throws(StatisticsError) {
        try checkLevel(level)
        let sorted = differences.sample.sorted
        let n = sorted.count
        let averages = n * (n + 1) / 2
        let tail = (1 - level) / 2
        // The k-th smallest Walsh average bounds the centre from below with confidence P(V < k).
        var rank: Int
        if n <= 50 {
            let counts = signedRankCounts(n)
            let all = exactSum(counts)
            var cumulative = 0.0
            var quantile = 0
            while quantile < counts.count, (cumulative + counts[quantile]) / all < tail {
                cumulative += counts[quantile]
                quantile += 1
            }
            guard quantile > 0 else {
                throw .tooFew("values for this level", minimum: HodgesLehmann.fewest(tail), found: n)
            }
            rank = quantile
            coverage = 1 - 2 * cumulative / all
        } else {
            let count = Double(n)
            let spread = (count * (count + 1) * (2 * count + 1) / 24).squareRoot()
            rank = Int((Double(averages) / 2 - Normal.quantile(upper: tail) * spread).rounded(.down))
            coverage = nil
        }
        rank = max(1, rank)
        let half = averages / 2
        let middle = walshSum(half + 1, sorted)
        estimate = averages % 2 == 1 ? middle / 2 : (middle + walshSum(half, sorted)) / 4
        interval = Interval(
            lower: walshSum(rank, sorted) / 2, upper: walshSum(averages + 1 - rank, sorted) / 2, level: level)
    }

    /// Fewest values whose outermost Walsh averages reach a tail.
    private static func fewest(_ tail: Double) -> Int {
        var n = 1
        var smallest = 0.5
        while smallest >= tail {
            n += 1
            smallest /= 2
        }
        return n
    }
}

/// The k-th smallest of the sums x_i + x_j with i ≤ j, k from 1.
private func walshSum(_ k: Int, _ sorted: [Double]) -> Double {
    func countAtMost(_ limit: Double) -> Int {
        var count = 0
        var high = sorted.count - 1
        for low in sorted.indices {
            while high >= low, sorted[low] + sorted[high] > limit { high -= 1 }
            if high < low { break }
            count += high - low + 1
        }
        return count
    }
    var low = ordered(sorted[0] + sorted[0])
    var high = ordered(sorted[sorted.count - 1] + sorted[sorted.count - 1])
    while low < high {
        let middle = low + (high - low) / 2
        if countAtMost(unordered(middle)) >= k { high = middle } else { low = middle + 1 }
    }
    return unordered(low)
}

/// Whole numbers in the order of the numbers whose bits they hold.
private func ordered(_ x: Double) -> UInt64 {
    let bits = (x == 0 ? 0 : x).bitPattern
    return bits >> 63 == 0 ? bits | 1 << 63 : ~bits
}

private func unordered(_ key: UInt64) -> Double {
    Double(bitPattern: key >> 63 == 1 ? key & ~(1 << 63) : ~key)
}
