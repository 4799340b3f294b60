/// Percentile of sorted values by linear interpolation (type 7 of Hyndman and Fan, numpy's default).
///
/// - Parameters:
///   - fraction: The percentile as a fraction in [0, 1] (0.95 for the 95th).
///   - sorted: Values in ascending order, at least one.
/// - Returns: The value at rank `fraction · (count − 1)`, interpolated between its neighbours.
public func percentile(_ fraction: Double, ofSorted sorted: [Double]) -> Double {
    precondition(!sorted.isEmpty && fraction >= 0 && fraction <= 1)
    let rank = fraction * Double(sorted.count - 1)
    let lower = Int(rank.rounded(.down))
    let upper = min(lower + 1, sorted.count - 1)
    return interpolated(sorted[lower], sorted[upper], at: rank - Double(lower))
}

/// Linear interpolation in the form that is exact at both ends (numpy's `_lerp`).
func interpolated(_ a: Double, _ b: Double, at t: Double) -> Double {
    t >= 0.5 ? b - (b - a) * (1 - t) : a + (b - a) * t
}
