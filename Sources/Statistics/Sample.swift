/// One finite number per case, sorted once.
///
/// Every result is the same for any order of the values, to the last bit.
public struct Sample: Equatable, Sendable {
    /// The values in ascending order.
    public let sorted: [Double]

    /// Takes at least one finite value.
    ///
    /// - Throws: `.tooFew` for none, `.notFinite` with the index of the first bad one.
    public init(_ values: [Double]) throws(StatisticsError) {
        guard !values.isEmpty else { throw .tooFew("values", minimum: 1, found: 0) }
        if let index = values.firstIndex(where: { !$0.isFinite }) { throw .notFinite(index: index) }
        sorted = values.sorted()
    }

    /// Number of values.
    public var count: Int { sorted.count }
    /// Smallest value.
    public var minimum: Double { sorted[0] }
    /// Largest value.
    public var maximum: Double { sorted[sorted.count - 1] }
    /// Whether all values are equal.
    public var isConstant: Bool { minimum == maximum }

    /// Arithmetic mean.
    public var mean: Double { isConstant ? minimum : exactSum(sorted) / Double(count) }

    /// Sample standard deviation (n − 1); two values at least.
    public var standardDeviation: Double {
        get throws(StatisticsError) {
            guard count > 1 else { throw .tooFew("values", minimum: 2, found: count) }
            guard !isConstant else { return 0 }
            let mean = mean
            return (exactSum(sorted) { ($0 - mean) * ($0 - mean) } / Double(count - 1)).squareRoot()
        }
    }

    /// Standard error of the mean; two values at least.
    public var standardError: Double {
        get throws(StatisticsError) { try standardDeviation / Double(count).squareRoot() }
    }

    /// Quantile by linear interpolation between the order statistics around rank `p · (n − 1)`.
    ///
    /// - Parameter p: Fraction in [0, 1].
    /// - Source: type 7 of Hyndman and Fan 1996, doi:10.1080/00031305.1996.10473566; default of R and numpy.
    public func quantile(_ p: Double) -> Double {
        precondition(p >= 0 && p <= 1)
        return type7(p, count: count) { sorted[$0] }
    }

    /// Middle value, or the mean of the two middle ones.
    public var median: Double { quantile(0.5) }
    /// First quartile (type 7).
    public var firstQuartile: Double { quantile(0.25) }
    /// Third quartile (type 7).
    public var thirdQuartile: Double { quantile(0.75) }
    /// Third minus first quartile.
    public var interquartileRange: Double { thirdQuartile - firstQuartile }

    /// Median of the absolute deviations from the median, unscaled.
    public var rawMedianAbsoluteDeviation: Double {
        let centre = median
        let deviations = sorted.map { abs($0 - centre) }.sorted()
        return type7(0.5, count: count) { deviations[$0] }
    }

    /// Median absolute deviation × 1.4826…, which estimates the standard deviation of a normal distribution.
    public var medianAbsoluteDeviation: Double { 1.482602218505602 * rawMedianAbsoluteDeviation }
}

/// Type 7 quantile of `count` ascending values.
@inline(__always)
func type7(_ p: Double, count: Int, _ value: (Int) -> Double) -> Double {
    let rank = p * Double(count - 1)
    let lower = Int(rank.rounded(.down))
    let upper = min(lower + 1, count - 1)
    let a = value(lower)
    let b = value(upper)
    let t = rank - Double(lower)
    // Exact at both ends, as numpy's interpolation.
    return t >= 0.5 ? b - (b - a) * (1 - t) : a + (b - a) * t
}
