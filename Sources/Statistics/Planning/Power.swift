/// Probability that a planned study of paired differences shows what it is meant to show, by exact distributions.
public enum Power {
    /// Power of a two-sided paired t test.
    ///
    /// - Parameters:
    ///   - cases: Number of pairs, more than one; need not be whole.
    ///   - effect: True mean difference over the standard deviation of the differences.
    ///   - alpha: Two-sided error rate.
    /// - Source: non-central t; Chow et al. 2008, section 3.1.
    public static func pairedDifference(cases: Double, effect: Double, alpha: Double) -> Double {
        let limit = StudentT(degreesOfFreedom: cases - 1).quantile(upper: alpha / 2)
        let t = NonCentralT(degreesOfFreedom: cases - 1, noncentrality: effect * cases.squareRoot())
        return t.probability(above: limit) + t.probability(below: -limit)
    }

    /// Power to show that a mean lies on the good side of a bound: non-inferiority, or a confidence bound that reaches a threshold.
    ///
    /// - Parameters:
    ///   - cases: Number of pairs or cases, more than one; need not be whole.
    ///   - distance: How far the true mean lies on the good side of the bound (margin + expected gain; expected mean − threshold).
    ///   - standardDeviation: Of the differences or of the cases.
    ///   - alpha: One-sided error rate (0.025 for a two-sided 95 % interval).
    public static func bound(cases: Double, distance: Double, standardDeviation: Double, alpha: Double) -> Double {
        let limit = StudentT(degreesOfFreedom: cases - 1).quantile(upper: alpha)
        let noncentrality = distance / standardDeviation * cases.squareRoot()
        return NonCentralT(degreesOfFreedom: cases - 1, noncentrality: noncentrality).probability(above: limit)
    }

    /// Power of two one-sided tests, exact.
    ///
    /// - Parameters:
    ///   - cases: Number of pairs, more than one; need not be whole.
    ///   - difference: True mean difference.
    ///   - margin: Equivalence margin, positive.
    ///   - standardDeviation: Of the differences.
    ///   - alpha: Error rate of each one-sided test.
    /// - Source: Phillips 1990, doi:10.1007/BF01063556, by integration over the observed standard deviation.
    public static func equivalence(
        cases: Double, difference: Double, margin: Double, standardDeviation: Double, alpha: Double
    ) -> Double {
        let freedom = cases - 1
        let limit = StudentT(degreesOfFreedom: freedom).quantile(upper: alpha)
        let scale = cases.squareRoot() / standardDeviation
        // Beyond this ratio of observed to true SD the interval is wider than the margins.
        let widest = margin * scale / limit
        let density = { (s: Double) -> Double in scaledChiDensity(s, freedom) }
        return gaussLegendre(from: 0, to: min(widest, 1 + 14 / (2 * freedom).squareRoot() + 8 / freedom), panels: 200) {
            s in
            let upper = Normal.probability(below: (margin - difference) * scale - limit * s)
            let lower = Normal.probability(below: (-margin - difference) * scale + limit * s)
            return max(0, upper - lower) * density(s)
        }
    }
}

/// Density of √(χ²_ν / ν).
private func scaledChiDensity(_ s: Double, _ freedom: Double) -> Double {
    guard s > 0 else { return 0 }
    let half = freedom / 2
    let constant = logarithm(2) + half * logarithm(half) - logGamma(half)
    return exponential(constant + (freedom - 1) * logarithm(s) - half * s * s)
}

/// Integral by ten-point Gauss-Legendre rules on equal panels.
private func gaussLegendre(from lower: Double, to upper: Double, panels: Int, _ f: (Double) -> Double) -> Double {
    let nodes = [
        0.148_874_338_981_631_22, 0.433_395_394_129_247_21, 0.679_409_568_299_024_44, 0.865_063_366_688_984_54,
        0.973_906_528_517_171_74,
    ]
    let weights = [
        0.295_524_224_714_752_87, 0.269_266_719_309_996_35, 0.219_086_362_515_982_04, 0.149_451_349_150_580_59,
        0.066_671_344_308_688_14,
    ]
    let half = (upper - lower) / Double(2 * panels)
    var terms: [Double] = []
    for panel in 0..<panels {
        let centre = lower + half * Double(2 * panel + 1)
        for (node, weight) in zip(nodes, weights) {
            terms.append(weight * (f(centre - half * node) + f(centre + half * node)))
        }
    }
    return exactSum(terms) * half
}
