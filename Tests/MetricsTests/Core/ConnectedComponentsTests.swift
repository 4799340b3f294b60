import Imaging
import Metrics
import Testing

@Suite struct ConnectedComponentsTests {
    /// The definition itself: flood fill from every voxel in storage order.
    private func floodFill(_ mask: [UInt8], _ d: SIMD3<Int>, _ connectivity: Connectivity) -> ([Int32], Int) {
        let reach: Int
        switch connectivity {
        case .six: reach = 1
        case .eighteen: reach = 2
        case .twentySix: reach = 3
        }
        var labels = [Int32](repeating: 0, count: mask.count)
        var count = 0
        for seed in mask.indices where mask[seed] != 0 && labels[seed] == 0 {
            count += 1
            labels[seed] = Int32(count)
            var stack = [seed]
            while let voxel = stack.popLast() {
                let at = SIMD3(voxel % d.x, voxel / d.x % d.y, voxel / (d.x * d.y))
                for dk in -1...1 {
                    for dj in -1...1 {
                        for di in -1...1 where abs(di) + abs(dj) + abs(dk) <= reach {
                            let i = at.x + di
                            let j = at.y + dj
                            let k = at.z + dk
                            guard (0..<d.x).contains(i), (0..<d.y).contains(j), (0..<d.z).contains(k) else { continue }
                            let other = i + d.x * (j + d.y * k)
                            guard mask[other] != 0, labels[other] == 0 else { continue }
                            labels[other] = Int32(count)
                            stack.append(other)
                        }
                    }
                }
            }
        }
        return (labels, count)
    }

    @Test(arguments: Connectivity.allCases)
    func randomMasksAreLabelledAsByFloodFill(connectivity: Connectivity) {
        for seed in 0..<60 {
            var random = SplitMix(seed: UInt64(seed))
            let d = SIMD3(1 + random.below(19), 1 + random.below(9), 1 + random.below(9))
            let density = 5 + random.below(60)
            let mask = (0..<d.x * d.y * d.z).map { _ -> UInt8 in random.below(100) < density ? 1 : 0 }
            let (expected, expectedCount) = floodFill(mask, d, connectivity)
            let (labels, count) = labelComponents(of: mask, dimensions: d, connectivity: connectivity)
            #expect(count == expectedCount, "seed \(seed)")
            #expect(labels == expected, "seed \(seed)")
        }
    }

    @Test func twoVoxelsThatShareACornerTouchOnlyAtTwentySix() {
        let mask: [UInt8] = [1, 0, 0, 0, 0, 0, 0, 1]
        let d = SIMD3(2, 2, 2)
        #expect(labelComponents(of: mask, dimensions: d, connectivity: .six).count == 2)
        #expect(labelComponents(of: mask, dimensions: d, connectivity: .eighteen).count == 2)
        #expect(labelComponents(of: mask, dimensions: d, connectivity: .twentySix).count == 1)
    }

    @Test func anEmptyMaskHasNoComponent() {
        let (labels, count) = labelComponents(
            of: [UInt8](repeating: 0, count: 27), dimensions: SIMD3(3, 3, 3), connectivity: .twentySix)
        #expect(count == 0)
        #expect(labels.allSatisfy { $0 == 0 })
    }
}
