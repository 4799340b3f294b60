import Testing

@testable import Statistics

struct PairedTests {
    private func cohort(_ name: String) throws -> PairedDifferences {
        let table = try Table("cohort")
        return try PairedDifferences(
            candidate: table.numbers("\(name)_new"), reference: table.numbers("\(name)_old"))
    }

    private func sets() throws -> [(String, PairedDifferences)] {
        let plain = try Table("paired_noties")
        let ties = try Table("paired_ties")
        let rounded = zip(try ties.numbers("new"), try ties.numbers("old")).map {
            (($0 - $1) * 100).rounded() / 100
        }
        return [
            (
                "paired_noties",
                try PairedDifferences(candidate: plain.numbers("new"), reference: plain.numbers("old"))
            ),
            ("paired_ties_rounded_diffs", try PairedDifferences(rounded)),
            ("cohort_ssim", try cohort("ssim")), ("cohort_hd95", try cohort("hd95")),
            ("cohort_cldice", try cohort("cldice")),
        ]
    }

    @Test func tTestsAgreeWithScipy() throws {
        for (name, differences) in try sets() {
            let golden = try Golden("paired")[name]
            let test = try PairedTTest(differences)
            let pairs: [(String, Double)] = [
                ("n", Double(test.count)), ("mean_diff", test.mean), ("sd_diff", test.standardDeviation),
                ("se", test.standardError), ("t", test.statistic), ("df", test.degreesOfFreedom), ("p_two", test.p),
                ("cohen_dz", test.effectSize), ("hedges_gz", test.unbiasedEffectSize),
            ]
            for (key, value) in pairs {
                #expect(close(value, try golden[key].number), "\(name) \(key): \(value)")
            }
            #expect(close([test.interval.lower, test.interval.upper], try golden["ci95"].numbers), "\(name)")
        }
    }

    @Test func nonInferiorityAndEquivalenceAgreeWithScipy() throws {
        for (name, differences) in try sets() {
            let golden = try Golden("paired")[name]
            let margin = try golden["margin"].number
            for (key, better) in [("ni_higher_better", Better.higher), ("ni_lower_better", .lower)] {
                let test = try NonInferiority(differences, margin: margin, better: better)
                #expect(close(try #require(test.p), try golden[key, "p"].number), "\(name) \(key)")
                #expect(test.isNonInferior == (try golden[key, "pass_one_sided_0025"].flag), "\(name) \(key)")
            }
            let tost = try Equivalence(differences, margin: margin)
            #expect(close(try #require(tost.p), try golden["tost", "p"].number), "\(name)")
            #expect(close(try #require(tost.pLower), try golden["tost", "p_lower"].number), "\(name)")
            #expect(close(try #require(tost.pUpper), try golden["tost", "p_upper"].number), "\(name)")
            #expect(close([tost.interval.lower, tost.interval.upper], try golden["ci90"].numbers), "\(name)")
        }
    }

    @Test func rankTestsAgreeWithScipyAndR() throws {
        for (name, differences) in try sets() {
            let golden = try Golden("paired")[name]
            let wilcoxon = try SignedRankTest(differences)
            let key = wilcoxon.isExact ? "wilcox_exact_cc0" : "wilcox_approx_cc1"
            #expect(close(wilcoxon.p, try golden["wilcoxon", key, "p"].number), "\(name)")
            #expect(wilcoxon.isExact == (name == "paired_noties"))
            #expect(close(wilcoxon.rankBiserial, try golden["rank_biserial"].number), "\(name)")
            let sign = try SignTest(differences)
            #expect(sign.count == Int(try golden["sign_test", "n_nonzero"].number))
            #expect(sign.positive == Int(try golden["sign_test", "positive"].number))
            #expect(close(sign.p, try golden["sign_test", "p"].number), "\(name)")
            let centre = try HodgesLehmann(differences)
            #expect(close(centre.estimate, try golden["hodges_lehmann_median_walsh"].number), "\(name)")
            if try golden.keys.contains("sign_flip_permutation_exact") {
                let flip = try SignFlipTest(differences)
                #expect(flip.p == (try golden["sign_flip_permutation_exact", "p_two"].number), "\(name)")
                #expect(flip.pGreater == (try golden["sign_flip_permutation_exact", "p_greater"].number), "\(name)")
            }
        }
        let r = try Golden("wilcoxon_r")
        let plain = try sets()[0].1
        let wilcoxon = try SignedRankTest(plain)
        #expect(wilcoxon.positiveRankSum == (try r["noties", "V"].number))
        #expect(close(wilcoxon.p, try r["noties", "p"].number))
        // Shifted by a margin, magnitudes are tied; R computes 0.2 − 0.5 and sees no tie in its last bits.
        let shifted = try SignedRankTest(plain, shift: -0.5)
        #expect(shifted.hasTies && !shifted.isExact)
        for (key, level) in [("ci95", 0.95), ("ci90", 0.90)] {
            let interval = try HodgesLehmann(plain, level: level).interval
            #expect(close([interval.lower, interval.upper], try r["noties", key].numbers), "\(key)")
        }
        #expect(close(try SignedRankTest(sets()[1].1).p, try r["ties_cc", "p"].number))
        // R solves for the tied interval numerically with a tolerance of 1e-4.
        let cohort = try HodgesLehmann(cohort("ssim")).interval
        let expected = try r["cohort_ssim_rounded4", "ci95"].numbers
        #expect(abs(cohort.lower - expected[0]) < 1e-4 && abs(cohort.upper - expected[1]) < 1e-4)
    }

