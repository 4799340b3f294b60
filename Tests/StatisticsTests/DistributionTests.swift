import Testing

@testable import Statistics

struct DistributionTests {
    @Test func everyFunctionAgreesWithScipy() throws {
        let golden = try Golden("distributions")
        func check(_ key: String, _ value: Double, tolerance: Double = 1e-10, line: Int = #line) throws {
            let expected = try golden[key].number
            #expect(close(value, expected, tolerance, absolute: 0), "\(key): \(value) for \(expected)")
        }
        for df in [1, 2, 4, 5, 9, 57, 200] {
            let t = StudentT(degreesOfFreedom: Double(df))
            try check("t.ppf.975.df\(df)", t.quantile(0.975))
            try check("t.sf2.1.df\(df)", t.probability(above: 2.1))
        }
        for (name, p) in [
            ("1e-10", 1e-10), ("0.0001", 1e-4), ("0.025", 0.025), ("0.5", 0.5), ("0.975", 0.975),
            ("0.999999", 0.999999),
        ] {
            try check("norm.ppf.\(name)", Normal.quantile(p))
        }
        for df in [1, 5, 30] {
            let distribution = ChiSquare(degreesOfFreedom: Double(df))
            try check("chi2.sf.7.5.df\(df)", distribution.probability(above: 7.5))
            try check("chi2.ppf.05.df\(df)", distribution.quantile(0.05))
        }
        for (name, a, b) in [("3.52", 3.0, 52.0), ("3.3.25", 3, 3.25), ("1.10", 1, 10)] {
            let distribution = FDistribution(numerator: a, denominator: b)
            try check("f.sf.2.5.\(name)", distribution.probability(above: 2.5))
            try check("f.ppf.975.\(name)", distribution.quantile(0.975))
        }
        for (name, a, b) in [("1.20", 1.0, 20.0), ("57.2", 57, 2), ("0.5.0.5", 0.5, 0.5), ("30.40", 30, 40)] {
            let distribution = BetaDistribution(alpha: a, beta: b)
            try check("beta.ppf.025.\(name)", distribution.quantile(0.025))
            try check("betainc.\(name).0.3", distribution.probability(below: 0.3))
        }
        for (df, nc) in [(9.0, 2.5), (57, 14.927)] {
            let distribution = NonCentralT(degreesOfFreedom: df, noncentrality: nc)
            try check("nct.ppf.975.df\(Int(df)).nc\(nc)", distribution.quantile(0.975))
            try check("nct.cdf.3.df\(Int(df)).nc\(nc)", distribution.probability(below: 3))
        }
    }

    @Test func everyFunctionAgreesWithFortyDigitsFarIntoItsTails() throws {
        for item in try Golden("distributions_exact").items {
            let a = try item["arguments"].numbers
            let expected = try item["value"].number
            let name = try item["function"].text
            let value =
                switch name {
                case "normal_above": Normal.probability(above: a[0])
                case "t_above": StudentT(degreesOfFreedom: a[0]).probability(above: a[1])
                case "chi2_above": ChiSquare(degreesOfFreedom: a[0]).probability(above: a[1])
                case "chi2_below": ChiSquare(degreesOfFreedom: a[0]).probability(below: a[1])
                case "f_above": FDistribution(numerator: a[0], denominator: a[1]).probability(above: a[2])
                case "beta_below": BetaDistribution(alpha: a[0], beta: a[1]).probability(below: a[2])
                case "nct_below": NonCentralT(degreesOfFreedom: a[0], noncentrality: a[1]).probability(below: a[2])
                case "nct_above": NonCentralT(degreesOfFreedom: a[0], noncentrality: a[1]).probability(above: a[2])
                case "binomial_at_most": Binomial(trials: Int(a[0]), probability: a[1]).probability(atMost: Int(a[2]))
                default: Double.nan
                }
            #expect(close(value, expected, 1e-10, absolute: 0), "\(name) \(a): \(value) for \(expected)")
        }
    }

    @Test(arguments: [1e-12, 1e-5, 0.01, 0.2, 0.5, 0.8, 0.999])
    func quantilesUndoProbabilities(p: Double) {
        for df in [0.7, 1, 2.5, 30, 4000] {
            let t = StudentT(degreesOfFreedom: df)
            #expect(close(t.probability(below: t.quantile(p)), p, 1e-10))
            let chi = ChiSquare(degreesOfFreedom: df)
            #expect(close(chi.probability(below: chi.quantile(p)), p, 1e-10))
            let f = FDistribution(numerator: df, denominator: 2 * df)
            #expect(close(f.probability(below: f.quantile(p)), p, 1e-10))
            let beta = BetaDistribution(alpha: df, beta: df / 2)
            #expect(close(beta.probability(below: beta.quantile(p)), p, 1e-9))
        }
        #expect(close(Normal.probability(below: Normal.quantile(p)), p, 1e-12))
    }

    @Test func splitMixGivesItsPublishedStream() throws {
        let golden = try Golden("rng")
        for seed: UInt64 in [0, 42, 1_234_567] {
            var random = SplitMix64(seed: seed)
            for expected in try golden["seed_\(seed)"].items { #expect(String(random.next()) == (try expected.text)) }
        }
    }

    @Test func boundedIndicesAreEvenlySpread() {
        var random = SplitMix64(seed: 5)
        var counts = [Int](repeating: 0, count: 7)
        for _ in 0..<70_000 { counts[random.index(below: 7)] += 1 }
        let statistic = counts.reduce(0.0) { $0 + (Double($1) - 10_000) * (Double($1) - 10_000) / 10_000 }
        #expect(ChiSquare(degreesOfFreedom: 6).probability(above: statistic) > 0.001)
    }
}
