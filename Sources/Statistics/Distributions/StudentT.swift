/// Student's t distribution.
public struct StudentT: Equatable, Sendable {
    /// Degrees of freedom, positive.
    public let degreesOfFreedom: Double

    /// Makes the distribution; the degrees of freedom need not be whole.
    public init(degreesOfFreedom: Double) {
        precondition(degreesOfFreedom > 0)
        self.degreesOfFreedom = degreesOfFreedom
    }

    /// Probability of a value above t, precise in the far tail.
    public func probability(above t: Double) -> Double {
        guard t >= 0 else { return 1 - probability(above: -t) }
        let square = t * t
        guard square < .infinity else { return 0 }
        let sum = degreesOfFreedom + square
        return 0.5 * incompleteBeta(degreesOfFreedom / 2, 0.5, x: degreesOfFreedom / sum, y: square / sum).lower
    }

    /// Probability of a value below t.
    public func probability(below t: Double) -> Double { probability(above: -t) }

    /// Probability of a value farther from zero than t.
    public func probability(beyond t: Double) -> Double { min(1, 2 * probability(above: abs(t))) }

    /// Value with probability p below it, p in (0, 1).
    public func quantile(_ p: Double) -> Double { p < 0.5 ? -quantile(upper: p) : quantile(upper: 1 - p) }

    /// Value with probability q above it, q in (0, 1).
    public func quantile(upper q: Double) -> Double {
        precondition(q > 0 && q < 1)
        if q == 0.5 { return 0 }
        if q > 0.5 { return -quantile(upper: 1 - q) }
        return tailRoot(target: q, start: 1) { steps in
            scaled(steps)
        } tail: {
            probability(above: $0)
        }
    }
}

/// Powers of two around one: a search over all magnitudes.
func scaled(_ steps: Int) -> Double { Double(sign: .plus, exponent: max(-1022, min(1023, steps)), significand: 1) }
