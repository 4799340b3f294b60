import Metrics
import Testing

@testable import Study

struct PublicViewTests {
    private func record(_ items: [SyntheticStudy.Item], edit: (inout RunRecord) -> Void = { _ in }) throws -> RunRecord
    {
        var record = try SyntheticStudy(items).record()
        for index in record.cases.indices { record.cases[index].subject = "PSEUDONYM-\(index)-END" }
        edit(&record)
        record.run.caseCount = record.cases.count
        record.analyses = StudyAnalysis(record: record).analyses()
        return record
    }

    /// Items of which the given ones failed.
    private func items(_ count: Int, sites: Int = 3, failed: Range<Int> = 0..<0) -> [SyntheticStudy.Item] {
        var items = SyntheticStudy.items(count, sites: sites)
        for index in items.indices { items[index].id = "CASE-\(index)-END" }
        for index in failed { (items[index].mae, items[index].distance) = (nil, nil) }
        return items
    }

    private func everything(_ view: PublicView) -> String {
        var text = String(decoding: view.csv(), as: UTF8.self)
        dump(view, to: &text)
        return text
    }

    @Test func nothingInTheViewNamesACase() throws {
        let full = try record(items(60, failed: 3..<6)) { record in
            record.deviations = [
                DeviationRecord(caseID: "CASE-7-END", grade: .major, code: "x", message: "of CASE-7-END")
            ]
        }
        let text = everything(try PublicView(of: full))
        for item in full.cases {
            #expect(!text.contains(item.id) && !text.contains(item.subject), "\(item.id)")
        }
        #expect(!text.contains("Meier"))
    }

    @Test func fewLossesHideTheNumberEvaluatedAndWhatFollowsFromIt() throws {
        let view = try PublicView(of: record(items(60, failed: 3..<6)))
        #expect(view.listed == 60 && view.evaluated == "at least 50" && view.evaluatedCount == nil)
        #expect(view.lost == [PublicView.Level(name: "not generated", count: "<11")])
        let decision = try #require(view.record.analyses.first { $0.kind == .decision })
        #expect(view.counts(of: decision) == PublicView.Counts(evaluated: "≥ 11", missing: "<11"))
        #expect(decision.estimate != nil && decision.evaluated == 0)
        // Means with and without stand-ins for missing values would give their share.
        let sensitivity = view.record.analyses.filter { $0.kind == .sensitivity }
        #expect(sensitivity.allSatisfy { $0.estimate == nil && $0.verdict != nil })
        let words = String(decoding: view.csv(), as: UTF8.self).split { !$0.isLetter && !$0.isNumber && $0 != "." }
        #expect(!words.contains("57"))
    }

    @Test func withoutLossesCountsAreExactAndManyLossesMayBeToldToo() throws {
        let view = try PublicView(of: record(items(60)))
        #expect(view.evaluated == "60" && view.lost.isEmpty && !view.hasLosses)
        let decision = try #require(view.record.analyses.first { $0.kind == .decision })
        #expect(view.counts(of: decision) == PublicView.Counts(evaluated: "60", missing: "0"))
        let many = try PublicView(of: record(items(60, failed: 0..<14)))
        #expect(many.evaluated == "46" && many.lost.map(\.count) == ["14"])
    }

    @Test func groupsShowNoSmallCountAndNoEstimateThere() throws {
        // 51 cases: 26 F, 25 M; sites of 40, 6 and 5.
        var all = items(51)
        for index in all.indices { all[index].site = index < 40 ? "a" : index < 46 ? "b" : "c" }
        let view = try PublicView(of: record(all))
        #expect(view.sites.map(\.count) == ["40", "<11", "<11"])
        let sites = view.record.analyses.filter { $0.kind == .site && $0.endpointOID == "EP.MAE" }
        #expect(sites.map { view.counts(of: $0).evaluated } == ["40", "<11", "<11"])
        #expect(sites.map { $0.estimate != nil } == [true, false, false])
        let subgroups = view.record.analyses.filter { $0.kind == .subgroup && $0.endpointOID == "EP.MAE" }
        #expect(subgroups.map { view.counts(of: $0).evaluated } == ["26", "25"])
        // Leaving a small site out would tell what it holds.
        let left = view.record.analyses.filter { $0.kind == .heterogeneity && !$0.group.isEmpty }
        #expect(left.allSatisfy { ($0.estimate != nil) == ($0.group == "a") })
        // A share by group is a count of cases.
        let shares = view.record.analyses.filter { $0.kind == .site && $0.endpointOID == "EP.HD" }
        #expect(shares.allSatisfy { $0.estimate == nil })
    }

