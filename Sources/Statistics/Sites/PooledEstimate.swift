/// How the uncertainty of a pooled estimate is judged.
public enum PooledInference: String, Equatable, Sendable, CaseIterable {
    /// Normal quantile and weights taken as known; too narrow for few sites.
    case wald
    /// Hartung and Knapp: t with k − 1 degrees of freedom, residual spread. Falsely narrow where sites agree by chance.
    case hartungKnapp = "hartung-knapp"
    /// The same, never narrower than the weights say: the spread factor is at least 1. The default.
    case modifiedHartungKnapp = "modified-hartung-knapp"
}

/// The mean over a population of sites, from the sites of a study.
public struct PooledEstimate: Equatable, Sendable {
    /// Number of sites.
    public let count: Int
    /// How τ² was estimated.
    public let estimator: BetweenSiteEstimator
    /// How the interval was made.
    public let inference: PooledInference
    /// The mean.
    public let estimate: Double
    /// Its standard error under `inference`.
    public let standardError: Double
    /// Estimate over standard error.
    public let statistic: Double
    /// k − 1; nil for Wald.
    public let degreesOfFreedom: Double?
    /// Two-sided p-value against zero.
    public let p: Double
    /// Interval of the mean.
    public let interval: Interval
    /// Where the true mean of a further site is expected; nil for fewer than three sites.
    public let prediction: Interval?
    /// Degrees of freedom of the prediction interval, k − 2.
    public let predictionDegreesOfFreedom: Double?
    /// Variance between sites.
    public let tauSquared: Double
    /// Q-profile interval of τ².
    public let tauSquaredInterval: Interval
    /// Cochran's Q.
    public let q: Double
    /// p-value of Q.
    public let qP: Double
    /// Share of the total variance that lies between sites, in percent.
    public let iSquaredPercent: Double
    /// Q-profile interval of I², in percent.
    public let iSquaredInterval: Interval
    /// Total over sampling variance.
    public let hSquared: Double
    /// Weights of the sites, in percent.
    public let weightsPercent: [Double]
    /// Whether fewer than five sites were pooled: τ² is then hardly known.
    public let hasFewSites: Bool

    /// Pools sites.
    ///
    /// - Throws: `.invalidParameter` for a level outside (0, 1). Fewer than two sites cannot be made into `SiteEstimates`.
    /// - Source: Hartung and Knapp 2001, doi:10.1002/sim.1009; Röver et al. 2015, doi:10.1186/s12874-015-0091-1 (max(1, q));
    ///   Higgins et al. 2009, doi:10.1111/j.1467-985X.2008.00552.x (prediction, k − 2); Viechtbauer 2007, doi:10.1002/sim.2514 (Q-profile).
    public init(
        _ sites: SiteEstimates, estimator: BetweenSiteEstimator = .reml,
        inference: PooledInference = .modifiedHartungKnapp, level: Double = 0.95
    ) throws(StatisticsError) {
        try checkLevel(level)
        let tail = (1 - level) / 2
        let freedom = Double(sites.count - 1)
        let tau = estimator.tauSquared(sites)
        let (weights, total, mean, squares) = sites.weighted(tau)
        var spread = 1.0
        switch inference {
        case .wald: break
        case .hartungKnapp: spread = squares / freedom
        case .modifiedHartungKnapp: spread = max(1, squares / freedom)
        }
        let error = (spread / total).squareRoot()
        count = sites.count
        self.estimator = estimator
        self.inference = inference
        estimate = mean
        standardError = error
        statistic = mean / error
        if inference == .wald {
            degreesOfFreedom = nil
            p = min(1, 2 * Normal.probability(above: abs(mean) / error))
            interval = Interval(centre: mean, halfWidth: Normal.quantile(upper: tail) * error, level: level)
        } else {
            let t = StudentT(degreesOfFreedom: freedom)
            degreesOfFreedom = freedom
            p = error > 0 ? t.probability(beyond: mean / error) : (mean == 0 ? 1 : 0)
            interval = Interval(centre: mean, halfWidth: t.quantile(upper: tail) * error, level: level)
        }
        if sites.count > 2 {
            let t = StudentT(degreesOfFreedom: freedom - 1).quantile(upper: tail)
            prediction = Interval(centre: mean, halfWidth: t * (error * error + tau).squareRoot(), level: level)
            predictionDegreesOfFreedom = freedom - 1
        } else {
            prediction = nil
            predictionDegreesOfFreedom = nil
        }
        tauSquared = tau
        let typical = sites.typicalVariance
        let chi = ChiSquare(degreesOfFreedom: freedom)
        tauSquaredInterval = Interval(
            lower: tauSquaredWhere(sites, squaresEqual: chi.quantile(1 - tail)),
            upper: tauSquaredWhere(sites, squaresEqual: chi.quantile(tail)), level: level)
        q = sites.weighted(0).squares
        qP = chi.probability(above: q)
        iSquaredPercent = 100 * tau / (tau + typical)
        iSquaredInterval = Interval(
            lower: 100 * tauSquaredInterval.lower / (tauSquaredInterval.lower + typical),
            upper: 100 * tauSquaredInterval.upper / (tauSquaredInterval.upper + typical), level: level)
        hSquared = tau / typical + 1
        weightsPercent = weights.map { 100 * $0 / total }
        hasFewSites = sites.count < 5
    }

    /// Pools all sites but one, each in turn: how far one site carries the result.
    ///
    /// - Throws: `.tooFew` for fewer than three sites.
    public static func leavingOneOut(
        _ sites: SiteEstimates, estimator: BetweenSiteEstimator = .reml,
        inference: PooledInference = .modifiedHartungKnapp, level: Double = 0.95
    ) throws(StatisticsError) -> [PooledEstimate] {
        guard sites.count > 2 else { throw .tooFew("sites", minimum: 3, found: sites.count) }
        var results: [PooledEstimate] = []
        for index in 0..<sites.count {
            results.append(
                try PooledEstimate(
                    sites.without(index), estimator: estimator, inference: inference, level: level))
        }
        return results
    }
}
