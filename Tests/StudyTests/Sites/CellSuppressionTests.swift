import Testing

@testable import Study

struct CellSuppressionTests {
    @Test func smallCountsAndWhatGivesThemAwayAreNotShown() {
        #expect(CellSuppression.cells([40, 30, 20]) == [.shown(40), .shown(30), .shown(20)])
        #expect(CellSuppression.cells([40, 0]) == [.shown(40), .shown(0)])
        // The total gives a single small count away: a second one goes.
        #expect(CellSuppression.cells([40, 30, 5]) == [.shown(40), .withheld, .small])
        // Two small counts hide each other only where each could be anything from 1 to 10.
        #expect(CellSuppression.cells([40, 6, 5]) == [.shown(40), .small, .small])
        #expect(CellSuppression.cells([40, 30, 1, 1]) == [.shown(40), .withheld, .small, .small])
        #expect(CellSuppression.cells([40, 30, 10, 10]) == [.shown(40), .withheld, .small, .small])
        // A withheld count is known to be 11 or more: 12 alone would leave at most 6 for the small one.
        #expect(CellSuppression.cells([40, 12, 5]) == [.withheld, .withheld, .small])
        #expect(CellSuppression.cells([4, 3]) == [.small, .small])
        #expect(CellSuppression.cells([4, 0]) == [.small, .withheld])
        #expect(CellSuppression.cells([]) == [])
    }

    @Test func noSmallCountCanBeComputedFromWhatIsShown() {
        var random = SeededGenerator(state: 31)
        for _ in 0..<2000 {
            let counts = (0..<Int.random(in: 2...5, using: &random)).map { _ in Int.random(in: 0...18, using: &random) }
            let cells = CellSuppression.cells(counts)
            let total = counts.reduce(0, +)
            guard total >= 11 else { continue }
            // What a reader can work out: every assignment that fits the shown cells and the total.
            var open: [(index: Int, range: ClosedRange<Int>)] = []
            var rest = total
            for (index, cell) in cells.enumerated() {
                switch cell {
                case .shown(let count):
                    #expect(count == counts[index] && (count == 0 || count > 10))
                    rest -= count
                case .small: open.append((index, 1...10))
                case .withheld: open.append((index, min(11, total)...total))
                }
            }
            for target in open where target.range == 1...10 {
                let others = open.filter { $0.index != target.index }
                let low = others.reduce(0) { $0 + $1.range.lowerBound }
                let high = others.reduce(0) { $0 + $1.range.upperBound }
                let possible = (1...10).filter { (low...high).contains(rest - $0) }
                #expect(
                    possible == Array(1...10) || !cells.contains { if case .shown = $0 { true } else { false } },
                    "\(counts)")
            }
        }
    }

    @Test func thePublicViewOfAnalysesHidesEstimatesOfSmallGroups() throws {
        let study = try SyntheticStudy(SyntheticStudy.items(45, sites: 4))
        let record = study.record()
        let view = CellSuppression.publicView(of: record.analyses)
        #expect(view.count == record.analyses.count)
        let sites = view.filter { $0.line.kind == .site && $0.line.endpointOID == "EP.MAE" }
        #expect(sites.map(\.count) == [.shown(12), .shown(11), .shown(11), .shown(11)])
        let small = CellSuppression.publicView(
            of: try SyntheticStudy(SyntheticStudy.items(42, sites: 4)).record().analyses)
        let hidden = small.filter { $0.line.kind == .site && $0.line.endpointOID == "EP.MAE" && $0.count == .small }
        #expect(hidden.count == 2)
        #expect(hidden.allSatisfy { $0.line.estimate == nil && $0.line.lower == nil && $0.line.evaluated == 0 })
        let decision = try #require(small.first { $0.line.kind == .decision })
        #expect(decision.line.estimate != nil)
    }
}
