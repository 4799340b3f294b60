/// What the outlier rules say about each value; a flagged value is shown and never dropped.
public struct OutlierFlags: Equatable, Sendable {
    /// Ends of the inner fences: quartiles ∓ 1.5 interquartile ranges.
    public let innerFences: (lower: Double, upper: Double)
    /// Ends of the outer fences: quartiles ∓ 3 interquartile ranges.
    public let outerFences: (lower: Double, upper: Double)
    /// Indices outside the inner fences.
    public let mild: [Int]
    /// Indices outside the outer fences.
    public let extreme: [Int]
    /// 0.6745 (x − median) / MAD of each value; nil where the MAD is zero.
    public let modifiedZ: [Double]?
    /// Indices whose modified z is beyond 3.5; nil where the MAD is zero.
    public let beyondModifiedZ: [Int]?

    /// Flags values.
    ///
    /// - Parameter values: In the order that the indices refer to; at least one, finite.
    /// - Source: Tukey 1977 (fences, type 7 quartiles); Iglewicz and Hoaglin 1993 (modified z, 3.5).
    public init(_ values: [Double]) throws(StatisticsError) {
        let sample = try Sample(values)
        let first = sample.firstQuartile
        let third = sample.thirdQuartile
        let range = third - first
        let inner = (lower: first - 1.5 * range, upper: third + 1.5 * range)
        let outer = (lower: first - 3 * range, upper: third + 3 * range)
        innerFences = inner
        outerFences = outer
        mild = values.indices.filter { values[$0] < inner.lower || values[$0] > inner.upper }
        extreme = values.indices.filter { values[$0] < outer.lower || values[$0] > outer.upper }
        let deviation = sample.rawMedianAbsoluteDeviation
        let median = sample.median
        guard deviation > 0 else {
            modifiedZ = nil
            beyondModifiedZ = nil
            return
        }
        let scores = values.map { 0.674_489_750_196_081_7 * ($0 - median) / deviation }
        modifiedZ = scores
        beyondModifiedZ = scores.indices.filter { abs(scores[$0]) > 3.5 }
    }

    /// Whether two results are equal.
    public static func == (a: OutlierFlags, b: OutlierFlags) -> Bool {
        a.innerFences == b.innerFences && a.outerFences == b.outerFences && a.mild == b.mild
            && a.extreme == b.extreme && a.modifiedZ == b.modifiedZ && a.beyondModifiedZ == b.beyondModifiedZ
    }
}
