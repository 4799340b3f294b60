/// A mean with a random effect of the site: y = μ + site + case, fitted by restricted maximum likelihood.
///
/// For claims about several sites: cases of one site are alike, and an interval that ignores this can turn a verdict.
public struct MixedModel: Equatable, Sendable {
    /// μ.
    public let intercept: Double
    /// Standard error of μ.
    public let standardError: Double
    /// Satterthwaite's degrees of freedom.
    public let degreesOfFreedom: Double
    /// μ over its standard error.
    public let statistic: Double
    /// Two-sided p-value against zero.
    public let p: Double
    /// Interval of μ.
    public let interval: Interval
    /// Variance between sites.
    public let siteVariance: Double
    /// Variance between cases of a site.
    public let residualVariance: Double
    /// Share of the variance that lies between sites.
    public let intraclassCorrelation: Double
    /// Predicted effects of the sites (BLUP), in their order.
    public let siteEffects: [Double]
    /// −2 × restricted log likelihood.
    public let criterion: Double

    /// Fits the model.
    ///
    /// - Parameter sites: Values of the cases of each site; two sites at least, and one with two cases.
    /// - Throws: `.tooFew`, also where so few cases leave the spread between sites unknown; `.notFinite`; `.noVariation` if cases do not
    ///   differ within any site.
    /// - Source: Patterson and Thompson 1971, doi:10.1093/biomet/58.3.545; Satterthwaite 1946, doi:10.2307/3002019, in the form of lmerTest,
    ///   with exact derivatives. Where the variance between sites is zero, N − 1 degrees of freedom as there.
    public init(_ sites: [[Double]], level: Double = 0.95) throws(StatisticsError) {
        try checkLevel(level)
        let data = try SiteMoments(sites)
        let ratio = data.varianceRatio()
        let (weights, total, mean, squares) = data.profile(ratio)
        let freedom = Double(data.count - 1)
        residualVariance = squares / freedom
        siteVariance = ratio * residualVariance
        intraclassCorrelation = ratio / (1 + ratio)
        intercept = mean
        standardError = (residualVariance / total).squareRoot()
        degreesOfFreedom = ratio > 0 ? data.satterthwaite(site: siteVariance, residual: residualVariance) : freedom
        // With a handful of cases the likelihood can be too flat for its curvature to be one: then nothing is known of the spread.
        guard degreesOfFreedom.isFinite, degreesOfFreedom > 0 else {
            throw .tooFew("cases for the spread between sites", minimum: data.count + 1, found: data.count)
        }
        statistic = mean / standardError
        let t = StudentT(degreesOfFreedom: degreesOfFreedom)
        p = t.probability(beyond: statistic)
        interval = Interval(
            centre: mean, halfWidth: t.quantile(upper: (1 - level) / 2) * standardError, level: level)
        siteEffects = zip(weights, data.means).map { ratio * $0 * ($1 - mean) }
        criterion = data.deviance(ratio) + freedom * (1 + logarithm(2 * Double.pi))
    }
}

/// Counts, means and pooled squares of the sites: all that the model needs of the cases.
private struct SiteMoments {
    let counts: [Double]
    let means: [Double]
    let within: Double
    let count: Int

    init(_ sites: [[Double]]) throws(StatisticsError) {
        guard sites.count > 1 else { throw .tooFew("sites", minimum: 2, found: sites.count) }
        var means: [Double] = []
        var squares: [Double] = []
        for site in sites {
            guard !site.isEmpty else { throw .tooFew("cases at a site", minimum: 1, found: 0) }
            let sample = try Sample(site)
            means.append(sample.mean)
            if !sample.isConstant { squares += sample.sorted.map { ($0 - sample.mean) * ($0 - sample.mean) } }
        }
        let total = sites.reduce(0) { $0 + $1.count }
        guard total > sites.count else { throw .tooFew("cases", minimum: sites.count + 1, found: total) }
        counts = sites.map { Double($0.count) }
        self.means = means
        within = exactSum(squares)
        count = total
        guard within > 0 else { throw .noVariation }
    }

