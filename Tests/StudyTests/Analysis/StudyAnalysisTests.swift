import Foundation
import Metrics
import Testing

@testable import Study

struct StudyAnalysisTests {
    /// A run whose cases have the given values of MAE; nil is a case that failed.
    private func record(
        _ values: [Double?], sites: [String]? = nil, change: (String) -> String = { $0 },
        edit: (inout RunRecord) -> Void = { _ in }
    ) throws -> RunRecord {
        let folder = try TestFolder()
        let store = try Store.openForWriting(path: folder.file("s.sqlite"))
        try store.begin(MadeStore.opening("r", cases: values.count, file: SmallCohort.protocolFile(change)))
        for (index, value) in values.enumerated() {
            var result = MadeStore.result("C\(index + 1)", mae: value ?? 0)
            result.deviations = []
            if value == nil {
                result.record.outcome = CaseOutcome(status: .failed, stage: .generation, reasonCode: "timed_out")
                result.record.measurements = []
            }
            try store.append(result, to: "r")
        }
        var record = try store.record(ofRun: "r")
        for index in record.cases.indices { record.cases[index].site = sites?[index] ?? record.cases[index].site }
        edit(&record)
        return record
    }

    private func lines(_ record: RunRecord, _ kind: AnalysisRecord.Kind, _ endpoint: String = "EP.MAE")
        -> [AnalysisRecord]
    {
        StudyAnalysis(record: record).analyses().filter { $0.kind == kind && $0.endpointOID == endpoint }
    }

    private func isNear(_ value: Double?, _ expected: Double, _ tolerance: Double = 1e-12) -> Bool {
        value.map { abs($0 - expected) <= tolerance * max(1, abs(expected)) } ?? false
    }

    @Test func theMeanAndItsTIntervalAreThoseOfTheFormula() throws {
        // Mean 3, SD √2.5, n 5, t(0.975; 4) = 2.7764451051977987.
        let decision = try #require(lines(record([1, 2, 3, 4, 5]), .decision).first)
        let half = 2.776_445_105_197_798_7 * (2.5 / 5).squareRoot()
        #expect(isNear(decision.estimate, 3))
        #expect(isNear(decision.lower, 3 - half))
        #expect(isNear(decision.upper, 3 + half))
        #expect(decision.verdict == .pass)
        #expect(decision.method == "mean_t")
        #expect(decision.evaluated == 5 && decision.missing == 0)
    }

    @Test(arguments: [("2", "fail"), ("3", "inconclusive"), ("4.9", "inconclusive"), ("5", "pass"), ("1", "fail")])
    func theVerdictFollowsTheConfidenceBound(_ threshold: String, _ verdict: String) throws {
        // Interval 1.0368 … 4.9632; lower is better.
        let run = try record([1, 2, 3, 4, 5]) {
            $0.replacingOccurrences(of: "Threshold=\"20\"", with: "Threshold=\"\(threshold)\"")
        }
        let expected = threshold == "2" ? "inconclusive" : verdict
        #expect(lines(run, .decision).first?.verdict?.rawValue == expected)
    }

    @Test func missingCasesCountByTheRuleAndSensitivityShowsTheOthers() throws {
        // The imputed worst of MAE is unknown, so that a failed case has no value to stand for it.
        let run = try record([1, 2, 3, 4, nil])
        let decision = try #require(lines(run, .decision).first)
        #expect(decision.missing == 1 && decision.evaluated == 4)
        #expect(decision.verdict == .notEvaluable)
        #expect(decision.note?.contains("names no worst value") == true)
        let sensitivity = lines(run, .sensitivity)
        #expect(sensitivity.count == 4)
        let complete = try #require(sensitivity.first { $0.method.hasPrefix("missing:complete-case") })
        #expect(complete.verdict == .pass && isNear(complete.estimate, 2.5))
        #expect(complete.note?.contains("verdict changes from not_evaluable to pass") == true)
        let worst = try #require(sensitivity.first { $0.method.hasPrefix("missing:worst-observed") })
        #expect(isNear(worst.estimate, 14.0 / 5))
    }

    @Test func aShareFailsWithZeroWhereItIsMissing() throws {
        let run = try record([0.9, 0.9, 0.8, nil]) {
            $0.replacingOccurrences(
                of: "Metric=\"mae\" Structure=\"body\" CaseSummary=\"value\" Estimator=\"mean\" Better=\"lower\"",
                with: "Metric=\"ssim\" Structure=\"liver\" CaseSummary=\"value\" Estimator=\"mean\" Better=\"higher\""
            )
            .replacingOccurrences(of: "Threshold=\"20\"", with: "Threshold=\"0.5\"")
        } edit: { record in
            for item in record.cases.indices where !record.cases[item].measurements.isEmpty {
                record.cases[item].measurements[0].measurement.metric = "ssim"
                record.cases[item].measurements[0].measurement.structure = "liver"
            }
        }
        let decision = try #require(lines(run, .decision).first)
        #expect(isNear(decision.estimate, 2.6 / 4))
        #expect(decision.verdict == .inconclusive)
    }

    @Test func tooFewCasesAreNotJudged() throws {
        let decision = try #require(lines(record([1, 2]), .decision).first)
        #expect(decision.verdict == .notEvaluable)
        #expect(decision.note == "2 cases have a value, the protocol asks for 3")
        #expect(isNear(decision.estimate, 1.5))
    }

