/// Welch's test of equal means between the levels of a covariate; the levels may differ in spread and in size.
///
/// The same result for any order of the values of a level; two levels that change places change the sign of t alone.
public struct GroupTest: Equatable, Sendable {
    /// Which form of the test was used.
    public enum Method: String, Sendable, CaseIterable {
        /// Two levels: the t test for unequal variances.
        case welchT = "welch_t"
        /// More than two: the analysis of variance for unequal variances.
        case welchANOVA = "welch_anova"
    }

    /// The form: by the number of levels.
    public let method: Method
    /// t of the first level minus the second, or F.
    public let statistic: Double
    /// Degrees of freedom of the numerator: levels − 1.
    public let numeratorDegreesOfFreedom: Double
    /// Welch's degrees of freedom, seldom whole.
    public let denominatorDegreesOfFreedom: Double
    /// Two-sided p-value.
    public let p: Double

    /// Tests whether the means of all levels are equal.
    ///
    /// - Parameter levels: Values of each level, in one unit, two at least in each.
    /// - Throws: `.tooFew` for fewer than two levels or a level with fewer than two values; `.noVariation` where all values are equal;
    ///   `.noVariance` with the index of a level whose values are all equal, where the test divides by its variance (any level of three or
    ///   more, both of two).
    /// - Source: Welch 1947, doi:10.1093/biomet/34.1-2.28 (two levels, with Satterthwaite's degrees of freedom); Welch 1951,
    ///   doi:10.1093/biomet/38.3-4.330, eq. 28 (more).
    /// - Agrees with: R 4.2.2 `t.test` and `oneway.test` to 1e-10.
    public init(_ levels: [[Double]]) throws(StatisticsError) {
        let samples = try GroupTest.samples(levels)
        if samples.count == 2 {
            try self.init(samples[0], samples[1])
        } else {
            try self.init(manyLevels: samples)
        }
    }

    /// Levels as samples, with what every test between them needs.
    static func samples(_ levels: [[Double]]) throws(StatisticsError) -> [Sample] {
        guard levels.count > 1 else { throw .tooFew("levels", minimum: 2, found: levels.count) }
        var samples: [Sample] = []
        for level in levels {
            guard level.count > 1 else { throw .tooFew("values of a level", minimum: 2, found: level.count) }
            samples.append(try Sample(level))
        }
        let isFlat = samples.allSatisfy { $0.isConstant && $0.minimum == samples[0].minimum }
        guard !isFlat else { throw .noVariation }
        return samples
    }

    private init(_ first: Sample, _ second: Sample) throws(StatisticsError) {
        let a = try GroupTest.squaredError(first)
        let b = try GroupTest.squaredError(second)
        guard a + b > 0 else { throw .noVariance(index: 0) }
        // In shares of the sum, so that effects of any scale stay within range.
        let (shareA, shareB) = (a / (a + b), b / (a + b))
        method = .welchT
        statistic = (first.mean - second.mean) / (a + b).squareRoot()
        numeratorDegreesOfFreedom = 1
        denominatorDegreesOfFreedom =
            1 / (shareA * shareA / Double(first.count - 1) + shareB * shareB / Double(second.count - 1))
        p = StudentT(degreesOfFreedom: denominatorDegreesOfFreedom).probability(beyond: statistic)
    }

    private init(manyLevels samples: [Sample]) throws(StatisticsError) {
        var weights: [Double] = []
        for (index, sample) in samples.enumerated() {
            let error = try GroupTest.squaredError(sample)
            guard error > 0, (1 / error).isFinite else { throw .noVariance(index: index) }
            weights.append(1 / error)
        }
        let k = Double(samples.count)
        let total = exactSum(weights)
        let centre = exactSum(zip(weights, samples)) { $0 * $1.mean } / total
        let between = exactSum(zip(weights, samples)) { $0 * ($1.mean - centre) * ($1.mean - centre) } / (k - 1)
        let spread =
            exactSum(zip(weights, samples)) { weight, sample in
                let rest = 1 - weight / total
                return rest * rest / Double(sample.count - 1)
            } / (k * k - 1)
        method = .welchANOVA
        statistic = between / (1 + 2 * (k - 2) * spread)
        numeratorDegreesOfFreedom = k - 1
        denominatorDegreesOfFreedom = 1 / (3 * spread)
        p = FDistribution(numerator: numeratorDegreesOfFreedom, denominator: denominatorDegreesOfFreedom)
            .probability(above: statistic)
    }

    /// Square of the standard error of a level's mean.
    private static func squaredError(_ sample: Sample) throws(StatisticsError) -> Double {
        let error = try sample.standardError
        return error * error
    }
}
