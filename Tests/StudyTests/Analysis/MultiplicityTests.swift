import Foundation
import Metrics
import Statistics
import Testing

@testable import Study

struct MultiplicityTests {
    /// Three criteria on secondary endpoints that are means, beside the primary one.
    private func file(_ thresholds: [Double], rule: String = "holm", interval: String = "standard") throws
        -> ProtocolFile
    {
        try SmallCohort.protocolFile { text in
            text.replacing("Estimator=\"median\" Better=\"higher\"", with: "Estimator=\"mean\" Better=\"higher\"")
                .replacing("Estimator=\"proportion\" CaseLimit=\"2.5\"", with: "Estimator=\"mean\"")
                .replacing("MissingData=\"missing-as-failure\"", with: "MissingData=\"complete-case\"")
                .replacing("SecondaryMultiplicity=\"holm\"", with: "SecondaryMultiplicity=\"\(rule)\"")
                .replacing(
                    "</Criteria>",
                    with: """
                        <Criterion OID="CR.A" EndpointOID="EP.SSIM" Threshold="\(thresholds[0])" MinimumCases="3" Interval="\(interval)">T.</Criterion>
                        <Criterion OID="CR.B" EndpointOID="EP.HD" Threshold="\(thresholds[1])" MinimumCases="3" Interval="\(interval)">T.</Criterion>
                        <Criterion OID="CR.C" EndpointOID="EP.HD" Threshold="\(thresholds[2])" MinimumCases="3" Interval="\(interval)">T.</Criterion>
                        </Criteria>
                        """)
        }
    }

    private func decisions(_ file: ProtocolFile, cases: Int = 12, seed: UInt64 = 1) throws -> [AnalysisRecord] {
        try SyntheticStudy(SyntheticStudy.items(cases, seed: seed), file: file).record().analyses.filter {
            $0.kind == .decision
        }
    }

    private func number(_ name: String, _ line: AnalysisRecord) -> Double? {
        switch line.parameters.first(where: { $0.name == name })?.value {
        case .number(let value): value
        case .integer(let value): Double(value)
        default: nil
        }
    }

    /// As a protocol can say it.
    private func decimals(_ value: Double) -> Double { (value * 1e6).rounded() / 1e6 }

    /// One-sided p-value that belongs to a two-sided t interval.
    private func p(_ numbers: [Double], threshold: Double, isLower: Bool) throws -> Double {
        let sample = try Sample(numbers)
        let t = try (sample.mean - threshold) / sample.standardError * (isLower ? -1 : 1)
        return StudentT(degreesOfFreedom: Double(numbers.count - 1)).probability(above: t)
    }

    @Test func widerIntervalsGiveTheVerdictsOfHolmsPValues() throws {
        var counts: [Int: Int] = [:]
        for seed in 1...150 {
            let items = SyntheticStudy.items(12, seed: UInt64(seed))
            let distances = items.compactMap(\.distance)
            let ssim = items.compactMap(\.mae).map { 1 - $0 / 100 }
            let distance = try Sample(distances)
            let similarity = try Sample(ssim)
            // Around the limits at which the steps of three criteria decide.
            let shift = 2.2 + Double(seed % 11) * 0.1
            let thresholds = [
                try similarity.mean - shift * similarity.standardError,
                try distance.mean + (shift + 0.1 * Double(seed % 7)) * distance.standardError,
                try distance.mean + (2 + 0.2 * Double(seed % 5)) * distance.standardError,
            ].map(decimals)
            let lines = try decisions(file(thresholds), seed: UInt64(seed))
            let adjusted = try Multiplicity.holm([
                p(ssim, threshold: thresholds[0], isLower: false),
                p(distances, threshold: thresholds[1], isLower: true),
                p(distances, threshold: thresholds[2], isLower: true),
            ])
            for (oid, value) in zip(["CR.A", "CR.B", "CR.C"], adjusted) {
                let line = try #require(lines.first { $0.criterionOID == oid })
                #expect((line.verdict == .pass) == (value <= 0.025), "seed \(seed), \(oid), \(value)")
                #expect(number("holm_family", line) == 3)
            }
            counts[adjusted.count { $0 <= 0.025 }, default: 0] += 1
        }
        // The constructed cases reach every number of passes.
        #expect(Set(counts.keys) == [0, 1, 2, 3], "\(counts)")
    }

    @Test func whatPassesOnItsOwnButNotAfterHolmIsInconclusiveAndKeepsItsInterval() throws {
        let sample = try Sample(SyntheticStudy.items(12).compactMap(\.distance))
        // t(0.975; 11) is 2.20, t(0.99167; 11) 2.82: 2.4 standard errors lie between.
        let near = decimals(try sample.mean + 2.4 * sample.standardError)
        let held = try #require(try decisions(file([1, near, 0])).first { $0.criterionOID == "CR.B" })
        let free = try #require(try decisions(file([1, near, 0], rule: "none")).first { $0.criterionOID == "CR.B" })
        #expect(held.verdict == .inconclusive && free.verdict == .pass)
        #expect(held.lower == free.lower && held.upper == free.upper && held.estimate == free.estimate)
        #expect(held.note == "passes on its own interval, but not at step 1 of Holm's rule over 3 secondary criteria")
        #expect(number("holm_step", held) == 1 && number("holm_level", held) == 1 - 0.05 / 3)
        #expect(number("holm_step", free) == nil)
        // Two that pass clearly leave the third at the full level.
        let last = try #require(try decisions(file([0.1, near, 50])).first { $0.criterionOID == "CR.B" })
        #expect(last.verdict == .pass && number("holm_step", last) == 3 && number("holm_level", last) == 0.95)
    }

