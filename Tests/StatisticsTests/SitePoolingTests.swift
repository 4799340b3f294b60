import Testing

@testable import Statistics

struct SitePoolingTests {
    private func sites(_ name: String) throws -> SiteEstimates {
        let table = try Table(name)
        return try SiteEstimates(values: table.numbers("yi"), variances: table.numbers("vi"))
    }

    @Test(arguments: ["meta_sites", "meta_hetero", "meta_homog"])
    func pooledSitesAgreeWithFiftyDigits(name: String) throws {
        let golden = try Golden("meta_exact")["\(name).csv"]
        let sites = try sites(name)
        let estimators: [(String, BetweenSiteEstimator)] = [
            ("DL", .derSimonianLaird), ("PM", .pauleMandel), ("REML", .reml),
        ]
        for (key, estimator) in estimators {
            let wald = try PooledEstimate(sites, estimator: estimator, inference: .wald)
            let hartung = try PooledEstimate(sites, estimator: estimator, inference: .hartungKnapp)
            let modified = try PooledEstimate(sites, estimator: estimator)
            #expect(close(wald.tauSquared, try golden["tau2_\(key)"].number, 1e-9), "\(name) \(key)")
            #expect(close(wald.q, try golden["Q"].number, 1e-10))
            let expected = try golden[key]
            #expect(close(wald.estimate, try expected["mu"].number, 1e-9), "\(name) \(key)")
            #expect(close(wald.standardError, try expected["se_wald"].number, 1e-9), "\(name) \(key)")
            #expect(close(hartung.standardError, try expected["se_hk"].number, 1e-8), "\(name) \(key)")
            #expect(close(modified.standardError, try expected["se_mhk"].number, 1e-9), "\(name) \(key)")
            #expect(close(modified.iSquaredPercent, try expected["I2_pct"].number, 1e-9), "\(name) \(key)")
        }
    }