    @Test func excludedCasesCountNowhereAndMajorDeviationsLeaveThePerProtocolSet() throws {
        let run = try record([1, 2, 3, 4, 50]) {
            $0
        } edit: { record in
            record.cases[3].outcome.status = .excluded
            record.deviations = [DeviationRecord(caseID: "C5", grade: .major, code: "x", message: "y")]
        }
        let intervals = lines(run, .interval)
        let full = try #require(intervals.first { $0.set == .fullAnalysis && $0.method == "mean_t" })
        let part = try #require(intervals.first { $0.set == .perProtocol && $0.method == "mean_t" })
        #expect(full.planned == 4 && isNear(full.estimate, 14))
        #expect(part.planned == 3 && isNear(part.estimate, 2))
    }

    @Test func emptyMasksFollowTheProtocolsRule() throws {
        let run = try record([1, 2, 3, 4])
        // Every case has hausdorff_95 not computed because the generated mask is empty, worst value 123.456.
        let proportion = try #require(lines(run, .interval, "EP.HD").first { $0.set == .fullAnalysis })
        #expect(proportion.method == "proportion_clopper_pearson")
        #expect(proportion.evaluated == 4 && proportion.estimate == 0 && proportion.lower == 0)
        // Clopper-Pearson for 0 of 4: 1 − 0.025^(1/4).
        #expect(isNear(proportion.upper, 1 - pow(0.025, 0.25), 1e-10))
        let negative = try record([1, 2, 3]) {
            $0
        } edit: { record in
            for index in record.cases.indices {
                record.cases[index].measurements[1].measurement.value = .notComputed(.bothEmpty)
            }
        }
        let none = try #require(lines(negative, .interval, "EP.HD").first)
        #expect(none.planned == 0 && none.missing == 0 && none.estimate == nil)
    }

    @Test func sitesAndSubgroupsAreLinesOfTheirOwn() throws {
        let run = try record([1, 3, 2, 4, 6, 8], sites: ["a", "a", "b", "b", "c", "c"])
        #expect(lines(run, .site).map(\.group) == ["a", "b", "c"])
        #expect(lines(run, .site).compactMap(\.estimate) == [2, 3, 7])
        let subgroup = try #require(lines(run, .subgroup).first)
        #expect(subgroup.group == "sex=F" && subgroup.note == "fewer than 10 cases: not assessable")
        let heterogeneity = lines(run, .heterogeneity)
        #expect(
            heterogeneity.map(\.method) == ["random_effects"] + Array(repeating: "random_effects_without", count: 3))
        // Equal variances: the pooled mean is that of the sites' means.
        #expect(isNear(heterogeneity[0].estimate, 4))
        #expect(isNear(heterogeneity[1].estimate, 5))
        #expect(heterogeneity[0].parameters.contains { $0.name == "tau_squared" })
    }

    @Test func aHandfulOfCasesAtFewSitesHasAnIntervalOrAReasonWhyNot() throws {
        // Two sites with two and one case of small images: the curvature of the likelihood is none here.
        for values in [[10.1, 30.0, 10.2], [1, 5, 1.000001], [1, 1, 2], [0.5, 100, 0.6], [1, 9, 3]] {
            let run = try record(values, sites: ["a", "b", "a"])
            let line = try #require(
                StudyAnalysis(record: run).analyses().first {
                    $0.kind == .interval && $0.endpointOID == "EP.MAE" && $0.parameters.contains { $0.name == "sites" }
                        || $0.note != nil && $0.kind == .interval
                })
            #expect(line.lower != nil || line.note != nil)
        }
    }

    @Test func theSameRunGivesTheSameLinesInAnyOrderOfCases() throws {
        let run = try record([1, 2, 3, 4, 5.5, 7, 2.5])
        var shuffled = run
        shuffled.cases.reverse()
        let first = StudyAnalysis(record: run).analyses()
        let second = StudyAnalysis(record: shuffled).analyses()
        #expect(first.map(\.estimate) == second.map(\.estimate))
        #expect(first.map(\.lower) == second.map(\.lower))
        #expect(first.map(\.upper) == second.map(\.upper))
    }

    @Test func outliersAreFlaggedAndStay() throws {
        let run = try record([1, 1.1, 1.2, 1.3, 1.4, 90])
        let line = try #require(lines(run, .descriptive).first)
        #expect(line.parameters.contains(MetricParameter("outliers", .text("C6"))))
        #expect(line.evaluated == 6)
    }

    @Test func binsOfACovariateAreInTheirOrder() {
        let subgroup = StudyProtocol.Subgroup(covariate: "slice_mm", bins: [2, 3])
        let names = ["3.0", "2.5", "5", "x", "1"].map { SubgroupLevel.name(of: ["slice_mm": $0], subgroup) }
            .sorted { $0.order < $1.order }.map(\.name)
        #expect(names == ["≤ 2.0", "2.0 to 3.0", "2.0 to 3.0", "> 3.0", "unknown"])
    }

    @Test func allPrimaryCriteriaHaveToPass() {
        #expect(Verdict.joined([.pass, .pass]) == .pass)
        #expect(Verdict.joined([.pass, .inconclusive]) == .inconclusive)
        #expect(Verdict.joined([.inconclusive, .notEvaluable]) == .notEvaluable)
        #expect(Verdict.joined([.notEvaluable, .fail]) == .fail)
        #expect(Verdict.joined([]) == .notEvaluable)
    }
}