    @Test func primaryCriteriaAreNotSplit() throws {
        let lines = try decisions(file([1, 0, 0]))
        let primary = try #require(lines.first { $0.criterionOID == "CR.MAE" })
        #expect(primary.verdict == .pass && number("holm_step", primary) == nil)
    }

    @Test func sensitivityHoldsTheSameRule() throws {
        let sample = try Sample(SyntheticStudy.items(12).compactMap(\.distance))
        let near = decimals(try sample.mean + 2.4 * sample.standardError)
        let lines = try SyntheticStudy(SyntheticStudy.items(12), file: file([1, near, 0])).record().analyses
        let complete = try #require(
            lines.first { $0.criterionOID == "CR.B" && $0.method.hasPrefix("missing:complete-case") })
        #expect(complete.verdict == .inconclusive && !(complete.note ?? "").contains("verdict changes"))
    }

    // MARK: - Levels

    private func levels(_ items: [SyntheticStudy.Item], edit: (inout RunRecord) -> Void = { _ in }) throws
        -> [AnalysisRecord]
    {
        let file = try SmallCohort.protocolFile {
            $0.replacing(
                "<Subgroup Covariate=\"sex\"/>", with: "<Subgroup Covariate=\"sex\"/><Subgroup Covariate=\"vendor\"/>")
        }
        var record = try SyntheticStudy(items, file: file).record()
        edit(&record)
        return StudyAnalysis(record: record).analyses().filter { $0.kind == .levels && $0.endpointOID == "EP.MAE" }
    }

    @Test func levelsAreComparedByWelchAndRanksWithHolmOverCovariates() throws {
        let items = SyntheticStudy.items(36)
        let lines = try levels(items)
        #expect(lines.map(\.group) == ["sex", "vendor"])
        let sexes = ["F", "M"].map { sex in items.filter { $0.sex == sex }.compactMap(\.mae) }
        let vendors = (1...3).map { site in items.filter { $0.site == "site\(site)" }.compactMap(\.mae) }
        #expect(lines[0].method == "welch_t" && lines[1].method == "welch_anova")
        let p = [try GroupTest(sexes).p, try GroupTest(vendors).p]
        #expect(lines.map(\.p) == p)
        #expect(lines.map { number("holm_p", $0) } == (try Multiplicity.holm(p)))
        #expect(number("kruskal_wallis_p", lines[0]) == (try KruskalWallisTest(sexes).p))
        #expect(lines[0].evaluated == 36 && lines[0].verdict == nil && lines[0].estimate == nil)
        #expect(lines[0].parameters.contains(MetricParameter("levels", .text("F; M"))))
    }

    @Test func smallAndUnknownLevelsAreLeftOut() throws {
        // Nine men and four of unknown sex: one level is left, so that there is no test.
        let lines = try levels(SyntheticStudy.items(36)) { record in
            for index in record.cases.indices {
                record.cases[index].covariates["sex"] = index < 9 ? "M" : index < 13 ? nil : "F"
            }
        }
        #expect(lines[0].p == nil && lines[0].method == "none")
        #expect(lines[0].note == "fewer than two levels with at least 10 cases")
        #expect(lines[0].parameters.contains(MetricParameter("left_out", .text("M"))))
        #expect(number("holm_tests", lines[1]) == 1 && number("holm_p", lines[1]) == lines[1].p)
    }

    @Test func sharesWithoutSpreadAreComparedByRanks() throws {
        let items = SyntheticStudy.items(40).map { item in
            var item = item
            item.distance = item.sex == "F" ? 1 : 9
            return item
        }
        let record = try SyntheticStudy(items).record()
        let line = try #require(record.analyses.first { $0.kind == .levels && $0.endpointOID == "EP.HD" })
        #expect(line.method == "kruskal_wallis" && (line.p ?? 1) < 1e-6)
        #expect(line.note == "a level has equal values only: rank test")
        let same = try SyntheticStudy(
            SyntheticStudy.items(40).map { item in
                var item = item
                item.distance = 1
                return item
            }
        ).record()
        let none = try #require(same.analyses.first { $0.kind == .levels && $0.endpointOID == "EP.HD" })
        #expect(none.p == nil && none.note == "no test: all values are equal")
    }

    @Test func theNewLinesTravelThroughAStoreAndOldStoresDoWithoutThem() throws {
        let folder = try TestFolder()
        let study = try SyntheticStudy(SyntheticStudy.items(36))
        try study.write(to: folder.file("new.sqlite"))
        let stored = try Store.openForReading(path: folder.file("new.sqlite")).record(ofRun: study.runID)
        #expect(stored.analyses == study.record().analyses)
        #expect(stored.analyses.contains { $0.kind == .levels })
        let path = folder.file("old.sqlite")
        let store = try Store.openForWriting(path: path, run: study.runID)
        try store.begin(MadeStore.opening("r", cases: 1))
        try store.append(
            analyses: stored.analyses.filter { $0.kind != .levels }, to: "r", utc: "2026-01-01T00:00:00Z")
        try store.seal()
        let old = try Store.openForReading(path: path).record(ofRun: "r")
        #expect(old.analyses == stored.analyses.filter { $0.kind != .levels })
    }
}
