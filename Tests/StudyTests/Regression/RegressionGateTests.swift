import Foundation
import Statistics
import Testing

@testable import Study

struct RegressionGateTests {
    private func report(
        _ old: SyntheticStudy, _ new: SyntheticStudy, intersection: Bool = false
    ) throws -> RegressionReport {
        try RegressionComparison(
            baseline: old.record(), candidate: new.record(), protocolSHA256: new.file.sha256,
            intersection: intersection
        ).report()
    }

    private func moved(_ items: [SyntheticStudy.Item], mae: Double) -> [SyntheticStudy.Item] {
        items.map { item in
            var item = item
            item.mae = item.mae.map { $0 + mae }
            return item
        }
    }

    @Test func theGateFlipsExactlyAtTheMargin() throws {
        let items = SyntheticStudy.items(24)
        let old = try SyntheticStudy(items)
        for (harm, verdict) in [(0.499_999_999, Verdict.pass), (0.5, .fail), (0.500_000_001, .fail), (-3, .pass)] {
            let new = try SyntheticStudy(moved(items, mae: harm), weights: "b")
            let result = try report(old, new)
            let endpoint = try #require(result.endpoints.first)
            #expect(endpoint.verdict == verdict, "\(harm)")
            #expect(endpoint.method == "paired_t")
            #expect(result.verdict == verdict && result.exitCode == (verdict == .pass ? 0 : 1), "\(harm)")
        }
    }

    @Test func aModelThatVariesIsJudgedOnItsBoundNotOnItsMean() throws {
        let items = SyntheticStudy.items(30)
        let old = try SyntheticStudy(items)
        var changed = moved(items, mae: 0.2)
        for index in changed.indices { changed[index].mae? += index % 2 == 0 ? 2 : -2 }
        let result = try report(old, SyntheticStudy(changed, weights: "b"))
        let endpoint = try #require(result.endpoints.first)
        let interval = try #require(endpoint.interval)
        #expect(endpoint.method == "mixed_model")
        #expect(interval.upper > 0.5 && interval.lower < 0.5)
        #expect(endpoint.verdict == .inconclusive && result.exitCode == 1)
        #expect(try #require(endpoint.p) > 0.025)
    }

