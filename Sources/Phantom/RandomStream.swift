import CPhantom

/// Which of two disjoint families of cases a seed draws from.
public enum PhantomNamespace: String, Sendable, CaseIterable, Codable {
    /// Cases that networks may be trained on.
    case training
    /// Cases that are held out for validation.
    case validation

    var salt: UInt64 { self == .training ? 0x7472_6169_6E69_6E67 : 0x7661_6C69_6461_7465 }
}

/// Random numbers by counter: the same key gives the same numbers, on every machine and thread.
struct RandomStream {
    /// What the numbers depend on, besides their position.
    let key: UInt64
    private var counter: UInt64 = 0

    init(key: UInt64) { self.key = key }

    /// A stream for one purpose within another, independent of how far that one was read.
    func child(_ purpose: UInt64) -> RandomStream { RandomStream(key: cp_hash(key, purpose &+ 0x5EED)) }

    /// The next 64 bits.
    mutating func bits() -> UInt64 {
        counter &+= 1
        return cp_hash(key, counter)
    }

    /// Uniform in [0, 1).
    mutating func uniform() -> Double { Double(bits() >> 11) * 0x1p-53 }

    /// Uniform in a range.
    mutating func uniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * uniform() }

    /// Normal deviate, cut at ±2.5 standard deviations so that no anatomy becomes impossible.
    mutating func normal(_ mean: Double = 0, _ sd: Double = 1) -> Double {
        while true {
            let radius = (-2 * Mathematics.log(max(uniform(), 1e-12))).squareRoot()
            let value = radius * Mathematics.cos(2 * Double.pi * uniform())
            if abs(value) <= 2.5 { return mean + sd * value }
        }
    }

    /// Whole number in a closed range.
    mutating func integer(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(uniform() * Double(range.count))
    }

    /// True with the given probability.
    mutating func chance(_ probability: Double) -> Bool { uniform() < probability }

    /// Uniformly distributed direction.
    mutating func direction() -> Point {
        while true {
            let p = Point(uniform(-1, 1), uniform(-1, 1), uniform(-1, 1))
            let n = norm(p)
            if n > 0.05, n <= 1 { return p / n }
        }
    }
}
