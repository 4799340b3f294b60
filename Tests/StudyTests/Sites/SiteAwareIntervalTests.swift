import Statistics
import Testing

@testable import Study

struct SiteAwareIntervalTests {
    private func estimate(_ sites: [[Double]]) throws -> EndpointEstimate {
        let plan = try SmallCohort.protocolFile().plan
        let endpoint = try #require(plan.endpoint("EP.MAE"))
        let data = sites.enumerated().flatMap { site, values in
            values.enumerated().map { index, value in
                EndpointEstimator.Datum(subject: "\(site)-\(index)", site: "site\(site)", number: value)
            }
        }
        return EndpointEstimator(endpoint: endpoint, statistics: plan.statistics).estimate(data, method: .siteAware)
    }

    @Test func sitesWithVarianceArePooled() throws {
        let sites = [[1.0, 2, 3], [2, 3, 4.5], [1.5, 2.5, 2]]
        let pooled = try PooledEstimate(SiteEstimates(meansOf: sites))
        let found = try estimate(sites)
        #expect(found.method == "mean_random_effects" && found.estimate == pooled.estimate)
        #expect(found.lower == pooled.interval.lower && found.upper == pooled.interval.upper)
    }

    @Test func aSiteWithOneCaseOrEqualValuesStillCounts() throws {
        for sites in [[[1.0, 2, 3], [2, 3, 4.5], [2.5]], [[1.0, 2, 3], [2, 2, 2]]] {
            let model = try MixedModel(sites)
            let found = try estimate(sites)
            #expect(found.method == "mean_mixed_model" && found.estimate == model.intercept)
            #expect(found.lower == model.interval.lower && found.note != nil)
        }
        #expect(try estimate([[1.0, 2, 3]]).lower == nil)
    }
}
