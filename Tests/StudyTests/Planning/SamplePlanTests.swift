import Statistics
import Testing

@testable import Study

struct SamplePlanTests {
    @Test func everyCriterionAndMarginOfAProtocolIsPlanned() throws {
        let plan = try SyntheticStudy.protocolFile(margin: "0.5").plan
        let assumptions = [
            "CR.MAE": SamplePlan.Assumption(standardDeviation: 4, expected: 18),
            "EP.MAE": SamplePlan.Assumption(standardDeviation: 1),
            "EP.HD": SamplePlan.Assumption(standardDeviation: 0.4),
        ]
        let result = try SamplePlan(plan, assumptions: assumptions, settings: SamplePlan.Settings())
        #expect(result.lines.map(\.oid) == ["CR.MAE", "EP.MAE", "EP.HD"])
        #expect(
            result.lines[0].independentCases
                == (try SampleSize.bound(distance: 2, standardDeviation: 4, alpha: 0.025, power: 0.9)))
        // Half a unit of a standard deviation of one: the figure of the tables.
        #expect(result.lines[1].independentCases == 44)
        #expect(result.cases == result.lines.compactMap(\.cases).max())
    }

    @Test func sitesAndMissingCasesRaiseTheNumber() throws {
        let settings = SamplePlan.Settings(intraclassCorrelation: 0.1, casesPerSite: 10, dropout: 0.1)
        let result = try SamplePlan(question: "x", settings: settings) { 50 }
        #expect(result.designEffect == 1.9)
        #expect(result.cases == 106)
        #expect(throws: StatisticsError.self) {
            try SamplePlan(question: "x", settings: SamplePlan.Settings(dropout: 1)) { 50 }
        }
    }

    @Test func whatIsNotKnownIsAskedFor() throws {
        let plan = try SyntheticStudy.protocolFile().plan
        let result = try SamplePlan(plan, assumptions: [:], settings: SamplePlan.Settings())
        #expect(result.cases == nil)
        #expect(result.lines.allSatisfy { $0.note?.contains("give the") == true })
        let wrong = try SamplePlan(
            plan, assumptions: ["CR.MAE": SamplePlan.Assumption(standardDeviation: 4, expected: 25)],
            settings: SamplePlan.Settings())
        #expect(wrong.lines[0].note?.contains("good side") == true)
    }
}