    /// Weights n / (1 + n γ), their sum, the weighted mean and the residual squares at a ratio γ of the variances.
    func profile(_ ratio: Double) -> (weights: [Double], total: Double, mean: Double, squares: Double) {
        let weights = counts.map { $0 / (1 + $0 * ratio) }
        let total = exactSum(weights)
        let mean = exactSum(zip(weights, means)) { $0 * $1 } / total
        let between = exactSum(zip(weights, means)) { $0 * ($1 - mean) * ($1 - mean) }
        return (weights, total, mean, within + between)
    }

    /// −2 × profiled restricted log likelihood, without its constant.
    func deviance(_ ratio: Double) -> Double {
        let (_, total, _, squares) = profile(ratio)
        let freedom = Double(count - 1)
        return freedom * logarithm(squares / freedom) + exactSum(counts) { logarithm(1 + $0 * ratio) }
            + logarithm(total)
    }

    private func slope(_ ratio: Double) -> Double {
        let (weights, total, mean, squares) = profile(ratio)
        let residuals = exactSum(zip(weights, means)) { $0 * $0 * ($1 - mean) * ($1 - mean) }
        return total - exactSum(weights) { $0 * $0 } / total - Double(count - 1) * residuals / squares
    }

    /// The ratio of the variances with the largest restricted likelihood; it has no unit, so the search has no scale.
    func varianceRatio() -> Double {
        let grid = [0] + (-60...60).map(scaled)
        let deviances = grid.map(deviance)
        guard let best = deviances.indices.min(by: { deviances[$0] < deviances[$1] }) else { return 0 }
        if best == 0, slope(0) >= 0 { return 0 }
        let lower = grid[max(0, best - 1)]
        let upper = grid[min(grid.count - 1, best + 1)]
        guard slope(lower) < 0, slope(upper) > 0 else { return grid[best] }
        return root(from: lower, to: upper, of: slope)
    }

    /// 2 V² / (g' A g): V the variance of the mean, g its gradient in both variances, A twice the inverse Hessian of the deviance.
    func satterthwaite(site: Double, residual: Double) -> Double {
        let variances = counts.map { residual + $0 * site }
        let weights = zip(counts, variances).map { $0 / $1 }
        let total = exactSum(weights)
        let mean = exactSum(zip(weights, means)) { $0 * $1 } / total
        // Derivative of a site's variance by the variance between sites (its count) and by the residual variance (1).
        let directions = [counts, counts.map { _ in 1.0 }]
        func first(_ a: Int) -> [Double] {
            counts.indices.map { -counts[$0] * directions[a][$0] / (variances[$0] * variances[$0]) }
        }
        let firsts = [first(0), first(1)]
        let sums = firsts.map { exactSum($0) }
        let moments = firsts.map { first in exactSum(counts.indices) { first[$0] * (means[$0] - mean) } }
        func hessian(_ a: Int, _ b: Int) -> Double {
            let second = counts.indices.map { index in
                2 * counts[index] * directions[a][index] * directions[b][index]
                    / (variances[index] * variances[index] * variances[index])
            }
            let logs = exactSum(counts.indices) {
                -directions[a][$0] * directions[b][$0] / (variances[$0] * variances[$0])
            }
            let spread =
                exactSum(counts.indices) { second[$0] * (means[$0] - mean) * (means[$0] - mean) }
                - 2 * moments[a] * moments[b] / total
            var value = logs + exactSum(second) / total - sums[a] * sums[b] / (total * total) + spread
            if a == 1, b == 1 {
                value += -Double(count - counts.count) / (residual * residual)
                value += 2 * within / (residual * residual * residual)
            }
            return value
        }
        let (aa, ab, bb) = (hessian(0, 0), hessian(0, 1), hessian(1, 1))
        let gradient = sums.map { -$0 / (total * total) }
        let determinant = aa * bb - ab * ab
        let form =
            2 * (gradient[0] * gradient[0] * bb - 2 * gradient[0] * gradient[1] * ab + gradient[1] * gradient[1] * aa)
            / determinant
        return 2 / (total * total) / form
    }
}
