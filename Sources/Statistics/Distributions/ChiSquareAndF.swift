/// The χ² distribution.
public struct ChiSquare: Equatable, Sendable {
    /// Degrees of freedom, positive.
    public let degreesOfFreedom: Double

    /// Makes the distribution.
    public init(degreesOfFreedom: Double) {
        precondition(degreesOfFreedom > 0)
        self.degreesOfFreedom = degreesOfFreedom
    }

    /// Probability of a value below x.
    public func probability(below x: Double) -> Double { incompleteGamma(degreesOfFreedom / 2, x / 2).lower }

    /// Probability of a value above x.
    public func probability(above x: Double) -> Double { incompleteGamma(degreesOfFreedom / 2, x / 2).upper }

    /// Value with probability p below it, p in (0, 1).
    public func quantile(_ p: Double) -> Double {
        precondition(p > 0 && p < 1)
        let start = degreesOfFreedom
        return p <= 0.5
            ? tailRoot(target: p, start: start) {
                start * scaled($0)
            } tail: {
                probability(below: $0)
            }
            : tailRoot(target: 1 - p, start: start) {
                start * scaled($0)
            } tail: {
                probability(above: $0)
            }
    }
}

/// The F distribution.
public struct FDistribution: Equatable, Sendable {
    /// Degrees of freedom of the numerator, positive.
    public let numerator: Double
    /// Degrees of freedom of the denominator, positive.
    public let denominator: Double

    /// Makes the distribution; the degrees of freedom need not be whole.
    public init(numerator: Double, denominator: Double) {
        precondition(numerator > 0 && denominator > 0)
        self.numerator = numerator
        self.denominator = denominator
    }

    private func tails(_ x: Double) -> (lower: Double, upper: Double) {
        guard x > 0 else { return (0, 1) }
        let part = numerator * x
        guard part < .infinity else { return (1, 0) }
        let sum = part + denominator
        return incompleteBeta(numerator / 2, denominator / 2, x: part / sum, y: denominator / sum)
    }

    /// Probability of a value below x.
    public func probability(below x: Double) -> Double { tails(x).lower }

    /// Probability of a value above x.
    public func probability(above x: Double) -> Double { tails(x).upper }

    /// Value with probability p below it, p in (0, 1).
    public func quantile(_ p: Double) -> Double {
        precondition(p > 0 && p < 1)
        return p <= 0.5
            ? tailRoot(target: p, start: 1) {
                scaled($0)
            } tail: {
                probability(below: $0)
            }
            : tailRoot(target: 1 - p, start: 1) {
                scaled($0)
            } tail: {
                probability(above: $0)
            }
    }
}
