/// A two-sided interval and its level.
public struct Interval: Equatable, Sendable {
    /// Lower end.
    public var lower: Double
    /// Upper end.
    public var upper: Double
    /// Nominal level, such as 0.95.
    public var level: Double

    /// Makes an interval.
    public init(lower: Double, upper: Double, level: Double) {
        self.lower = lower
        self.upper = upper
        self.level = level
    }

    /// `centre ± halfWidth`.
    public init(centre: Double, halfWidth: Double, level: Double) {
        self.init(lower: centre - halfWidth, upper: centre + halfWidth, level: level)
    }

    /// Whether the interval has no width: all values were equal and say nothing about their uncertainty.
    public var isDegenerate: Bool { lower == upper }

    /// Whether a value lies inside, ends included.
    public func contains(_ value: Double) -> Bool { lower <= value && value <= upper }
}

/// Checks that a level lies between 0 and 1.
func checkLevel(_ level: Double) throws(StatisticsError) {
    guard level > 0, level < 1 else { throw .invalidParameter("a level lies between 0 and 1, not \(level)") }
}