    @Test func hodgesLehmannIsTheMedianOfAllPairMeans() throws {
        var random = SplitMix64(seed: 21)
        for count in [7, 8, 30, 61, 200] {
            let values = (0..<count).map { _ in (random.unit() * 100).rounded() / 10 - 3 }
            let differences = try PairedDifferences(values)
            var averages: [Double] = []
            for i in 0..<count { for j in i..<count { averages.append((values[i] + values[j]) / 2) } }
            let expected = try Sample(averages).median
            #expect(close(try HodgesLehmann(differences).estimate, expected, 1e-12), "\(count)")
        }
    }

    @Test func theVerdictFlipsExactlyAtTheMargin() throws {
        // Equal differences give an interval without width, so that the bound is known to the last digit.
        for harm in [0.004_999_999_9, 0.005, 0.005_000_000_1] {
            let higher = try NonInferiority(
                PairedDifferences([Double](repeating: -harm, count: 8)), margin: 0.005, better: .higher)
            let lower = try NonInferiority(
                PairedDifferences([Double](repeating: harm, count: 8)), margin: 0.005, better: .lower)
            #expect(higher.isNonInferior == (harm < 0.005), "\(harm)")
            #expect(lower.isNonInferior == (harm < 0.005), "\(harm)")
            #expect(higher.isInferior == (harm >= 0.005) && lower.isInferior == (harm >= 0.005))
            #expect(higher.p == nil)
        }
    }

    @Test func shufflingAndScalingPairsChangesNothingElse() throws {
        var random = SplitMix64(seed: 4)
        let differences = try cohort("hd95")
        let shuffled = try PairedDifferences(differences.values.shuffled(using: &random))
        #expect(try PairedTTest(differences) == PairedTTest(shuffled))
        #expect(try SignedRankTest(differences) == SignedRankTest(shuffled))
        #expect(try HodgesLehmann(differences) == HodgesLehmann(shuffled))
        let scaled = try PairedDifferences(differences.values.map { $0 * 1000 })
        #expect(close(try PairedTTest(scaled).statistic, try PairedTTest(differences).statistic, 1e-12))
        #expect(try SignedRankTest(scaled).p == SignedRankTest(differences).p)
        #expect(close(try HodgesLehmann(scaled).estimate, try HodgesLehmann(differences).estimate * 1000, 1e-12))
    }

    @Test func degeneratePairsAreTypedOutcomes() throws {
        #expect(throws: StatisticsError.lengthMismatch(1, 2)) {
            try PairedDifferences(candidate: [1], reference: [1, 2])
        }
        #expect(throws: StatisticsError.notFinite(index: 0)) {
            try PairedDifferences(candidate: [.nan], reference: [1])
        }
        // 0.3 − 0.2 and 0.2 − 0.1 differ in their last bits.
        let constant = try PairedDifferences(candidate: [0.3, 0.2, 0.4], reference: [0.2, 0.1, 0.3])
        #expect(throws: StatisticsError.noVariation) { try PairedTTest(constant) }
        let zero = try PairedDifferences(candidate: [0.3, 0.2], reference: [0.3, 0.2])
        #expect(throws: StatisticsError.noVariation) { try SignedRankTest(zero) }
        #expect(throws: StatisticsError.noVariation) { try SignTest(zero) }
        #expect(try NonInferiority(zero, margin: 0.1, better: .higher).isNonInferior)
        #expect(throws: StatisticsError.self) { try NonInferiority(zero, margin: 0, better: .higher) }
        #expect(throws: StatisticsError.self) { try Equivalence(zero, margin: -1) }
        let one = try PairedDifferences([0.1])
        #expect(throws: StatisticsError.tooFew("values", minimum: 2, found: 1)) { try PairedTTest(one) }
        #expect(throws: StatisticsError.tooFew("values for this level", minimum: 6, found: 1)) {
            try HodgesLehmann(one)
        }
        #expect(throws: StatisticsError.self) { try SignFlipTest(PairedDifferences([Double](repeating: 1, count: 21))) }
    }
}
