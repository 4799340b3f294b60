/// A seeded bootstrap: the same seed gives the same intervals on every machine.
public struct Bootstrap: Equatable, Sendable {
    /// Number of resamples, at least `minimumResamples`.
    public let resamples: Int
    /// Seed of the random numbers.
    public let seed: UInt64

    /// Fewest resamples for an interval that is reported.
    public static let minimumResamples = 9999

    /// Makes a bootstrap.
    ///
    /// - Throws: `.invalidParameter` for fewer than `minimumResamples` or more than ten million resamples.
    public init(resamples: Int = Bootstrap.minimumResamples, seed: UInt64) throws(StatisticsError) {
        guard (Bootstrap.minimumResamples...10_000_000).contains(resamples) else {
            throw .invalidParameter(
                "\(resamples) bootstrap resamples; \(Bootstrap.minimumResamples) to 10000000 are possible")
        }
        self.resamples = resamples
        self.seed = seed
    }

    /// Resamples cases.
    ///
    /// - Throws: `.tooFew` for fewer than two values; `.noVariation` if all values are equal.
    public func distribution(
        of statistic: BootstrapStatistic, in sample: Sample
    ) throws(StatisticsError) -> BootstrapDistribution {
        guard sample.count > 1 else { throw .tooFew("values", minimum: 2, found: sample.count) }
        guard !sample.isConstant else { throw .noVariation }
        try statistic.check()
        let count = sample.count
        var random = SplitMix64(seed: seed)
        var drawn = [Int](repeating: 0, count: count)
        var resample = [Double](repeating: 0, count: count)
        var replicates: [Double] = []
        replicates.reserveCapacity(resamples)
        for _ in 0..<resamples {
            if statistic == .mean {
                var sum = 0.0
                for _ in 0..<count { sum += sample.sorted[random.index(below: count)] }
                replicates.append(sum / Double(count))
                continue
            }
            // The values are sorted, so counting how often each was drawn gives the resample in order without sorting it.
            for _ in 0..<count { drawn[random.index(below: count)] += 1 }
            var position = 0
            for index in 0..<count where drawn[index] > 0 {
                for _ in 0..<drawn[index] {
                    resample[position] = sample.sorted[index]
                    position += 1
                }
                drawn[index] = 0
            }
            replicates.append(statistic.value(ofSorted: resample))
        }
        return try BootstrapDistribution(
            estimate: statistic.value(ofSorted: sample.sorted), replicates: replicates,
            jackknife: [statistic.jackknife(ofSorted: sample.sorted)])
    }
}

/// What is estimated from a resample.
public enum BootstrapStatistic: Equatable, Sendable {
    /// Arithmetic mean.
    case mean
    /// Median.
    case median
    /// Sample standard deviation.
    case standardDeviation
    /// Type 7 quantile of this fraction.
    case quantile(Double)

    func check() throws(StatisticsError) {
        if case .quantile(let p) = self, !(p >= 0 && p <= 1) {
            throw .invalidParameter("a quantile's fraction lies between 0 and 1, not \(p)")
        }
    }

    /// The statistic of ascending values, at least one (two for a standard deviation).
    public func value(ofSorted values: [Double]) -> Double {
        let count = Double(values.count)
        switch self {
        case .mean: return values.reduce(0, +) / count
        case .median: return type7(0.5, count: values.count) { values[$0] }
        case .quantile(let p): return type7(p, count: values.count) { values[$0] }
        case .standardDeviation:
            let mean = values.reduce(0, +) / count
            return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)).squareRoot()
        }
    }

    /// The statistic without each value in turn.
    func jackknife(ofSorted values: [Double]) -> [Double] {
        let rest = values.count - 1
        switch self {
        case .mean:
            let sum = exactSum(values)
            return values.map { (sum - $0) / Double(rest) }
        case .median: return BootstrapStatistic.quantile(0.5).jackknife(ofSorted: values)
        case .quantile(let p):
            return values.indices.map { left in
                type7(p, count: rest) { values[$0 < left ? $0 : $0 + 1] }
            }
        case .standardDeviation:
            let mean = exactSum(values) / Double(values.count)
            let squares = exactSum(values) { ($0 - mean) * ($0 - mean) }
            return values.map { value in
                guard rest > 1 else { return 0 }
                let left = squares - (value - mean) * (value - mean) * Double(values.count) / Double(rest)
                return (max(0, left) / Double(rest - 1)).squareRoot()
            }
        }
    }
}
