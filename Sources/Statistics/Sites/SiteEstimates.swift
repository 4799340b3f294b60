/// One estimate per site with its sampling variance, as random-effects pooling takes them.
public struct SiteEstimates: Equatable, Sendable {
    /// Estimates.
    public let values: [Double]
    /// Squared standard errors.
    public let variances: [Double]

    /// Takes estimates and variances of at least two sites.
    ///
    /// - Throws: `.lengthMismatch`, `.tooFew`, `.notFinite`, `.noVariance` with the index of a site without a positive variance.
    public init(values: [Double], variances: [Double]) throws(StatisticsError) {
        guard values.count == variances.count else { throw .lengthMismatch(values.count, variances.count) }
        guard values.count > 1 else { throw .tooFew("sites", minimum: 2, found: values.count) }
        if let index = values.firstIndex(where: { !$0.isFinite }) { throw .notFinite(index: index) }
        if let index = variances.firstIndex(where: { !($0.isFinite && $0 > 0) }) { throw .noVariance(index: index) }
        self.values = values
        self.variances = variances
    }

    /// Takes the cases of each site: means with the squares of their standard errors.
    ///
    /// - Throws: `.noVariance` for a site with one case or with equal values: it has a mean, but no standard error.
    public init(meansOf sites: [[Double]]) throws(StatisticsError) {
        var means: [Double] = []
        var variances: [Double] = []
        for (index, site) in sites.enumerated() {
            guard !site.isEmpty else { throw .tooFew("cases at a site", minimum: 1, found: 0) }
            let sample = try Sample(site)
            guard sample.count > 1, !sample.isConstant else { throw .noVariance(index: index) }
            let error = try sample.standardError
            means.append(sample.mean)
            variances.append(error * error)
        }
        try self.init(values: means, variances: variances)
    }

    /// Number of sites.
    public var count: Int { values.count }

    /// Mean with weights 1 / (v + τ²), its weights and Cochran's weighted sum of squares.
    func weighted(_ tauSquared: Double) -> (weights: [Double], total: Double, mean: Double, squares: Double) {
        let weights = variances.map { 1 / ($0 + tauSquared) }
        let total = exactSum(weights)
        let mean = exactSum(zip(weights, values)) { $0 * $1 } / total
        let squares = exactSum(zip(weights, values)) { $0 * ($1 - mean) * ($1 - mean) }
        return (weights, total, mean, squares)
    }

    /// Sampling variance of a typical site.
    ///
    /// - Source: Higgins and Thompson 2002, doi:10.1002/sim.1186, eq. 9.
    var typicalVariance: Double {
        let (weights, total, _, _) = weighted(0)
        return Double(count - 1) * total / (total * total - exactSum(weights) { $0 * $0 })
    }

    /// All but one site.
    func without(_ index: Int) throws(StatisticsError) -> SiteEstimates {
        var values = values
        var variances = variances
        values.remove(at: index)
        variances.remove(at: index)
        return try SiteEstimates(values: values, variances: variances)
    }
}

/// How the variance between sites is estimated.
public enum BetweenSiteEstimator: String, Equatable, Sendable, CaseIterable {
    /// Restricted maximum likelihood; the default.
    case reml
    /// DerSimonian and Laird's moments.
    case derSimonianLaird = "dl"
    /// Paule and Mandel's empirical Bayes.
    case pauleMandel = "pm"

    /// The variance between sites, not negative.
    ///
    /// All searches run relative to the sites' own variances: estimates times 1000 give exactly 10⁶ times the variance, also for values on the
    /// scale of similarity indices, where absolute tolerances fail.
    ///
    /// - Source: Viechtbauer 2005, doi:10.3102/10769986030003261 (REML); DerSimonian and Laird 1986,
    ///   doi:10.1016/0197-2456(86)90046-2; Paule and Mandel 1982, doi:10.6028/jres.087.022.
    public func tauSquared(_ sites: SiteEstimates) -> Double {
        switch self {
        case .reml: return restrictedLikelihood(sites)
        case .pauleMandel: return tauSquaredWhere(sites, squaresEqual: Double(sites.count - 1))
        case .derSimonianLaird:
            let (weights, total, _, squares) = sites.weighted(0)
            let scale = total - exactSum(weights) { $0 * $0 } / total
            return max(0, (squares - Double(sites.count - 1)) / scale)
        }
    }

    /// The global maximum of the restricted likelihood over a grid of ratios, refined to the root of its derivative.
    private func restrictedLikelihood(_ sites: SiteEstimates) -> Double {
        let scale = sites.typicalVariance
        func deviance(_ tau: Double) -> Double {
            let (weights, total, _, squares) = sites.weighted(tau)
            return squares + logarithm(total * scale) - exactSum(weights) { logarithm($0 * scale) }
        }
        func slope(_ tau: Double) -> Double {
            let (weights, total, mean, _) = sites.weighted(tau)
            let squares = exactSum(weights) { $0 * $0 }
            let residuals = exactSum(zip(weights, sites.values)) { $0 * $0 * ($1 - mean) * ($1 - mean) }
            return (total - squares / total - residuals) * scale
        }
        let grid = [0] + (-40...60).map { scale * scaled($0) }
        let deviances = grid.map(deviance)
        guard let best = deviances.indices.min(by: { deviances[$0] < deviances[$1] }) else { return 0 }
        let lower = grid[max(0, best - 1)]
        let upper = grid[min(grid.count - 1, best + 1)]
        if best == 0, slope(0) >= 0 { return 0 }
        guard slope(lower) < 0, slope(upper) > 0 else { return grid[best] }
        return root(from: lower, to: upper, of: slope)
    }
}

/// The τ² at which Cochran's weighted sum of squares falls to a value; 0 where it is below it from the start.
func tauSquaredWhere(_ sites: SiteEstimates, squaresEqual target: Double) -> Double {
    let excess = { (tau: Double) -> Double in sites.weighted(tau).squares - target }
    guard excess(0) > 0 else { return 0 }
    var upper = sites.typicalVariance
    while excess(upper) > 0, upper < .greatestFiniteMagnitude / 4 { upper *= 2 }
    return root(from: 0, to: upper, of: excess)
}