    @Test func groupsWithLossesShowOnlyWhetherTheyAreLarge() throws {
        let view = try PublicView(of: record(items(60, failed: 0..<1)))
        let sites = view.record.analyses.filter { $0.kind == .site && $0.endpointOID == "EP.MAE" }
        #expect(view.sites.map(\.count) == ["20", "20", "20"])
        #expect(sites.map { view.counts(of: $0).evaluated } == ["≥ 11", "≥ 11", "≥ 11"])
        #expect(sites.allSatisfy { $0.estimate != nil })
    }

    @Test func aSharePastOrShortOfItsLimitInFewCasesIsWithheld() throws {
        var all = items(60)
        for index in all.indices { all[index].distance = index < 3 ? 9 : 1 }
        let view = try PublicView(of: record(all))
        let lines = view.record.analyses.filter { $0.endpointOID == "EP.HD" && $0.kind == .interval }
        #expect(!lines.isEmpty && lines.allSatisfy { $0.estimate == nil && $0.lower == nil })
        for index in all.indices { all[index].distance = index < 20 ? 9 : 1 }
        let open = try PublicView(of: record(all))
        #expect(
            open.record.analyses.contains { $0.endpointOID == "EP.HD" && $0.kind == .interval && $0.estimate != nil })
    }

    @Test func extremesOutliersAndSpreadStayWithTheBoard() throws {
        let view = try PublicView(of: record(items(60)))
        let line = try #require(view.record.analyses.first { $0.kind == .descriptive && $0.endpointOID == "EP.MAE" })
        #expect(line.parameters.map(\.name) == ["q1", "median", "q3"])
    }

    @Test func testsBetweenLevelsStandOnlyWhereAllLevelsMayBeShown() throws {
        let view = try PublicView(of: record(items(60)))
        let line = try #require(view.record.analyses.first { $0.kind == .levels && $0.endpointOID == "EP.MAE" })
        #expect(line.p != nil)
        // Ten men are enough for the test, and too few to be told apart from one.
        var all = items(60)
        for index in all.indices { all[index].sex = index < 10 ? "M" : "F" }
        let small = try PublicView(of: record(all))
        let hidden = try #require(small.record.analyses.first { $0.kind == .levels && $0.endpointOID == "EP.MAE" })
        #expect(hidden.p == nil && hidden.parameters.isEmpty)
    }

    @Test func aCovariateThatNamesCasesIsNotSplit() throws {
        var all = items(60)
        for index in all.indices { all[index].sex = "NAME-\(index)-END" }
        let full = try record(all) { record in
            for index in record.cases.indices { record.cases[index].sex = "F" }
            for index in record.cases.indices { record.cases[index].registrationMethod = "BY-\(index)-END" }
        }
        #expect(full.analyses.contains { $0.group == "sex=NAME-3-END" })
        let view = try PublicView(of: full)
        #expect(!everything(view).contains("-END"))
        #expect(view.registration.levels == [PublicView.Level(name: "60 methods", count: "60")])
    }

    @Test func aRunOfFewCasesHasNoPublicViewAndKIsChosenWithinReason() throws {
        #expect(throws: PublicViewError.tooFewCases(found: 10, smallest: 11)) { try PublicView(of: record(items(10))) }
        #expect(try PublicView(of: record(items(10)), smallestCount: 5).evaluated == "10")
        #expect(throws: PublicViewError.smallestCount(2)) { try PublicView(of: record(items(10)), smallestCount: 2) }
    }

    @Test func noCountFromOneToTenIsShownWhateverTheStudy() throws {
        var random = SeededGenerator(state: 5)
        for _ in 0..<25 {
            var all = items(Int.random(in: 12...70, using: &random), sites: Int.random(in: 1...5, using: &random))
            for index in all.indices where Int.random(in: 0..<12, using: &random) == 0 {
                (all[index].mae, all[index].distance) = (nil, nil)
            }
            for index in all.indices where Int.random(in: 0..<9, using: &random) == 0 { all[index].sex = "X" }
            let full = try record(all)
            let view = try PublicView(of: full)
            let texts =
                view.record.analyses.flatMap { [view.counts(of: $0).evaluated, view.counts(of: $0).missing] }
                + (view.sites + view.lost + view.baseline.flatMap(\.levels) + view.deviations.levels).map(\.count)
                + [view.evaluated, view.refused]
            for text in texts { #expect(!(1...10).contains(Int(text) ?? 0), "\(text)") }
            let lost = full.cases.count { $0.outcome.status != .ok }
            if (1...10).contains(lost) { #expect(!texts.contains("\(full.cases.count - lost)")) }
        }
    }
}
