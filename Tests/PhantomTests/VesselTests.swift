import Testing

@testable import Phantom

@Suite("Vessel trees")
struct VesselTests {
    @Test func venousTreesHave80To200BranchesAndTheArteryFewer() {
        for subject in SampleCases.all {
            for tree in subject.vessels {
                let range = tree.kind == .artery ? 15...80 : 80...200
                #expect(range.contains(tree.branches.count), "\(tree.kind) has \(tree.branches.count) branches")
            }
        }
    }

    @Test func everyTreeIsConnectedAndLoopFree() {
        for tree in SampleCases.all.flatMap(\.vessels) {
            // A tree has one edge fewer than nodes, and every node reaches the root.
            #expect(tree.branches.count == tree.nodes.count - 1)
            for start in tree.nodes.indices {
                var at = start
                var steps = 0
                while let parent = tree.nodes[at].parent, steps <= tree.nodes.count {
                    at = parent
                    steps += 1
                }
                #expect(at == 0)
            }
            for branch in tree.branches {
                #expect(branch.centreLineMM.first == tree.nodes[branch.start].positionMM)
                #expect(branch.centreLineMM.last.map { norm($0 - tree.nodes[branch.end].positionMM) < 1e-9 } == true)
            }
        }
    }

    @Test func radiiFollowMurraysLaw() {
        for tree in SampleCases.all.flatMap(\.vessels) {
            // The exponent for which Σ r_daughter^γ = r_parent^γ holds best, by golden search over all bifurcations.
            func misfit(_ gamma: Double) -> Double {
                tree.bifurcationRadii.reduce(0) { sum, fork in
                    let daughters = fork.daughters.reduce(0) { $0 + Mathematics.pow($1 / fork.parent, gamma) }
                    return sum + (daughters - 1) * (daughters - 1)
                }
            }
            let best = stride(from: 2.0, through: 4.0, by: 0.01).min { misfit($0) < misfit($1) } ?? 0
            #expect((2.7...3.3).contains(best), "\(tree.kind) fits \(best)")
        }
    }

    @Test func treesDoNotTouchEachOther() {
        for subject in SampleCases.all {
            for (index, a) in subject.vessels.enumerated() {
                for b in subject.vessels.dropFirst(index + 1) {
                    var closest = Double.infinity
                    for p in a.branches.dropFirst() {
                        for q in b.branches.dropFirst() {
                            for (s, t) in zip(p.centreLineMM, p.centreLineMM.dropFirst()) {
                                for (u, v) in zip(q.centreLineMM, q.centreLineMM.dropFirst()) {
                                    closest = min(closest, VesselGrowth.gap(s, t, u, v) - p.radiusMM - q.radiusMM)
                                }
                            }
                        }
                    }
                    #expect(closest > 0, "\(a.kind) and \(b.kind) overlap by \(-closest) mm")
                }
            }
        }
    }
}
