/// Replicates of an estimate, and the intervals that they give.
public struct BootstrapDistribution: Equatable, Sendable {
    /// The estimate from the data themselves.
    public let estimate: Double
    /// Replicates in ascending order.
    public let replicates: [Double]
    /// Estimates without one unit each (case or cluster), by stratum.
    let jackknife: [[Double]]

    /// Takes replicates that were made elsewhere.
    ///
    /// - Parameters:
    ///   - estimate: From the data themselves.
    ///   - replicates: Estimates from resamples, in any order.
    ///   - jackknife: Estimates without one unit each, one list per stratum.
    public init(estimate: Double, replicates: [Double], jackknife: [[Double]]) throws(StatisticsError) {
        guard replicates.count > 1 else { throw .tooFew("replicates", minimum: 2, found: replicates.count) }
        if let index = replicates.firstIndex(where: { !$0.isFinite }) { throw .notFinite(index: index) }
        self.estimate = estimate
        self.replicates = replicates.sorted()
        self.jackknife = jackknife
    }

    /// Mean of the replicates.
    public var mean: Double { exactSum(replicates) / Double(replicates.count) }

    /// Standard deviation of the replicates: the bootstrap standard error.
    public var standardError: Double {
        let mean = mean
        return (exactSum(replicates) { ($0 - mean) * ($0 - mean) } / Double(replicates.count - 1)).squareRoot()
    }

    private func quantile(_ p: Double) -> Double { type7(p, count: replicates.count) { replicates[$0] } }

    /// The percentile interval: quantiles of the replicates (type 7).
    ///
    /// - Source: Efron and Tibshirani 1993, section 13.3.
    public func percentile(level: Double = 0.95) throws(StatisticsError) -> Interval {
        try checkLevel(level)
        let tail = (1 - level) / 2
        return Interval(lower: quantile(tail), upper: quantile(1 - tail), level: level)
    }

    /// The basic interval: the percentile interval mirrored at the estimate.
    ///
    /// - Source: Davison and Hinkley 1997, section 5.2.1.
    public func basic(level: Double = 0.95) throws(StatisticsError) -> Interval {
        let inner = try percentile(level: level)
        return Interval(lower: 2 * estimate - inner.upper, upper: 2 * estimate - inner.lower, level: level)
    }

    /// The bias-corrected and accelerated interval.
    ///
    /// Replicates within 1e-12 of the estimate, relative to its magnitude, count half: the order of a sum cannot move the interval.
    ///
    /// - Throws: `.noVariation` if all replicates are equal; `.estimateOutsideReplicates` if none lies on one side of the estimate.
    /// - Source: Efron 1987, doi:10.1080/01621459.1987.10478410; strata as in Davison and Hinkley 1997, section 5.3.
    public func bca(level: Double = 0.95) throws(StatisticsError) -> BCaInterval {
        try checkLevel(level)
        guard let first = replicates.first, first != replicates.last else { throw .noVariation }
        let tolerance = 1e-12 * max(abs(estimate), abs(first), abs(replicates[replicates.count - 1]))
        let below = replicates.count { $0 < estimate - tolerance }
        let equal = replicates.count { abs($0 - estimate) <= tolerance }
        let share = (Double(below) + 0.5 * Double(equal)) / Double(replicates.count)
        guard share > 0, share < 1 else { throw .estimateOutsideReplicates }
        let bias = Normal.quantile(share)
        let acceleration = acceleration
        let shifted = { (z: Double) -> Double in
            Normal.probability(below: bias + (bias + z) / (1 - acceleration * (bias + z)))
        }
        let z = Normal.quantile(upper: (1 - level) / 2)
        guard acceleration * (bias + z) < 1, acceleration * (bias - z) < 1 else { throw .estimateOutsideReplicates }
        let lower = shifted(-z)
        let upper = shifted(z)
        return BCaInterval(
            interval: Interval(lower: quantile(lower), upper: quantile(upper), level: level), below: below,
            equal: equal, bias: bias, acceleration: acceleration, lowerFraction: lower, upperFraction: upper)
    }

    /// Skewness of the influence of single units, from the jackknife; 0 where leaving one out changes nothing.
    private var acceleration: Double {
        var cubes: [Double] = []
        var squares: [Double] = []
        for stratum in jackknife where stratum.count > 1 {
            let mean = exactSum(stratum) / Double(stratum.count)
            let weight = Double(stratum.count - 1) / Double(stratum.count)
            for value in stratum {
                let influence = weight * (mean - value)
                squares.append(influence * influence)
                cubes.append(influence * influence * influence)
            }
        }
        let square = exactSum(squares)
        return square > 0 ? exactSum(cubes) / (6 * square * square.squareRoot()) : 0
    }
}

/// A BCa interval with the numbers behind it.
public struct BCaInterval: Equatable, Sendable {
    /// The interval.
    public let interval: Interval
    /// Replicates below the estimate.
    public let below: Int
    /// Replicates equal to it.
    public let equal: Int
    /// Bias correction z₀.
    public let bias: Double
    /// Acceleration a.
    public let acceleration: Double
    /// Fraction of the replicates below the lower end.
    public let lowerFraction: Double
    /// Fraction of the replicates below the upper end.
    public let upperFraction: Double
}
