import Testing

@testable import Metrics

@Suite("Percentiles")
struct PercentileTests {
    @Test(arguments: [1, 2, 3, 7, 100, 4097])
    func selectingGivesTheBitsOfSorting(_ count: Int) {
        var random = SplitMix(seed: UInt64(count))
        for round in 0..<8 {
            // Every second round with many equal values.
            let values = (0..<count).map { _ in
                Float(round % 2 == 0 ? random.unit() - 0.5 : (random.unit() * 5).rounded())
            }
            let sorted = values.sorted().map(Double.init)
            for fraction in [0, 0.001, 0.25, 0.5, 0.95, 0.999, 1] {
                var mixed = values
                #expect(percentile(fraction, selectingIn: &mixed) == percentile(fraction, ofSorted: sorted))
                #expect(mixed.sorted() == values.sorted())
            }
        }
    }
}
