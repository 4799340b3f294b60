import Testing

@testable import Statistics

struct DecisionTests {
    @Test func proportionsAgreeWithStatsmodels() throws {
        let golden = try Golden("proportions")
        for key in try golden["ci95"].keys {
            let parts = key.split(separator: "/").compactMap { Int($0) }
            let proportion = try Proportion(successes: parts[0], count: parts[1])
            let expected = try golden["ci95", key]
            let wilson = try proportion.wilson()
            let exact = try proportion.clopperPearson()
            #expect(close([wilson.lower, wilson.upper], try expected["wilson"].numbers, 1e-9), "\(key)")
            #expect(close([exact.lower, exact.upper], try expected["beta"].numbers, 1e-9), "\(key)")
            let lower = try expected["clopper_pearson_one_sided_lower95"].number
            let upper = try expected["clopper_pearson_one_sided_upper95"].number
            #expect(close(proportion.lowerBound(level: 0.95), lower, 1e-9), "\(key)")
            #expect(close(proportion.upperBound(level: 0.95), upper, 1e-9), "\(key)")
        }
        for (b, c) in [(5, 1), (10, 3), (0, 6), (4, 4)] {
            let test = try McNemarTest(newlyFailing: b, newlyFixed: c)
            #expect(close(test.exact, try golden["mcnemar", "b\(b)_c\(c)", "exact"].number, 1e-9))
            #expect(close(test.midP, try golden["mcnemar", "b\(b)_c\(c)", "midp"].number, 1e-9))
        }
        #expect(try McNemarTest(newlyFailing: 0, newlyFixed: 0).exact == 1)
        #expect(close(try Proportion.ruleOfThree(cases: 60), try golden["rule_of_three_n60"].number, 1e-9))
        #expect(throws: StatisticsError.self) { try Proportion(successes: 3, count: 2) }
        #expect(throws: StatisticsError.tooFew("cases", minimum: 1, found: 0)) {
            try Proportion(successes: 0, count: 0)
        }
    }

    @Test func correctedPValuesAgreeWithStatsmodels() throws {
        let golden = try Golden("multiplicity")
        let p = try Table("pvalues").numbers("p")
        #expect(close(try Multiplicity.holm(p), try golden["holm"].numbers, 1e-12))
        #expect(close(try Multiplicity.hochberg(p), try golden["simes-hochberg"].numbers, 1e-12))
        #expect(close(try Multiplicity.benjaminiHochberg(p), try golden["fdr_bh"].numbers, 1e-12))
        #expect(throws: StatisticsError.self) { try Multiplicity.holm([0.5, 1.5]) }
        #expect(try Multiplicity.holm([]) == [])
    }

    @Test func outliersAreFlaggedAsExpected() throws {
        let golden = try Golden("outliers")
        let flags = try OutlierFlags(Table("outliers").numbers("x"))
        #expect(close([flags.innerFences.lower, flags.innerFences.upper], try golden["fence15"].numbers, 1e-10))
        #expect(close([flags.outerFences.lower, flags.outerFences.upper], try golden["fence30"].numbers, 1e-10))
        #expect(flags.mild.map(Double.init) == (try golden["tukey15_idx"].numbers))
        #expect(flags.extreme == [8, 12])
        #expect(close(try #require(flags.modifiedZ), try golden["modz"].numbers, 1e-10))
        #expect(flags.beyondModifiedZ?.map(Double.init) == (try golden["modz_idx"].numbers))
        let flat = try OutlierFlags([1, 1, 1, 1, 9])
        #expect(flat.modifiedZ == nil && flat.mild == [4])
    }

    @Test func sampleSizesAndPowerAgreeWithExactCalculations() throws {
        let golden = try Golden("power")
        let power = Power.pairedDifference(cases: 30, effect: 0.5, alpha: 0.05)
        #expect(close(power, try golden["paired_t_power_n30_dz05_two"].number, 1e-8))
        let count = try golden["paired_t_n_power80_dz05_two"].number
        #expect(close(Power.pairedDifference(cases: count, effect: 0.5, alpha: 0.05), 0.8, 1e-7))
        #expect(try SampleSize.pairedDifference(effect: 0.5, alpha: 0.05, power: 0.8) == 34)
        for (key, alpha, target) in [
            ("ni_n_margin0005_sd001_a0025_p90", 0.025, 0.9), ("ni_n_margin0005_sd001_a005_p80", 0.05, 0.8),
        ] {
            let count = try golden[key].number
            let reached = Power.bound(cases: count, distance: 0.005, standardDeviation: 0.01, alpha: alpha)
            #expect(close(reached, target, 1e-7), "\(key)")
            let whole = try SampleSize.bound(
                distance: 0.005, standardDeviation: 0.01, alpha: alpha, power: target)
            #expect(whole == Int(count.rounded(.up)), "\(key)")
        }
        let centred = Power.equivalence(
            cases: 40, difference: 0, margin: 0.005, standardDeviation: 0.01, alpha: 0.05)
        #expect(close(centred, try golden["tost_power_n40_delta0_m0005_sd001"].number, 1e-9))
        let shifted = Power.equivalence(
            cases: 20, difference: 0.001, margin: 0.005, standardDeviation: 0.01, alpha: 0.05)
        #expect(close(shifted, try golden["tost_power_n20_delta0001_m0005_sd001"].number, 1e-8))
        #expect(
            try SampleSize.zeroFailures(share: 0.9, level: 0.95)
                == Int(golden["clopper_n_for_lower95_ge_090_zero_fail"].number))
        #expect(
            try SampleSize.zeroFailures(share: 0.95, level: 0.95) == Int(golden["nonparam_tolerance_n_95_95"].number))
        #expect(
            close(
                try SampleSize.designEffect(casesPerSite: 10, intraclassCorrelation: 0.1),
                try golden["design_effect_m10_icc01"].number))
        #expect(
            try SampleSize.halfWidth(0.002, standardDeviation: 0.01, level: 0.95)
                == Int(golden["width_n_ci_halfwidth_0002_sd001_z"].number))
    }

    @Test func sampleSizesForEquivalenceAreTheSmallestThatReachTheirPower() throws {
        let count = try SampleSize.equivalence(
            difference: 0.001, margin: 0.005, standardDeviation: 0.01, alpha: 0.05, power: 0.9)
        func power(_ cases: Int) -> Double {
            Power.equivalence(
                cases: Double(cases), difference: 0.001, margin: 0.005, standardDeviation: 0.01, alpha: 0.05)
        }
        #expect(power(count) >= 0.9 && power(count - 1) < 0.9)
        #expect(throws: StatisticsError.self) {
            try SampleSize.equivalence(
                difference: 0.006, margin: 0.005, standardDeviation: 0.01, alpha: 0.05, power: 0.9)
        }
        #expect(throws: StatisticsError.self) {
            try SampleSize.bound(distance: -0.1, standardDeviation: 1, alpha: 0.025, power: 0.9)
        }
        #expect(throws: StatisticsError.self) {
            try SampleSize.bound(distance: 1e-9, standardDeviation: 1, alpha: 0.025, power: 0.9)
        }
        #expect(try SampleSize.bound(distance: 100, standardDeviation: 1, alpha: 0.025, power: 0.9) == 2)
    }

    @Test func verdictsFollowTheBoundAndTheRuleForMissingCases() throws {
        let golden = try Golden("acceptance")
        let column = try Table("cohort_missing").text("ssim_new")
        let values = column.map(Double.init)
        let threshold = try golden["threshold"].number
        func judged(_ rule: MissingValueRule, minimum: Int = 30) throws -> (Sample, Acceptance) {
            let sample = try Sample(rule.completed(values, better: .higher))
            let verdict = Acceptance(
                try sample.meanInterval(), threshold: threshold, better: .higher, count: sample.count, minimum: minimum)
            return (sample, verdict)
        }
        let (observed, complete) = try judged(.completeCase)
        #expect(close(observed.mean, try golden["mean"].number, 1e-10))
        #expect(close(try observed.meanInterval().lower, try golden["ci95_lower"].number, 1e-10))
        #expect(complete == .pass)
        let (worst, _) = try judged(.worstObserved)
        #expect(close(try worst.meanInterval().lower, try golden["worst_case_min_observed", "lower"].number, 1e-10))
        let (zero, failed) = try judged(.value(0))
        #expect(close(try zero.meanInterval().lower, try golden["worst_case_zero", "lower"].number, 1e-10))
        // The bound misses the threshold, but the interval reaches over it: not passed, and not shown to fail.
        #expect(failed == .inconclusive)
        #expect(try judged(.completeCase, minimum: 56).1 == .notEvaluable)
    }

    @Test func anIntervalThatStraddlesItsThresholdIsInconclusive() {
        let interval = Interval(lower: 0.8, upper: 0.9, level: 0.95)
        func verdict(_ threshold: Double, _ better: Better) -> Acceptance {
            Acceptance(interval, threshold: threshold, better: better, count: 10, minimum: 10)
        }
        #expect(verdict(0.8, .higher) == .pass && verdict(0.85, .higher) == .inconclusive)
        #expect(verdict(0.9, .higher) == .inconclusive && verdict(0.91, .higher) == .fail)
        #expect(verdict(0.9, .lower) == .pass && verdict(0.85, .lower) == .inconclusive)
        #expect(verdict(0.8, .lower) == .inconclusive && verdict(0.79, .lower) == .fail)
        #expect(Acceptance(nil, threshold: 1, better: .lower, count: 99, minimum: 1) == .notEvaluable)
        #expect(Acceptance.all([.pass, .pass]) == .pass && Acceptance.all([]) == .notEvaluable)
        #expect(Acceptance.all([.pass, .inconclusive]) == .inconclusive)
        #expect(Acceptance.all([.inconclusive, .fail, .notEvaluable]) == .fail)
        #expect(Acceptance.all([.inconclusive, .notEvaluable]) == .notEvaluable)
    }
}
