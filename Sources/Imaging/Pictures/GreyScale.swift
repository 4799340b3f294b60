/// Values as 256 levels for display: linear between knots, so that the levels lie where eyes look.
public struct GreyScale: Sendable, Equatable {
    /// A level and the value that it stands for.
    public struct Knot: Sendable, Equatable {
        /// From 0 to 255.
        public var level: Int
        /// In `unit`.
        public var value: Double

        /// Makes a knot.
        public init(level: Int, value: Double) {
            self.level = level
            self.value = value
        }
    }

    /// At least two, both numbers rising, from level 0 to level 255.
    public let knots: [Knot]
    /// Unit of the values: `HU`, or `a.u.` for MR.
    public let unit: String

    /// CT: steps of 2.5 HU from −200 to 300 HU, coarser outside.
    public static let ct = GreyScale(
        knots: [
            Knot(level: 0, value: -1024), Knot(level: 24, value: -200), Knot(level: 224, value: 300),
            Knot(level: 255, value: 1500),
        ], unit: "HU")

    /// Equal steps over a window and 30 % of its width above; 0 is always inside.
    public static func linear(over window: PictureWindow) -> GreyScale {
        let width = window.upper - window.lower
        return GreyScale(
            knots: [
                Knot(level: 0, value: min(0, window.lower)), Knot(level: 255, value: window.upper + 0.3 * width),
            ], unit: window.unit)
    }

    /// The coarsest step among levels, in `unit`, between two values.
    public func step(from lower: Double, to upper: Double) -> Double {
        var largest = 0.0
        for (a, b) in zip(knots, knots.dropFirst()) where b.value > lower && a.value < upper {
            largest = max(largest, (b.value - a.value) / Double(b.level - a.level))
        }
        return largest
    }

    /// The nearest level; what is not a number has level 0.
    func level(of value: Float) -> UInt8 {
        let value = Double(value)
        guard value > knots[0].value else { return 0 }
        for (a, b) in zip(knots, knots.dropFirst()) where value < b.value {
            let share = (value - a.value) / (b.value - a.value)
            return UInt8((Double(a.level) + share * Double(b.level - a.level)).rounded())
        }
        return 255
    }
}
