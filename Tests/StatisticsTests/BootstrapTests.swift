import Foundation
import Testing

@testable import Statistics

struct BootstrapTests {
    /// All `base`^`length` index tuples, in order.
    private func tuples(_ base: Int, _ length: Int) -> [[Int]] {
        (0..<length).reduce([[]]) { lists, _ in lists.flatMap { list in (0..<base).map { list + [$0] } } }
    }

    private func check(_ distribution: BootstrapDistribution, _ golden: Golden, _ name: String) throws {
        #expect(close(distribution.estimate, try golden["theta"].number, 1e-12), "\(name)")
        #expect(close(distribution.mean, try golden["boot_mean"].number, 1e-12), "\(name)")
        let percentile = try distribution.percentile()
        #expect(close([percentile.lower, percentile.upper], try golden["percentile_ci"].numbers, 1e-12), "\(name)")
        for key in ["boot_se_ddof1", "se_ddof1"] where try golden.keys.contains(key) {
            #expect(close(distribution.standardError, try golden[key].number, 1e-10), "\(name)")
        }
        if try golden.keys.contains("basic_ci") {
            let basic = try distribution.basic()
            #expect(close([basic.lower, basic.upper], try golden["basic_ci"].numbers, 1e-12), "\(name)")
        }
        let key = try golden.keys.first { $0.hasPrefix("bca") }
        let expected = try golden[#require(key)]
        let bca = try distribution.bca()
        #expect(bca.below == Int(try expected["n_less"].number), "\(name)")
        #expect(bca.equal == Int(try expected["n_equal"].number), "\(name)")
        #expect(close(bca.bias, try expected["z0"].number, 1e-10), "\(name)")
        #expect(close(bca.acceleration, try expected["acceleration"].number, 1e-8, absolute: 1e-13), "\(name)")
        #expect(close(bca.lowerFraction, try expected["alpha1"].number, 1e-8), "\(name)")
        #expect(close(bca.upperFraction, try expected["alpha2"].number, 1e-8), "\(name)")
        #expect(close([bca.interval.lower, bca.interval.upper], try expected["ci"].numbers, 1e-8), "\(name)")
    }

    private func distribution(
        _ values: [Double], _ statistic: BootstrapStatistic, _ resamples: [[Int]]
    ) throws -> BootstrapDistribution {
        let sorted = values.sorted()
        return try BootstrapDistribution(
            estimate: statistic.value(ofSorted: sorted),
            replicates: resamples.map { indices in statistic.value(ofSorted: indices.map { values[$0] }.sorted()) },
            jackknife: [statistic.jackknife(ofSorted: sorted)])
    }

    @Test func allResamplesOfASmallTableGiveTheExactIntervals() throws {
        let golden = try Golden("bootstrap")
        let values = try Table("tiny6").numbers("x")
        let resamples = tuples(6, 6)
        for (name, statistic) in [("mean", BootstrapStatistic.mean), ("median", .median)] {
            try check(distribution(values, statistic, resamples), golden["exhaustive_tiny6", name], name)
        }
    }

    @Test func aFixedTableOfResamplesGivesTheExpectedIntervals() throws {
        let golden = try Golden("bootstrap")
        let values = try Table("boot20").numbers("x")
        let file = try #require(Bundle.module.url(forResource: "Fixtures/boot_indices_999x20", withExtension: "csv"))
        let resamples = try String(contentsOf: file, encoding: .utf8).split(whereSeparator: \.isNewline)
            .map { $0.split(separator: ",").compactMap { Int($0) } }
        let statistics: [(String, BootstrapStatistic)] = [
            ("mean", .mean), ("median", .median), ("sd", .standardDeviation), ("p95", .quantile(0.95)),
        ]
        for (name, statistic) in statistics {
            try check(distribution(values, statistic, resamples), golden["indexed_boot20", name], name)
        }
    }

    @Test func allResamplesOfWholeClustersGiveTheExactIntervals() throws {
        let golden = try Golden("bootstrap")
        let tiny = try Table("tiny_cluster")
        let clusters = try tiny.groups(tiny.numbers("x"), by: "site")
        let cohort = try Table("cohort")
        let differences = zip(try cohort.numbers("ssim_new"), try cohort.numbers("ssim_old")).map { $0 - $1 }
        let sites = try cohort.groups(differences, by: "site")
        let works: [([[Double]], ClusterWeighting, Golden)] = [
            (clusters, .cases, try golden["cluster_exhaustive_tiny", "case_weighted"]),
            (clusters, .clusters, try golden["cluster_exhaustive_tiny", "site_weighted"]),
            (sites, .cases, try golden["cluster_exhaustive_cohort_ssim_diff"]),
        ]
        for (clusters, weighting, expected) in works {
            let parts = clusters.map { ClusterPart($0, weighting) }
            let replicates = tuples(parts.count, parts.count).map { indices in
                var total = ClusterPart()
                for index in indices { total.add(parts[index]) }
                return total.mean
            }
            let distribution = try BootstrapDistribution(
                estimate: clusterMean([parts]), replicates: replicates, jackknife: clusterJackknife([parts]))
            try check(distribution, expected, "\(clusters.count) clusters by \(weighting)")
        }
    }

    @Test func theSeededBootstrapApproachesTheExactOne() throws {
        let golden = try Golden("bootstrap")["large_B_mean_diff_ssim_200k", "values"]
        let cohort = try Table("cohort")
        let differences = zip(try cohort.numbers("ssim_new"), try cohort.numbers("ssim_old")).map { $0 - $1 }
        let distribution = try Bootstrap(resamples: 99_999, seed: 1).distribution(of: .mean, in: Sample(differences))
        let intervals = [
            ("percentile", try distribution.percentile()), ("basic", try distribution.basic()),
            ("BCa", try distribution.bca().interval),
        ]
        for (name, interval) in intervals {
            let expected = try golden[name].numbers
            #expect(abs(interval.lower - expected[0]) < 3e-5 && abs(interval.upper - expected[1]) < 3e-5, "\(name)")
        }
        #expect(abs(distribution.standardError - (try golden["se"].number)) < 1e-5)
    }

    @Test func subjectsAreResampledInsideTheirSites() throws {
        let golden = try Golden("bootstrap")["stratified_patient_bootstrap_20k"]
        let cohort = try Table("cohort")
        let differences = zip(try cohort.numbers("ssim_new"), try cohort.numbers("ssim_old")).map { $0 - $1 }
        let sites = try cohort.text("site")
        let patients = try cohort.text("patient")
        let strata = Set(sites).sorted().map { site in
            let rows = sites.indices.filter { sites[$0] == site }
            return Set(rows.map { patients[$0] }).sorted().map { patient in
                rows.filter { patients[$0] == patient }.map { differences[$0] }
            }
        }
        let distribution = try Bootstrap(resamples: 20_000, seed: 9).distribution(ofMeanIn: strata, weighting: .cases)
        let tolerance = try golden["tolerance_abs"].number
        let percentile = try distribution.percentile()
        let expected = try golden["percentile_ci"].numbers
        #expect(abs(percentile.lower - expected[0]) < tolerance && abs(percentile.upper - expected[1]) < tolerance)
        #expect(abs(distribution.standardError - (try golden["se"].number)) < tolerance)
        #expect(try distribution.bca().interval.contains(distribution.estimate))
    }

    @Test func oneSeedGivesTheSameIntervalsForAnyOrderAndScale() throws {
        var random = SplitMix64(seed: 8)
        let values = try Table("cohort").numbers("hd95_new")
        let bootstrap = try Bootstrap(seed: 20_261_125)
        for statistic in [BootstrapStatistic.mean, .median, .quantile(0.95), .standardDeviation] {
            let reference = try bootstrap.distribution(of: statistic, in: Sample(values))
            let shuffled = try bootstrap.distribution(of: statistic, in: Sample(values.shuffled(using: &random)))
            #expect(reference == shuffled)
            let scaled = try bootstrap.distribution(of: statistic, in: Sample(values.map { $0 * 1024 }))
            #expect(try scaled.bca().interval.lower == reference.bca().interval.lower * 1024)
            #expect(try scaled.bca().interval.upper == reference.bca().interval.upper * 1024)
        }
    }

    @Test func whatCannotBeResampledIsATypedOutcome() throws {
        let bootstrap = try Bootstrap(seed: 1)
        #expect(throws: StatisticsError.noVariation) {
            try bootstrap.distribution(of: .mean, in: Sample([1, 1, 1]))
        }
        #expect(throws: StatisticsError.tooFew("values", minimum: 2, found: 1)) {
            try bootstrap.distribution(of: .mean, in: Sample([1]))
        }
        #expect(throws: StatisticsError.tooFew("clusters", minimum: 2, found: 1)) {
            try bootstrap.distribution(ofMeanIn: [[1, 2, 3]], weighting: .cases)
        }
        #expect(throws: StatisticsError.tooFew("values in a cluster", minimum: 1, found: 0)) {
            try bootstrap.distribution(ofMeanIn: [[1, 2], []], weighting: .cases)
        }
        #expect(throws: StatisticsError.notFinite(index: 1)) {
            try bootstrap.distribution(ofMeanIn: [[1, .infinity], [2]], weighting: .cases)
        }
        #expect(throws: StatisticsError.self) { try Bootstrap(resamples: 100, seed: 1) }
        let two = try bootstrap.distribution(of: .mean, in: Sample([1, 2]))
        #expect(try two.percentile().contains(1.5))
        let outside = try BootstrapDistribution(estimate: 5, replicates: [1, 2, 3], jackknife: [])
        #expect(throws: StatisticsError.estimateOutsideReplicates) { try outside.bca() }
    }
}
