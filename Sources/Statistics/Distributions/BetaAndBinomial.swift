import Glibc

/// The beta distribution.
public struct BetaDistribution: Equatable, Sendable {
    /// First shape, positive.
    public let alpha: Double
    /// Second shape, positive.
    public let beta: Double

    /// Makes the distribution.
    public init(alpha: Double, beta: Double) {
        precondition(alpha > 0 && beta > 0)
        self.alpha = alpha
        self.beta = beta
    }

    /// Probability of a value below x, x in [0, 1].
    public func probability(below x: Double) -> Double { incompleteBeta(alpha, beta, x: x, y: 1 - x).lower }

    /// Probability of a value above x, x in [0, 1].
    public func probability(above x: Double) -> Double { incompleteBeta(alpha, beta, x: x, y: 1 - x).upper }

    /// Value with probability p below it, p in (0, 1).
    public func quantile(_ p: Double) -> Double {
        precondition(p > 0 && p < 1)
        // On the logit scale both ends of [0, 1] are equally far away.
        let tails = { (u: Double) -> (lower: Double, upper: Double) in
            incompleteBeta(alpha, beta, x: 1 / (1 + exp(-u)), y: 1 / (1 + exp(u)))
        }
        let u =
            p <= 0.5
            ? tailRoot(target: p, start: 0) {
                Double($0)
            } tail: {
                tails($0).lower
            }
            : tailRoot(target: 1 - p, start: 0) {
                Double($0)
            } tail: {
                tails($0).upper
            }
        return 1 / (1 + exp(-u))
    }
}

/// The binomial distribution.
public struct Binomial: Equatable, Sendable {
    /// Number of trials.
    public let trials: Int
    /// Probability of a success.
    public let probability: Double

    /// Makes the distribution of `trials` ≥ 0 with a probability in [0, 1].
    public init(trials: Int, probability: Double) {
        precondition(trials >= 0 && probability >= 0 && probability <= 1)
        self.trials = trials
        self.probability = probability
    }

    /// Probability of exactly k successes.
    public func probability(of k: Int) -> Double {
        guard k >= 0, k <= trials else { return 0 }
        if probability == 0 { return k == 0 ? 1 : 0 }
        if probability == 1 { return k == trials ? 1 : 0 }
        if k == 0 { return exp(Double(trials) * log1p(-probability)) }
        if k == trials { return exp(Double(trials) * log(probability)) }
        return binomialTerm(Double(k), Double(trials - k), x: probability, y: 1 - probability)
    }

    /// Probability of at most k successes.
    public func probability(atMost k: Int) -> Double {
        guard k >= 0 else { return 0 }
        guard k < trials else { return 1 }
        return incompleteBeta(Double(k + 1), Double(trials - k), x: probability, y: 1 - probability).upper
    }

    /// Probability of at least k successes.
    public func probability(atLeast k: Int) -> Double {
        guard k > 0 else { return 1 }
        guard k <= trials else { return 0 }
        return incompleteBeta(Double(k), Double(trials - k + 1), x: probability, y: 1 - probability).lower
    }

    /// Smallest k with at least probability p at or below it.
    public func quantile(_ p: Double) -> Int {
        var low = 0
        var high = trials
        while low < high {
            let middle = (low + high) / 2
            if probability(atMost: middle) >= p { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
