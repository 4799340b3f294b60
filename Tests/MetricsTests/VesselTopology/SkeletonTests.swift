import Imaging
import Metrics
import Testing

struct SkeletonTests {
    @Test(arguments: ["aniso", "iso1"], ["truth", "break_ten_leaves", "rough"])
    func bothSkeletonsEqualTheGoldenOnesVoxelForVoxel(grid: String, name: String) throws {
        let fixture = try VesselFixture.golden("\(grid)_\(name)")
        let mask = try fixture.mask(spacingMM: VesselFixture.spacingMM(ofGrid: grid))
        #expect(differences(Skeleton.lee94.thinned(mask).voxels, fixture.layers[1]) == 0)
        #expect(differences(Skeleton.lee94Safe.thinned(mask.cavitiesFilled()).voxels, fixture.layers[2]) == 0)
    }

    @Test func lee94EqualsScikitImageOnSixtyRandomVolumes() throws {
        let fixtures = try VesselFixture.records("random60")
        #expect(fixtures.count == 60)
        for (number, fixture) in fixtures.enumerated() {
            let skeleton = Skeleton.lee94.thinned(try fixture.mask())
            #expect(differences(skeleton.voxels, fixture.layers[1]) == 0, "random volume \(number)")
        }
    }

    @Test func theSafeSkeletonKeepsTheTopologyOfRandomVolumes() throws {
        for (number, fixture) in try VesselFixture.records("random60").enumerated() {
            let mask = try fixture.mask()
            let skeleton = Skeleton.lee94Safe.thinned(mask)
            #expect(BettiNumbers(of: skeleton) == BettiNumbers(of: mask), "random volume \(number)")
            let again = Skeleton.lee94Safe.thinned(skeleton)
            #expect(differences(again.voxels, skeleton.voxels) == 0, "random volume \(number)")
        }
    }

    @Test(arguments: [SIMD3(2, 2, 100), SIMD3(4, 4, 100), SIMD3(100, 2, 2), SIMD3(2, 2, 2), SIMD3(6, 2, 40)])
    func rodsOfEvenWidthSurviveInTheSafeSkeleton(size: SIMD3<Int>) throws {
        let skeleton = Skeleton.lee94Safe.thinned(try Mask.box(size))
        #expect(BettiNumbers(of: skeleton) == BettiNumbers(components: 1, loops: 0, cavities: 0))
    }

    @Test(arguments: [SIMD3(2, 2, 100), SIMD3(4, 4, 100)])
    func rodsOfEvenWidthVanishInThePublishedSkeleton(size: SIMD3<Int>) throws {
        #expect(Skeleton.lee94.thinned(try Mask.box(size)).foregroundCount == 0)
    }

    @Test func theSafeSkeletonDoesNotDependOnTheStorageOrder() throws {
        let fixture = try VesselFixture.records("random60")[1]
        let mask = try fixture.mask(spacingMM: SIMD3(0.7, 0.9, 1.4))
        let skeleton = Skeleton.lee94Safe.thinned(mask)
        for orientation in AxisOrientation.all {
            let reoriented = Skeleton.lee94Safe.thinned(try orientation.stored(mask))
            let expected = try orientation.stored(skeleton)
            #expect(differences(reoriented.voxels, expected.voxels) == 0, "\(orientation)")
        }
    }

    @Test func anEmptyMaskHasAnEmptySkeleton() throws {
        let geometry = try Geometry(dimensions: SIMD3(4, 5, 6), affine: .identity)
        let empty = Mask(geometry: geometry, repeating: 0)
        for kind in Skeleton.allCases { #expect(kind.thinned(empty).foregroundCount == 0) }
        #expect(BettiNumbers(of: empty) == BettiNumbers(components: 0, loops: 0, cavities: 0))
    }

    @Test func aMaskThatTouchesTheBorderOfItsGridIsThinnedAsIfThereWereBackgroundBeyond() throws {
        let geometry = try Geometry(dimensions: SIMD3(3, 3, 70), affine: .identity)
        let full = Mask(geometry: geometry, repeating: 1)
        let skeleton = Skeleton.lee94Safe.thinned(full)
        #expect(BettiNumbers(of: skeleton).components == 1)
        #expect(skeleton.foregroundCount < 80)
    }
}