    @Test func theSameModelAnotherProtocolAndAnotherCohortAreRefused() throws {
        let items = SyntheticStudy.items(12)
        let old = try SyntheticStudy(items)
        func code(_ new: SyntheticStudy, protocolSHA256: String? = nil, intersection: Bool = false) -> String? {
            do throws(RegressionError) {
                _ = try RegressionComparison(
                    baseline: old.record(), candidate: new.record(),
                    protocolSHA256: protocolSHA256 ?? new.file.sha256, intersection: intersection)
                return nil
            } catch { return error.code }
        }
        #expect(code(old) == "same_run")
        #expect(code(try SyntheticStudy(moved(items, mae: -5))) == "same_model")
        let amended = try SyntheticStudy(items, weights: "b", file: SyntheticStudy.protocolFile(margin: "0.6"))
        #expect(code(amended) == "different_protocols")
        let new = try SyntheticStudy(items, weights: "b")
        #expect(code(new, protocolSHA256: amended.file.sha256) == "other_protocol")
        #expect(code(new) == nil)
        var elsewhere = new
        elsewhere.cohortSHA256 = String(repeating: "d", count: 64)
        #expect(code(elsewhere) == "different_cohorts")
        #expect(code(elsewhere, intersection: true) == nil)
        elsewhere.items = elsewhere.items.map { item in
            var item = item
            item.id = "X" + item.id
            return item
        }
        #expect(code(elsewhere, intersection: true) == "no_common_cases")
        let without = try SyntheticStudy(items, file: SmallCohort.protocolFile())
        let withoutNew = try SyntheticStudy(items, weights: "b", file: SmallCohort.protocolFile())
        #expect(throws: RegressionError.noMargins) {
            try RegressionComparison(
                baseline: without.record(), candidate: withoutNew.record(), protocolSHA256: without.file.sha256)
        }
    }

    @Test func aTruthThatWasChangedBehindTheSameManifestIsFound() throws {
        let old = try SyntheticStudy(SyntheticStudy.items(20)).record()
        var new = try SyntheticStudy(SyntheticStudy.items(20), weights: "b").record()
        new.cases[6].files[0].sha256 = String(repeating: "9", count: 64)
        let sha256 = old.protocolFile.sha256
        #expect(throws: RegressionError.differentTruths(case: "C7")) {
            try RegressionComparison(baseline: old, candidate: new, protocolSHA256: sha256)
        }
        let rest = try RegressionComparison(
            baseline: old, candidate: new, protocolSHA256: sha256, intersection: true
        ).report()
        #expect(rest.isIntersection && rest.commonCases == 19)
    }

    @Test func anIntersectionComparesOnlyTheCasesThatBothHave() throws {
        let old = try SyntheticStudy(SyntheticStudy.items(20))
        var new = try SyntheticStudy(SyntheticStudy.items(26), weights: "b")
        new.items.removeFirst(4)
        new.cohortSHA256 = String(repeating: "d", count: 64)
        let result = try report(old, new, intersection: true)
        #expect(result.isIntersection && result.commonCases == 16)
        #expect(result.endpoints[0].pairs.map(\.caseID).first == "C5")
    }

    @Test func newlyFailingFixedAndLostCasesAreListed() throws {
        var items = SyntheticStudy.items(20)
        items[3].distance = 9
        let old = try SyntheticStudy(items)
        items[3].distance = 1
        items[5].distance = 8
        items[7] = SyntheticStudy.Item(id: "C8", site: "site2", mae: nil, distance: nil)
        let result = try report(old, SyntheticStudy(items, weights: "b"))
        let lesions = try #require(result.endpoints.last)
        #expect(lesions.method == "paired_proportion" && lesions.secondaryTest == "mcnemar")
        #expect(lesions.newlyFixed.map(\.caseID) == ["C4"])
        #expect(lesions.newlyFailing.map(\.caseID) == ["C6", "C8"])
        #expect(lesions.newlyFailing[1].reason.contains("timed_out"))
        #expect(result.lostCases.map(\.caseID) == ["C8"])
        #expect(result.lostCases[0].reason == "failed: timed_out")
    }

    @Test func aPassWithLostCasesIsPartial() throws {
        var items = SyntheticStudy.items(60)
        let old = try SyntheticStudy(items, file: SyntheticStudy.protocolFile(margin: "0.5"))
        items[7].mae = nil
        items[7].distance = nil
        let new = try SyntheticStudy(items, weights: "b", file: old.file)
        let result = try report(old, new)
        #expect(result.verdict == .pass && result.exitCode == 3)
    }

    @Test func missingCasesFollowTheRuleOfTheProtocol() throws {
        var items = SyntheticStudy.items(40)
        let file = try SyntheticStudy.protocolFile(missing: "worst-observed")
        let old = try SyntheticStudy(items, file: file)
        items[0].mae = nil
        let result = try report(old, SyntheticStudy(items, weights: "b", file: file)).endpoints[0]
        #expect(result.pairs.count == 40 && result.missing == 0)
        #expect(result.pairs.filter(\.isCompleted).map(\.caseID) == ["C1"])
        #expect(result.pairs[0].candidate == items.compactMap(\.mae).max())
    }

    @Test func theWorstSiteAndSubgroupAreThoseWithTheGreatestHarm() throws {
        var items = SyntheticStudy.items(60)
        let old = try SyntheticStudy(items)
        for index in items.indices {
            if items[index].site == "site2" { items[index].mae? += 0.3 }
            if items[index].sex == "M" { items[index].mae? += 0.05 }
        }
        let result = try report(old, SyntheticStudy(items, weights: "b")).endpoints[0]
        #expect(result.worstSite?.name == "site2")
        #expect(result.worstSubgroup?.name == "sex=M")
        #expect(result.sites.allSatisfy(\.isAssessable) && result.sites.map(\.count) == [20, 20, 20])
    }

    @Test func equivalenceIsToldWhereTheProtocolAsksForIt() throws {
        let items = SyntheticStudy.items(30)
        let file = try SyntheticStudy.protocolFile(margin: "0.5", equivalence: "0.1")
        let old = try SyntheticStudy(items, file: file)
        let near = try report(old, SyntheticStudy(moved(items, mae: 0.05), weights: "b", file: file)).endpoints[0]
        let far = try report(old, SyntheticStudy(moved(items, mae: -0.2), weights: "b", file: file)).endpoints[0]
        #expect(near.isEquivalent == true && far.isEquivalent == false)
        #expect(far.verdict == .pass)
    }

    @Test func aLostCriterionIsARegression() throws {
        let items = SyntheticStudy.items(24)
        let old = try SyntheticStudy(items, file: SyntheticStudy.protocolFile(margin: "50"))
        let new = try SyntheticStudy(moved(items, mae: 10), weights: "b", file: old.file)
        let result = try report(old, new)
        #expect(result.endpoints[0].verdict == .pass)
        #expect(result.criteria[0].isLost && result.criteria[0].baseline == .pass)
        #expect(result.verdict == .fail)
        let junit = RegressionJUnit.document(result)
        #expect(junit.contains("tests=\"4\" failures=\"1\""))
    }

    @Test func junitAndMarkdownEscapeWhatTheyAreGiven() throws {
        var items = SyntheticStudy.items(20)
        items[2].id = "<b>&\"|`x\u{1B}"
        let old = try SyntheticStudy(items)
        items[2].distance = 99
        let result = try report(old, SyntheticStudy(moved(items, mae: 3), weights: "b"))
        let junit = RegressionJUnit.document(result)
        let check = TagCheck(junit)
        #expect(check.isWellFormed)
        #expect(check.failures == result.endpoints.count { $0.verdict != .pass })
        let markdown = RegressionText.markdown(result)
        #expect(markdown.hasPrefix("## Regression gate: fail"))
        #expect(!markdown.contains("<b>") && !markdown.unicodeScalars.contains("\u{1B}"))
    }

    @Test func numbersInTextsKeepSixDigits() {
        #expect(RegressionText.number(0.123_456_789) == "0.123457")
        #expect(RegressionText.number(-12.5) == "-12.5")
        #expect(RegressionText.number(0) == "0")
        #expect(RegressionText.number(1_234_567) == "1234567")
        #expect(RegressionText.number(0.000_012_345_67) == "0.0000123457")
        #expect(RegressionText.number(1e-9) == "1e-09")
        #expect(RegressionText.number(0.999_999_9) == "1")
    }

    @Test func nothingDependsOnTheOrderOfTheCases() throws {
        let items = SyntheticStudy.items(45)
        let old = try SyntheticStudy(items)
        let new = try SyntheticStudy(SyntheticStudy.items(45, seed: 5), weights: "b")
        let first = try report(old, new).endpoints[0]
        var reversedOld = old
        var reversedNew = new
        reversedOld.items.reverse()
        reversedNew.items.reverse()
        let second = try report(reversedOld, reversedNew).endpoints[0]
        #expect(first.interval == second.interval && first.difference == second.difference)
    }
}

/// A check by tags alone: every element is closed in order, attributes hold no markup.
private struct TagCheck {
    private(set) var isWellFormed = false
    private(set) var failures = 0

    init(_ text: String) { isWellFormed = read(text) }

    private mutating func read(_ text: String) -> Bool {
        var open: [Substring] = []
        var rest = text[...]
        while let start = rest.firstIndex(of: "<") {
            guard let end = rest[start...].firstIndex(of: ">") else { return false }
            let tag = rest[rest.index(after: start)..<end]
            rest = rest[rest.index(after: end)...]
            if tag.hasPrefix("?") { continue }
            if tag.hasPrefix("/") {
                guard open.popLast() == tag.dropFirst() else { return false }
                continue
            }
            let name = tag.prefix { $0 != " " && $0 != "/" }
            if name == "failure" { failures += 1 }
            let quotes = tag.count { $0 == "\"" }
            guard !tag.contains("<"), quotes % 2 == 0 else { return false }
            if !tag.hasSuffix("/") { open.append(name) }
        }
        return open.isEmpty
    }
}
