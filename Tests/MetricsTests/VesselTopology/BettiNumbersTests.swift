import Imaging
import Metrics
import Testing

struct BettiNumbersTests {
    @Test func aHollowBoxHasACavityAndFillingRemovesIt() throws {
        var mask = try Mask.box(SIMD3(5, 5, 5))
        mask[5, 5, 5] = 0
        #expect(BettiNumbers(of: mask) == BettiNumbers(components: 1, loops: 0, cavities: 1))
        let filled = mask.cavitiesFilled()
        #expect(filled.foregroundCount == 125)
        #expect(BettiNumbers(of: filled) == BettiNumbers(components: 1, loops: 0, cavities: 0))
    }

    @Test func aRingHasALoopAndVoxelsThatTouchAtACornerAreOne() throws {
        var mask = try Mask.box(SIMD3(3, 3, 1))
        mask[4, 4, 3] = 0
        #expect(BettiNumbers(of: mask) == BettiNumbers(components: 1, loops: 1, cavities: 0))
        mask[6, 6, 4] = 1
        #expect(BettiNumbers(of: mask) == BettiNumbers(components: 1, loops: 1, cavities: 0))
        mask[8, 8, 6] = 1
        #expect(BettiNumbers(of: mask) == BettiNumbers(components: 2, loops: 1, cavities: 0))
    }

    @Test func aCavityThatOpensThroughAFaceIsNone() throws {
        var mask = try Mask.box(SIMD3(5, 5, 5))
        for k in 5..<8 { mask[5, 5, k] = 0 }
        #expect(BettiNumbers(of: mask) == BettiNumbers(components: 1, loops: 0, cavities: 0))
        mask[5, 5, 7] = 1
        #expect(BettiNumbers(of: mask) == BettiNumbers(components: 1, loops: 0, cavities: 1))
        // An opening through an edge only does not let 6-connected background out.
        mask[4, 5, 7] = 0
        #expect(BettiNumbers(of: mask).cavities == 1)
    }

    @Test func anIslandInsideACavityIsAComponentOfItsOwn() throws {
        var mask = try Mask.box(SIMD3(7, 7, 7))
        for k in 4..<9 {
            for j in 4..<9 {
                for i in 4..<9 { mask[i, j, k] = 0 }
            }
        }
        mask[6, 6, 6] = 1
        #expect(BettiNumbers(of: mask) == BettiNumbers(components: 2, loops: 0, cavities: 1))
        #expect(BettiNumbers(of: mask.cavitiesFilled()) == BettiNumbers(components: 1, loops: 0, cavities: 0))
    }

    @Test func theNumbersDoNotDependOnTheOrientation() throws {
        for number in [0, 1, 2, 3] {
            let mask = try VesselFixture.records("random60")[number].mask()
            let expected = BettiNumbers(of: mask)
            for orientation in AxisOrientation.all {
                #expect(BettiNumbers(of: try orientation.stored(mask)) == expected)
            }
        }
    }
}
