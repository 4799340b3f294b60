/// Root of a function that changes sign between two points.
///
/// - Parameters:
///   - lower: One end of the bracket.
///   - upper: Other end; the function has the opposite sign there, or is zero at one end.
///   - function: Continuous on the bracket.
/// - Returns: The root to the precision of the numbers.
/// - Source: Brent 1973, chapter 4 (zeroin).
func root(from lower: Double, to upper: Double, of function: (Double) -> Double) -> Double {
    var a = lower
    var b = upper
    var fa = function(a)
    var fb = function(b)
    var c = a
    var fc = fa
    var step = b - a
    var previous = step
    for _ in 0..<300 where fb != 0 {
        if (fb > 0) == (fc > 0) {
            c = a
            fc = fa
            step = b - a
            previous = step
        }
        if abs(fc) < abs(fb) {
            (a, b, c) = (b, c, b)
            (fa, fb, fc) = (fb, fc, fb)
        }
        let tolerance = abs(b).ulp
        let half = (c - b) / 2
        if abs(half) <= tolerance { break }
        if abs(previous) >= tolerance, abs(fa) > abs(fb) {
            let (p, q) = interpolation(a: a, b: b, c: c, fa: fa, fb: fb, fc: fc)
            if 2 * p < min(3 * half * q - abs(tolerance * q), abs(previous * q)) {
                previous = step
                step = p / q
            } else {
                step = half
                previous = half
            }
        } else {
            step = half
            previous = half
        }
        a = b
        fa = fb
        b += abs(step) > tolerance ? step : (half > 0 ? tolerance : -tolerance)
        fb = function(b)
    }
    return b
}

/// Numerator (not negative) and denominator of the secant or inverse quadratic step.
private func interpolation(
    a: Double, b: Double, c: Double, fa: Double, fb: Double, fc: Double
) -> (Double, Double) {
    let s = fb / fa
    var p: Double
    var q: Double
    if a == c {
        p = (c - b) * s
        q = 1 - s
    } else {
        let u = fa / fc
        let r = fb / fc
        p = s * ((c - b) * u * (u - r) - (b - a) * (r - 1))
        q = (u - 1) * (r - 1) * (s - 1)
    }
    if p > 0 { q = -q } else { p = -p }
    return (p, q)
}

/// Point where a decreasing (or increasing) positive tail probability has a given value, searched outward from a first guess.
///
/// The comparison is made on logarithms, so that a tail of 1e-30 is found as precisely as one of 0.3.
///
/// - Parameters:
///   - target: Probability in (0, 1).
///   - start: A point inside the domain.
///   - move: Goes `n` steps from `start`: up for positive, down for negative `n`.
///   - tail: Monotone tail probability.
func tailRoot(
    target: Double, start: Double, move: (Int) -> Double, tail: (Double) -> Double
) -> Double {
    let goal = logarithm(target)
    func excess(_ x: Double) -> Double { logarithm(max(tail(x), 0x1p-1074)) - goal }
    let first = excess(start)
    if first == 0 { return start }
    let rising = excess(move(1)) > excess(move(-1))
    let direction = (first < 0) == rising ? 1 : -1
    var inner = start
    for distance in 1...2100 {
        let outer = move(direction * distance)
        if (excess(outer) < 0) != (first < 0) { return root(from: inner, to: outer, of: excess) }
        inner = outer
    }
    return inner
}
