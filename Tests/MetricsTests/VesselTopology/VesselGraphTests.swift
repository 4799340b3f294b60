import Imaging
@testable import Metrics
import Testing

/// Whole numbers that look random and are the same everywhere.
private struct Generator {
    var state: UInt64
    mutating func next(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % bound
    }
}

struct VesselGraphTests {
    private func tree(_ mask: Mask, _ parameters: VesselTopologyParameters = .init()) throws -> VesselTree {
        let frame = try #require(BitFrame(around: [mask], geometry: mask.geometry, axes: .anatomical))
        return VesselTree(BitMask(mask, frame: frame), parameters: parameters)
    }

    @Test(arguments: ["aniso_truth", "aniso_rough", "iso1_loop", "iso1_islands", "iso1_rough"])
    func theReducedGraphHasTheComponentsAndLoopsOfTheMask(name: String) throws {
        let mask = try VesselFixture.golden(name).mask(
            spacingMM: VesselFixture.spacingMM(ofGrid: String(name.prefix { $0 != "_" })))
        let solid = try tree(mask)
        let full = VesselGraph(skeleton: solid.skeleton, of: solid.solid.mask)
        let edges = full.neighbours.count / 2
        let filled = BettiNumbers(of: mask.cavitiesFilled())
        #expect(full.components().count == filled.components)
        // Four voxels of which no three share a dropped edge may leave a circle that the mask does not have.
        let extraLoops = (filled.components - filled.loops) - (full.count - edges)
        #expect(name == "aniso_rough" ? extraLoops == 1 : extraLoops == 0)
    }

    @Test func theDistanceToTheBackgroundIsExactAtEveryVoxel() throws {
        let spacing = SIMD3(0.7, 1.1, 2.3)
        for number in [1, 2, 3] {
            let mask = try VesselFixture.records("random60")[number].mask(spacingMM: spacing)
            let frame = try #require(BitFrame(around: [mask], geometry: mask.geometry, axes: .anatomical))
            let bits = BitMask(mask, frame: frame)
            let graph = VesselGraph(skeleton: bits, of: bits)
            var background: [SIMD3<Double>] = []
            let size = mask.geometry.dimensions
            for k in -1...size.z {
                for j in -1...size.y {
                    for i in -1...size.x {
                        let inside = i >= 0 && j >= 0 && k >= 0 && i < size.x && j < size.y && k < size.z
                        if !inside || mask[i, j, k] == 0 {
                            background.append(SIMD3(Double(i), Double(j), Double(k)) * spacing)
                        }
                    }
                }
            }
            for vertex in stride(from: 0, to: graph.count, by: 37) {
                let index = frame.gridIndex(graph.voxel(vertex))
                let here = SIMD3(Double(index.x), Double(index.y), Double(index.z)) * spacing
                let nearest = background.reduce(Double.infinity) { min($0, length($1 - here)) }
                #expect(abs(graph.radiusMM[vertex] - nearest) < 1e-9)
            }
        }
    }

    @Test func aShortSideBranchIsPrunedAndALongOneIsKept() throws {
        func trunk(withBranchOf voxels: Int) throws -> Mask {
            let geometry = try Geometry(dimensions: SIMD3(30, 30, 50), affine: .identity)
            var mask = Mask(geometry: geometry, repeating: 0)
            for k in 5..<45 { mask[15, 15, k] = 1 }
            for i in 16..<16 + voxels { mask[i, 15, 25] = 1 }
            return mask
        }
        let pruned = try tree(try trunk(withBranchOf: 2))
        #expect(pruned.spurCount == 1 && pruned.branches.branches.count == 1 && pruned.bifurcations.isEmpty)
        #expect(pruned.graph.count == 40)
        let kept = try tree(try trunk(withBranchOf: 8))
        #expect(kept.spurCount == 0 && kept.branches.branches.count == 3 && kept.bifurcations.count == 1)
    }

    @Test func branchesOfSpecialShapesAreCounted() throws {
        let geometry = try Geometry(dimensions: SIMD3(20, 20, 20), affine: .identity)
        var single = Mask(geometry: geometry, repeating: 0)
        single[5, 5, 5] = 1
        let point = try tree(single)
        #expect(point.branches.branches.count == 1 && point.weights == [1])
        var ring = Mask(geometry: geometry, repeating: 0)
        for i in 4...10 {
            for (a, b) in [(i, 4), (i, 10), (4, i), (10, i)] { ring[a, b, 8] = 1 }
        }
        let circle = try tree(ring)
        #expect(circle.branches.branches.count == 1)
        #expect(circle.branches.branches.first?.isClosed == true)
        let around = try #require(circle.branches.branches.first).lengthMM
        #expect(abs(around - circle.weights.reduce(0, +)) < 1e-9)
    }

    @Test func bifurcationsAreMatchedAsManyAsPossibleAndThenAsCloseAsPossible() throws {
        var generator = Generator(state: 7)
        for _ in 0..<200 {
            let first = (0..<generator.next(6)).map { _ in
                SIMD3(Double(generator.next(12)), Double(generator.next(5)), 0.25 * Double(generator.next(4)))
            }
            let second = (0..<generator.next(6)).map { _ in
                SIMD3(Double(generator.next(12)), Double(generator.next(5)), 0.25 * Double(generator.next(4)))
            }
            let matching = BifurcationMatching(first, second, withinMM: 3)
            var best = (pairs: 0, cost: 0.0)
            func search(_ index: Int, _ used: Set<Int>, _ cost: Double) {
                if index == first.count {
                    if used.count > best.pairs || (used.count == best.pairs && cost < best.cost) {
                        best = (used.count, cost)
                    }
                    return
                }
                search(index + 1, used, cost)
                for other in second.indices where !used.contains(other) {
                    let distance = length(first[index] - second[other])
                    if distance <= 3 { search(index + 1, used.union([other]), cost + distance) }
                }
            }
            search(0, [], 0)
            #expect(matching.pairs.count == best.pairs)
            #expect(abs(matching.pairs.reduce(0) { $0 + $1.distanceMM } - best.cost) < 1e-9)
            #expect(Set(matching.pairs.map(\.second)).count == matching.pairs.count)
        }
    }

    @Test func aHeapHandsOutItsElementsInOrder() {
        var generator = Generator(state: 3)
        var heap = BinaryHeap<Int>()
        let numbers = (0..<500).map { _ in generator.next(100) }
        for number in numbers { heap.insert(number) }
        var taken: [Int] = []
        while let next = heap.removeMinimum() { taken.append(next) }
        #expect(taken == numbers.sorted())
    }

    @Test func noiseIsMeasuredInReasonableTime() throws {
        let geometry = try Geometry(dimensions: SIMD3(96, 96, 96), affine: .identity)
        var generator = Generator(state: 11)
        let noise = try Mask(
            geometry: geometry, voxels: (0..<geometry.voxelCount).map { _ in generator.next(3) == 0 ? 1 : 0 })
        let other = try Mask(
            geometry: geometry, voxels: (0..<geometry.voxelCount).map { _ in generator.next(3) == 0 ? 1 : 0 })
        let clock = ContinuousClock()
        let time = try clock.measure { _ = try VesselTopology.measure(generated: noise, reference: other) }
        #expect(time < .seconds(60))
    }
}
