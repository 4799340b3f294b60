/// Sum of values, rounded once: the same bits in any order of the values.
///
/// Keeps the running sum as a list of non-overlapping parts whose total is exact, so that pooled results do not depend on the order in which
/// sites or cases arrived.
///
/// - Parameter values: Finite numbers.
/// - Complexity: O(n) in practice; the list stays short.
/// - Source: Shewchuk 1997, doi:10.1007/PL00009321; final rounding as in Python's `math.fsum`.
public func exactSum(_ values: some Sequence<Double>) -> Double {
    var parts: [Double] = []
    for value in values {
        var x = value
        var kept = 0
        for index in parts.indices {
            var y = parts[index]
            if abs(x) < abs(y) { swap(&x, &y) }
            let high = x + y
            let low = y - (high - x)
            if low != 0 {
                parts[kept] = low
                kept += 1
            }
            x = high
        }
        parts.removeSubrange(kept...)
        parts.append(x)
    }
    return rounded(parts)
}

/// Sum of `values.map(transform)`, rounded once.
func exactSum<S: Sequence>(_ values: S, _ transform: (S.Element) -> Double) -> Double {
    exactSum(values.lazy.map(transform))
}

/// Total of non-overlapping parts in ascending magnitude, rounded half to even.
private func rounded(_ parts: [Double]) -> Double {
    var index = parts.count - 1
    guard index >= 0 else { return 0 }
    var high = parts[index]
    var low = 0.0
    while index > 0 {
        index -= 1
        let x = high
        high = x + parts[index]
        low = parts[index] - (high - x)
        if low != 0 { break }
    }
    // A tie was broken by `low` alone; the parts below it decide where it really lies.
    if index > 0, (low < 0 && parts[index - 1] < 0) || (low > 0 && parts[index - 1] > 0) {
        let doubled = low * 2
        let candidate = high + doubled
        if doubled == candidate - high { high = candidate }
    }
    return high
}
