import Testing

@testable import Statistics

struct SampleTests {
    private func check(_ sample: Sample, _ golden: Golden, _ name: String) throws {
        let pairs: [(String, Double)] = [
            ("n", Double(sample.count)), ("mean", sample.mean), ("sd", try sample.standardDeviation),
            ("sem", try sample.standardError), ("min", sample.minimum), ("p5", sample.quantile(0.05)),
            ("q1", sample.firstQuartile), ("median", sample.median), ("q3", sample.thirdQuartile),
            ("p95", sample.quantile(0.95)), ("max", sample.maximum), ("iqr", sample.interquartileRange),
            ("mad_raw", sample.rawMedianAbsoluteDeviation), ("mad_scaled", sample.medianAbsoluteDeviation),
        ]
        for (key, value) in pairs {
            let expected = try golden[key].number
            #expect(close(value, expected, 1e-10), "\(name) \(key): \(value) for \(expected)")
        }
        let interval = try sample.meanInterval()
        #expect(close([interval.lower, interval.upper], try golden["mean_ci95"].numbers, 1e-10), "\(name)")
        for (key, p) in [("median_ci95", 0.5), ("p95_ci95", 0.95)] {
            let interval = try sample.quantileInterval(p)
            let expected = try golden[key]
            #expect(interval.lower == (try optional(expected["lower"])), "\(name) \(key)")
            #expect(interval.upper == (try optional(expected["upper"])), "\(name) \(key)")
            #expect(interval.lowerRank.map(Double.init) == (try optional(expected["lower_rank"])), "\(name) \(key)")
            #expect(interval.upperRank.map(Double.init) == (try optional(expected["upper_rank"])), "\(name) \(key)")
            #expect(close(interval.coverage, try expected["coverage"].number, 1e-10), "\(name) \(key)")
        }
    }

    private func optional(_ golden: Golden) throws -> Double? { golden.isNull ? nil : try golden.number }

    @Test func descriptionsAgreeWithNumpyAndScipy() throws {
        let golden = try Golden("descriptive")
        let table = try Table("cohort")
        for column in try golden["overall"].keys {
            try check(Sample(table.numbers(column)), golden["overall", column], column)
        }
        let sites = try table.groups(table.numbers("ssim_new"), by: "site")
        for (name, values) in zip(try golden["by_site"].keys, sites) {
            try check(Sample(values), golden["by_site", name], name)
        }
        try check(
            Sample(Table("cohort_missing").numbers("ssim_new")), golden["missing_ssim_new"], "with missing values")
    }

    @Test func orderOfTheValuesChangesNoBit() throws {
        var random = SplitMix64(seed: 3)
        let values = try Table("cohort").numbers("hd95_new")
        let reference = try Sample(values)
        for _ in 0..<100 {
            let shuffled = values.shuffled(using: &random)
            let sample = try Sample(shuffled)
            #expect(sample.mean == reference.mean)
            #expect(try sample.standardDeviation == reference.standardDeviation)
            #expect(exactSum(shuffled) == exactSum(values))
        }
    }

    @Test func theExactSumKeepsWhatPlainSumsLose() {
        #expect(exactSum([1, 1e100, 1, -1e100]) == 2)
        #expect(exactSum([1e16, 1, 1e-16]) == 10_000_000_000_000_002)
        #expect(exactSum([]) == 0)
        #expect(exactSum([0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]) == 1)
    }

    @Test func scalingTheValuesScalesTheIntervals() throws {
        let values = try Table("cohort").numbers("ssim_new")
        let plain = try Sample(values).meanInterval()
        let scaled = try Sample(values.map { $0 * 1000 }).meanInterval()
        #expect(close([plain.lower * 1000, plain.upper * 1000], [scaled.lower, scaled.upper], 1e-13))
    }

    @Test func smallAndConstantSamplesAreTypedOutcomes() throws {
        #expect(throws: StatisticsError.tooFew("values", minimum: 1, found: 0)) { try Sample([]) }
        #expect(throws: StatisticsError.notFinite(index: 1)) { try Sample([1, .nan]) }
        let one = try Sample([0.9])
        #expect(throws: StatisticsError.tooFew("values", minimum: 2, found: 1)) { try one.standardDeviation }
        #expect(throws: StatisticsError.tooFew("values", minimum: 2, found: 1)) { try one.meanInterval() }
        #expect(one.median == 0.9 && one.mean == 0.9)
        let constant = try Sample([0.1, 0.1, 0.1])
        #expect(constant.mean == 0.1)
        #expect(try constant.meanInterval().isDegenerate)
        #expect(try one.quantileInterval(0.5).lower == nil)
        #expect(throws: StatisticsError.self) { try constant.meanInterval(level: 1) }
    }
}
