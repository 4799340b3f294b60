import Glibc

/// Natural logarithm.
func logarithm(_ x: Double) -> Double { log(x) }

/// Logarithm of the gamma function of a positive number.
func logGamma(_ x: Double) -> Double {
    var sign: Int32 = 0
    return lgamma_r(x, &sign)
}

/// What Stirling's formula misses: ln Γ(z + 1) − (z + ½) ln z + z − ½ ln 2π.
///
/// - Source: Loader 2000, "Fast and accurate computation of binomial probabilities".
func stirlingError(_ z: Double) -> Double {
    guard z >= 15 else { return logGamma(z + 1) - (z + 0.5) * log(z) + z - 0.918_938_533_204_672_74 }
    let s = z * z
    return (1 / 12.0 - (1 / 360.0 - (1 / 1260.0 - (1 / 1680.0 - (1 / 1188.0 - 691 / 360_360.0 / s) / s) / s) / s) / s)
        / z
}

/// x ln(x / m) + m − x without cancellation where x and m are close.
///
/// - Source: Loader 2000.
func deviancePart(_ x: Double, _ m: Double) -> Double {
    guard abs(x - m) < 0.1 * (x + m) else { return x * log(x / m) + m - x }
    var v = (x - m) / (x + m)
    var sum = (x - m) * v
    var term = 2 * x * v
    v *= v
    var index = 1.0
    while true {
        term *= v
        let next = sum + term / (2 * index + 1)
        if next == sum { return next }
        sum = next
        index += 1
    }
}

/// e^{−m} m^x / Γ(x + 1) for positive x and m.
func poissonTerm(_ x: Double, mean m: Double) -> Double {
    exp(-stirlingError(x) - deviancePart(x, m)) / (2 * Double.pi * x).squareRoot()
}

/// Γ(a + b + 1) / (Γ(a + 1) Γ(b + 1)) x^a y^b with x + y = 1, for positive a and b.
func binomialTerm(_ a: Double, _ b: Double, x: Double, y: Double) -> Double {
    let n = a + b
    let exponent =
        stirlingError(n) - stirlingError(a) - stirlingError(b) - deviancePart(a, n * x) - deviancePart(b, n * y)
    return (n / (2 * Double.pi * a * b)).squareRoot() * exp(exponent)
}

/// Both tails of the regularised incomplete gamma function, P(a, x) and Q(a, x).
///
/// - Source: DLMF 8.7.1 (series) and 8.9.2 (continued fraction), each where it is precise.
func incompleteGamma(_ a: Double, _ x: Double) -> (lower: Double, upper: Double) {
    guard x > 0 else { return (0, 1) }
    guard x < .infinity else { return (1, 0) }
    let front = poissonTerm(a, mean: x)
    if x < a + 1 {
        var term = 1.0
        var sum = 1.0
        var k = 1.0
        while term > sum * 1e-17 {
            term *= x / (a + k)
            sum += term
            k += 1
        }
        let lower = min(1, front * sum)
        return (lower, 1 - lower)
    }
    var b = x + 1 - a
    var c = 1e300
    var d = 1 / b
    var fraction = d
    for k in 1..<1_000_000 {
        let index = Double(k)
        let term = -index * (index - a)
        b += 2
        d = 1 / nonZero(term * d + b)
        c = nonZero(b + term / c)
        let factor = d * c
        fraction *= factor
        if abs(factor - 1) < 1e-16 { break }
    }
    let upper = min(1, a * front * fraction)
    return (1 - upper, upper)
}

/// Both tails of the regularised incomplete beta function, I_x(a, b) and its complement, with x + y = 1.
///
/// - Parameters:
///   - a: First shape, positive.
///   - b: Second shape, positive.
///   - x: Point in [0, 1].
///   - y: 1 − x, given for its own precision.
/// - Source: DLMF 8.17.22 (continued fraction) on the side where it converges.
func incompleteBeta(_ a: Double, _ b: Double, x: Double, y: Double) -> (lower: Double, upper: Double) {
    guard x > 0 else { return (0, 1) }
    guard y > 0 else { return (1, 0) }
    let front = binomialTerm(a, b, x: x, y: y)
    if x < (a + 1) / (a + b + 2) {
        let lower = min(1, b / (a + b) * front * betaFraction(a, b, x))
        return (lower, 1 - lower)
    }
    let upper = min(1, a / (a + b) * front * betaFraction(b, a, y))
    return (1 - upper, upper)
}

private func betaFraction(_ a: Double, _ b: Double, _ x: Double) -> Double {
    var c = 1.0
    var d = 1 / nonZero(1 - (a + b) * x / (a + 1))
    var fraction = d
    for k in 1..<1_000_000 {
        let m = Double(k)
        let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / nonZero(1 + even * d)
        c = nonZero(1 + even / c)
        fraction *= d * c
        let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1 / nonZero(1 + odd * d)
        c = nonZero(1 + odd / c)
        let factor = d * c
        fraction *= factor
        if abs(factor - 1) < 1e-16 { break }
    }
    return fraction
}

/// Lentz's guard against a division by zero.
private func nonZero(_ x: Double) -> Double { abs(x) < 1e-300 ? 1e-300 : x }
