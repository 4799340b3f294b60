import Glibc

/// The non-central t distribution: (Z + δ) / √(χ²_ν / ν).
///
/// Integrated over the root of the scaled χ² on a logarithmic scale, where the trapezoidal rule converges faster than any power of its step. All
/// terms are positive, so that tails of 1e-30 keep their digits.
public struct NonCentralT: Equatable, Sendable {
    /// Degrees of freedom ν, positive.
    public let degreesOfFreedom: Double
    /// Non-centrality δ.
    public let noncentrality: Double

    /// Makes the distribution.
    public init(degreesOfFreedom: Double, noncentrality: Double) {
        precondition(degreesOfFreedom > 0 && noncentrality.isFinite)
        self.degreesOfFreedom = degreesOfFreedom
        self.noncentrality = noncentrality
    }

    /// Probability of a value below t.
    public func probability(below t: Double) -> Double {
        min(1, integral(sharpness: t) { Normal.probability(below: t * $0 - noncentrality) })
    }

    /// Probability of a value above t.
    public func probability(above t: Double) -> Double {
        min(1, integral(sharpness: t) { Normal.probability(above: t * $0 - noncentrality) })
    }

    /// Value with probability p below it, p in (0, 1).
    public func quantile(_ p: Double) -> Double {
        precondition(p > 0 && p < 1)
        let start = noncentrality
        let move = { (steps: Int) -> Double in
            start + (steps == 0 ? 0 : (steps > 0 ? 1 : -1) * scaled(abs(steps) - 4) * max(1, abs(start) / 8))
        }
        return p <= 0.5
            ? tailRoot(target: p, start: start, move: move) { probability(below: $0) }
            : tailRoot(target: 1 - p, start: start, move: move) { probability(above: $0) }
    }

    /// ∫ f(s) g(s) ds over s = √(χ²_ν / ν) for a function f in [0, 1] that changes on the scale 1 / t.
    private func integral(sharpness: Double, _ f: (Double) -> Double) -> Double {
        chiScaleIntegral(degreesOfFreedom: degreesOfFreedom, sharpness: max(abs(sharpness), abs(noncentrality)), f)
    }
}

/// ∫ f(s) g(s) ds over s = √(χ²_ν / ν), with g its density.
///
/// - Parameters:
///   - degreesOfFreedom: ν.
///   - sharpness: How fast f changes with ln s, at most.
///   - f: Smooth function of s in [0, 1].
func chiScaleIntegral(degreesOfFreedom: Double, sharpness: Double, _ f: (Double) -> Double) -> Double {
    let half = degreesOfFreedom / 2
    let front = log(2) + 0.5 * log(half / (2 * Double.pi)) - stirlingError(half)
    let step = 0.25 / (1 + 2 * degreesOfFreedom + sharpness * sharpness).squareRoot()
    func term(_ u: Double) -> Double {
        f(exp(u)) * exp(front - half * (expm1(2 * u) - 2 * u))
    }
    // The product of density and f may peak away from 0 by as much as f pushes it: walk to the largest term first.
    var peak = 0.0
    var best = term(0)
    for direction in [1.0, -1.0] {
        var u = 0.0
        for _ in 0..<200_000 {
            let next = term(u + direction * step)
            guard next > best || (best == 0 && abs(u) < 40) else { break }
            u += direction * step
            best = next
            peak = u
        }
    }
    var sum = best
    for direction in [1.0, -1.0] {
        var u = peak
        for _ in 0..<2_000_000 {
            u += direction * step
            let next = term(u)
            sum += next
            if next <= sum * 1e-19 { break }
        }
    }
    return sum * step
}
