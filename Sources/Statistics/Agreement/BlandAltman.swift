/// Agreement of two measurements of the same cases: bias, limits and their exact intervals.
public struct BlandAltman: Equatable, Sendable {
    /// Number of pairs.
    public let count: Int
    /// Mean of first minus second.
    public let bias: Double
    /// Standard deviation of the differences.
    public let standardDeviation: Double
    /// Interval of the bias.
    public let biasInterval: Interval
    /// Limits between which 95 % of the differences lie, bias ∓ 1.96 SD.
    public let limits: Interval
    /// Exact interval of the lower limit.
    public let lowerLimitInterval: Interval
    /// Exact interval of the upper limit.
    public let upperLimitInterval: Interval
    /// Regression of the difference on the mean of both; nil where all means are equal.
    public let slope: ProportionalBias?

    /// A regression of the differences on the means.
    public struct ProportionalBias: Equatable, Sendable {
        /// Slope.
        public let slope: Double
        /// Intercept.
        public let intercept: Double
        /// Standard error of the slope.
        public let standardError: Double
        /// Two-sided p-value of the slope.
        public let p: Double
        /// Interval of the slope.
        public let interval: Interval
    }

    /// Compares two series.
    ///
    /// - Throws: `.lengthMismatch`; `.tooFew` for fewer than three pairs; `.notFinite`; `.noVariation` if all differences are equal.
    /// - Source: Bland and Altman 1999, doi:10.1177/096228029900800204; Carkeet 2015, doi:10.1097/OPX.0000000000000513 (limits' intervals by
    ///   the non-central t distribution).
    public init(first: [Double], second: [Double], level: Double = 0.95) throws(StatisticsError) {
        guard first.count == second.count else { throw .lengthMismatch(first.count, second.count) }
        guard first.count > 2 else { throw .tooFew("pairs", minimum: 3, found: first.count) }
        let differences = try PairedDifferences(candidate: first, reference: second)
        let sample = differences.sample
        guard !sample.isConstant else { throw .noVariation }
        let n = Double(sample.count)
        let spread = try sample.standardDeviation
        let z = Normal.quantile(upper: (1 - level) / 2)
        count = sample.count
        bias = sample.mean
        standardDeviation = spread
        biasInterval = try sample.meanInterval(level: level)
        limits = Interval(centre: bias, halfWidth: z * spread, level: level)
        let factor = NonCentralT(degreesOfFreedom: n - 1, noncentrality: z * n.squareRoot())
        let near = factor.quantile((1 - level) / 2) / n.squareRoot()
        let far = factor.quantile((1 + level) / 2) / n.squareRoot()
        upperLimitInterval = Interval(lower: bias + near * spread, upper: bias + far * spread, level: level)
        lowerLimitInterval = Interval(lower: bias - far * spread, upper: bias - near * spread, level: level)
        slope = BlandAltman.regression(
            means: zip(first, second).map { ($0 + $1) / 2 }, differences: differences.values, level: level)
    }

    private static func regression(means: [Double], differences: [Double], level: Double) -> ProportionalBias? {
        let n = Double(means.count)
        let centre = exactSum(means) / n
        let middle = exactSum(differences) / n
        let squares = exactSum(means) { ($0 - centre) * ($0 - centre) }
        guard squares > 0 else { return nil }
        let slope = exactSum(zip(means, differences)) { ($0 - centre) * ($1 - middle) } / squares
        let intercept = middle - slope * centre
        let residuals = exactSum(zip(means, differences)) { mean, difference in
            let residual = difference - intercept - slope * mean
            return residual * residual
        }
        let t = StudentT(degreesOfFreedom: n - 2)
        let error = (residuals / (n - 2) / squares).squareRoot()
        return ProportionalBias(
            slope: slope, intercept: intercept, standardError: error,
            p: error > 0 ? t.probability(beyond: slope / error) : (slope == 0 ? 1 : 0),
            interval: Interval(centre: slope, halfWidth: t.quantile(upper: (1 - level) / 2) * error, level: level))
    }
}
