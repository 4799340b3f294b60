/// How clusters of different size count in a mean.
public enum ClusterWeighting: String, Equatable, Sendable, CaseIterable {
    /// Every case counts the same: the mean of all cases.
    case cases
    /// Every cluster counts the same: the mean of the clusters' means.
    case clusters
}

extension Bootstrap {
    /// Resamples whole clusters (sites, or subjects with several cases), so that cases of one cluster stay together.
    ///
    /// With fewer than about ten clusters the interval is too narrow; a mixed model or pooled sites with a t quantile are better then.
    ///
    /// - Parameters:
    ///   - clusters: Values of each cluster, none empty; two clusters at least.
    ///   - weighting: Whether cases or clusters count the same.
    /// - Throws: `.tooFew`, `.notFinite` (index over all values in order), `.noVariation`.
    /// - Source: Davison and Hinkley 1997, section 3.8; BCa with the jackknife over clusters.
    public func distribution(
        ofMeanIn clusters: [[Double]], weighting: ClusterWeighting
    ) throws(StatisticsError) -> BootstrapDistribution {
        try distribution(ofMeanIn: [clusters], weighting: weighting)
    }

    /// Resamples clusters inside fixed strata: subjects inside their sites, when the sites are not a sample of sites.
    ///
    /// - Parameters:
    ///   - strata: Clusters of each stratum. A stratum with one cluster is kept as it is.
    ///   - weighting: Whether cases or clusters count the same.
    public func distribution(
        ofMeanIn strata: [[[Double]]], weighting: ClusterWeighting
    ) throws(StatisticsError) -> BootstrapDistribution {
        let values = strata.flatMap { $0.flatMap { $0 } }
        if let index = values.firstIndex(where: { !$0.isFinite }) { throw .notFinite(index: index) }
        let most = strata.map(\.count).max() ?? 0
        guard most > 1 else { throw .tooFew("clusters", minimum: 2, found: most) }
        guard strata.allSatisfy({ $0.allSatisfy { !$0.isEmpty } }) else {
            throw .tooFew("values in a cluster", minimum: 1, found: 0)
        }
        guard values.contains(where: { $0 != values[0] }) else { throw .noVariation }
        let parts = strata.map { stratum in stratum.map { ClusterPart($0, weighting) } }
        var random = SplitMix64(seed: seed)
        var replicates: [Double] = []
        replicates.reserveCapacity(resamples)
        for _ in 0..<resamples {
            var total = ClusterPart()
            for stratum in parts {
                for _ in stratum { total.add(stratum[random.index(below: stratum.count)]) }
            }
            replicates.append(total.mean)
        }
        return try BootstrapDistribution(
            estimate: clusterMean(parts), replicates: replicates, jackknife: clusterJackknife(parts))
    }
}

/// Sum and weight of a cluster: all that a weighted mean needs of it.
struct ClusterPart {
    var sum = 0.0
    var weight = 0.0

    init() {}

    init(_ values: [Double], _ weighting: ClusterWeighting) {
        let total = exactSum(values)
        switch weighting {
        case .cases: (sum, weight) = (total, Double(values.count))
        case .clusters: (sum, weight) = (total / Double(values.count), 1)
        }
    }

    mutating func add(_ other: ClusterPart) {
        sum += other.sum
        weight += other.weight
    }

    var mean: Double { sum / weight }
}

func clusterMean(_ parts: [[ClusterPart]]) -> Double {
    let all = parts.flatMap { $0 }
    return exactSum(all, \.sum) / exactSum(all, \.weight)
}

func clusterJackknife(_ parts: [[ClusterPart]]) -> [[Double]] {
    let sum = exactSum(parts.flatMap { $0 }, \.sum)
    let weight = exactSum(parts.flatMap { $0 }, \.weight)
    return parts.map { stratum in
        stratum.count > 1 ? stratum.map { (sum - $0.sum) / (weight - $0.weight) } : []
    }
}