    @Test(arguments: ["meta_sites.csv", "meta_hetero.csv", "meta_homog.csv", "dat.bcg_logRR"])
    func pooledSitesAgreeWithMetafor(name: String) throws {
        let golden = try Golden("meta_r")[name]
        let sites =
            name == "dat.bcg_logRR"
            ? try SiteEstimates(values: golden["yi"].numbers, variances: golden["vi"].numbers)
            : try sites(String(name.dropLast(4)))
        let estimators: [(String, BetweenSiteEstimator)] = [
            ("DL", .derSimonianLaird), ("PM", .pauleMandel), ("REML", .reml),
        ]
        let inferences: [(String, PooledInference)] = [
            ("z", .wald), ("knha", .hartungKnapp), ("adhoc", .modifiedHartungKnapp),
        ]
        for (method, estimator) in estimators {
            for (test, inference) in inferences {
                let expected = try golden["\(method):\(test)"]
                let pooled = try PooledEstimate(sites, estimator: estimator, inference: inference)
                let label = "\(name) \(method):\(test)"
                let pairs: [(String, Double)] = [
                    ("beta", pooled.estimate), ("se", pooled.standardError), ("tau2", pooled.tauSquared),
                    ("I2", pooled.iSquaredPercent), ("H2", pooled.hSquared), ("Q", pooled.q), ("Qp", pooled.qP),
                    ("stat", pooled.statistic), ("pval", pooled.p),
                ]
                for (key, value) in pairs {
                    #expect(close(value, try expected[key].number, 1e-6, absolute: 1e-12), "\(label) \(key): \(value)")
                }
                #expect(
                    close([pooled.interval.lower, pooled.interval.upper], try expected["ci"].numbers, 1e-6), "\(label)")
                #expect(close(pooled.weightsPercent, try expected["weights_pct"].numbers, 1e-6), "\(label)")
                let prediction = try #require(pooled.prediction)
                #expect(
                    close(
                        [prediction.lower, prediction.upper], try expected["pi_riley_t_kminus2"].numbers, 1e-6),
                    "\(label)")
                let profile = try expected["confint_qprofile", "tau2"].numbers
                let tau = pooled.tauSquaredInterval
                #expect(close([tau.lower, tau.upper], Array(profile[1...]), 1e-6), "\(label)")
                guard inference != .modifiedHartungKnapp else { continue }
                let left = try PooledEstimate.leavingOneOut(sites, estimator: estimator, inference: inference)
                #expect(close(left.map(\.estimate), try expected["leave1out", "estimate"].numbers, 1e-4), "\(label)")
            }
        }
    }

    @Test func estimatesOnTheScaleOfSimilarityIndicesAreNotLostInTolerances() throws {
        let small = try sites("meta_sites")
        let large = try SiteEstimates(
            values: small.values.map { $0 * 1000 }, variances: small.variances.map { $0 * 1e6 })
        for estimator in BetweenSiteEstimator.allCases {
            let a = try PooledEstimate(small, estimator: estimator)
            let b = try PooledEstimate(large, estimator: estimator)
            #expect(close(a.tauSquared * 1e6, b.tauSquared, 1e-12), "\(estimator)")
            #expect(close(a.interval.lower * 1000, b.interval.lower, 1e-12), "\(estimator)")
            #expect(close(a.tauSquaredInterval.upper * 1e6, b.tauSquaredInterval.upper, 1e-12), "\(estimator)")
            #expect(close(a.p, b.p, 1e-11), "\(estimator)")
        }
    }

    @Test func orderOfTheSitesChangesNoBit() throws {
        let sites = try sites("meta_hetero")
        var random = SplitMix64(seed: 12)
        let reference = try PooledEstimate(sites)
        for _ in 0..<50 {
            let order = Array(0..<sites.count).shuffled(using: &random)
            let pooled = try PooledEstimate(
                SiteEstimates(values: order.map { sites.values[$0] }, variances: order.map { sites.variances[$0] }))
            #expect(pooled.estimate == reference.estimate && pooled.tauSquared == reference.tauSquared)
            #expect(pooled.interval == reference.interval && pooled.prediction == reference.prediction)
        }
    }

    @Test func oneAndTwoSitesAreTypedOutcomes() throws {
        #expect(throws: StatisticsError.tooFew("sites", minimum: 2, found: 1)) {
            try SiteEstimates(values: [1], variances: [1])
        }
        #expect(throws: StatisticsError.noVariance(index: 1)) { try SiteEstimates(values: [1, 2], variances: [1, 0]) }
        #expect(throws: StatisticsError.noVariance(index: 0)) { try SiteEstimates(meansOf: [[1], [1, 2]]) }
        #expect(throws: StatisticsError.noVariance(index: 1)) { try SiteEstimates(meansOf: [[1, 2], [3, 3]]) }
        let two = try SiteEstimates(values: [1, 2], variances: [0.1, 0.1])
        let pooled = try PooledEstimate(two)
        #expect(pooled.prediction == nil && pooled.hasFewSites)
        #expect(pooled.estimate == 1.5)
        #expect(throws: StatisticsError.tooFew("sites", minimum: 3, found: 2)) {
            try PooledEstimate.leavingOneOut(two)
        }
        let equal = try PooledEstimate(SiteEstimates(values: [1, 1, 1], variances: [0.1, 0.2, 0.3]))
        #expect(equal.tauSquared == 0 && equal.q == 0 && equal.interval.contains(1))
        #expect(!equal.interval.isDegenerate)
    }

    @Test func theMixedModelAgreesWithFiftyDigitsAndWithLmerTest() throws {
        let table = try Table("cohort")
        let differences = zip(try table.numbers("ssim_new"), try table.numbers("ssim_old")).map { $0 - $1 }
        let sites = try table.groups(differences, by: "site")
        let model = try MixedModel(sites)
        let exact = try Golden("mixed_exact")
        let pairs: [(String, Double)] = [
            ("var_resid", model.residualVariance), ("var_site", model.siteVariance), ("intercept", model.intercept),
            ("se_intercept", model.standardError), ("reml_criterion", model.criterion),
            ("icc", model.intraclassCorrelation),
        ]
        for (key, value) in pairs { #expect(close(value, try exact[key].number, 1e-8), "\(key): \(value)") }
        for (name, effect) in zip(try exact["blup"].keys, model.siteEffects) {
            #expect(close(effect, try exact["blup", name].number, 1e-8), "\(name)")
        }
        let r = try Golden("mixed_r")["diff_site", "coef"]
        #expect(close(model.degreesOfFreedom, try r["df"].number, 1e-5))
        #expect(close(model.statistic, try r["t value"].number, 1e-5))
        #expect(close(model.p, try r["Pr(>|t|)"].number, 1e-5))
    }

    @Test func theMixedModelIsScaledWithItsValuesAndKnowsItsLimits() throws {
        let table = try Table("cohort")
        let sites = try table.groups(table.numbers("ssim_new"), by: "site")
        let model = try MixedModel(sites)
        let scaled = try MixedModel(sites.map { $0.map { $0 * 1000 } })
        #expect(close(model.interval.lower * 1000, scaled.interval.lower, 1e-9))
        #expect(close(model.degreesOfFreedom, scaled.degreesOfFreedom, 1e-7))
        // Site means that agree by chance: no variance between sites, the plain t interval.
        let flat = try MixedModel([[1, 3], [2, 2.1], [1.5, 2.5]])
        #expect(flat.siteVariance == 0)
        #expect(close(flat.degreesOfFreedom, 5))
        #expect(close(flat.interval.lower, try Sample([1, 3, 2, 2.1, 1.5, 2.5]).meanInterval().lower))
        #expect(throws: StatisticsError.tooFew("sites", minimum: 2, found: 1)) { try MixedModel([[1, 2]]) }
        #expect(throws: StatisticsError.tooFew("cases", minimum: 3, found: 2)) { try MixedModel([[1], [2]]) }
        #expect(throws: StatisticsError.noVariation) { try MixedModel([[1, 1], [2, 2]]) }
    }
}
