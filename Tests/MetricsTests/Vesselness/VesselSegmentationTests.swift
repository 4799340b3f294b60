import Imaging
import Phantom
import Testing

@testable import Metrics

@Suite("Vessel segmentation vesselness/1")
struct VesselSegmentationTests {
    /// Two bright tubes, one along the thick slices, in a noisy box.
    private func tubes(_ sign: Float = 1) throws -> (image: Volume<Float>, liver: Mask, tubes: Mask) {
        let geometry = try Geometry(
            dimensions: SIMD3(48, 44, 20), affine: Affine(spacingMM: SIMD3(1, 1, 2.8), originMM: SIMD3(-24, -22, -28)))
        var image = Volume<Float>(geometry: geometry, repeating: 0)
        var liver = Mask(geometry: geometry, repeating: 0)
        var tubes = liver
        var random = SplitMix(seed: 11)
        for k in 0..<20 {
            for j in 0..<44 {
                for i in 0..<48 {
                    let p = geometry.world(SIMD3(Double(i), Double(j), Double(k)))
                    let along = (p.y * p.y + (p.z - 8) * (p.z - 8)).squareRoot()
                    let across = ((p.x - 5) * (p.x - 5) + (p.y - 8) * (p.y - 8)).squareRoot()
                    let inside = min(along, across) <= 2.5
                    liver[i, j, k] = abs(p.x) < 20 && abs(p.y) < 18 && abs(p.z) < 24 ? 1 : 0
                    tubes[i, j, k] = inside && abs(p.x) < 17 && abs(p.y) < 15 && abs(p.z) < 20 ? 1 : 0
                    image[i, j, k] = sign * (inside ? 60 : 0) + Float(random.unit() * 20) + 100
                    // What lies outside of the liver must not matter.
                    if liver[i, j, k] == 0 { image[i, j, k] = -900 }
                }
            }
        }
        return (image, liver, tubes)
    }

    private func dice(_ a: Mask, _ b: Mask) -> Double {
        let both = zip(a.voxels, b.voxels).count { $0 != 0 && $1 != 0 }
        return 2 * Double(both) / Double(a.voxels.count { $0 != 0 } + b.voxels.count { $0 != 0 })
    }

    @Test(arguments: [Float(1), -1]) func tubesAreFoundInEveryDirectionAndPolarity(_ sign: Float) throws {
        let scene = try tubes(sign)
        let mask = try VesselSegmentation(truth: scene.image, liver: scene.liver).mask(of: scene.image)
        // The thresholds take a fixed share of the liver, of which these tubes fill less: the mask is thicker than they are.
        #expect(dice(mask, scene.tubes) > 0.5)
        #expect(labelComponents(of: mask, connectivity: .twentySix).count <= 2)
        for offset in mask.voxels.indices where scene.liver.voxels[offset] == 0 { #expect(mask.voxels[offset] == 0) }
    }

    @Test(arguments: [PhantomModality.ct, .mr]) func vesselsOfThePhantomAreFound(_ kind: PhantomModality) throws {
        let scene = try PhantomScene(
            seed: 4711, site: 0, modality: kind, dimensions: SIMD3(230, 170, 62),
            spacingMM: SIMD3(1.1, 1.1, 2.8), breathingMM: 1)
        let mask = try VesselSegmentation(truth: scene.image, liver: scene.liver, threads: 2).mask(of: scene.image)
        #expect(dice(mask, scene.vessels) > 0.55)
    }

    @Test func thresholdsComeFromTheTruthAlone() throws {
        let scene = try tubes()
        let segmentation = try VesselSegmentation(truth: scene.image, liver: scene.liver)
        // Vessels at a third of the contrast stay below the thresholds, which are not fitted to them.
        let faint = scene.image.map { 100 + ($0 - 100) / 3 }
        let found = try segmentation.mask(of: faint)
        let full = try segmentation.mask(of: scene.image)
        #expect(found.voxels.count { $0 != 0 } < full.voxels.count { $0 != 0 } / 2)
    }

    @Test func neitherThreadsNorStorageOrderChangeTheMask() throws {
        let scene = try tubes()
        let plain = try VesselSegmentation(truth: scene.image, liver: scene.liver).mask(of: scene.image)
        for threads in [2, 3] {
            let other = try VesselSegmentation(truth: scene.image, liver: scene.liver, threads: threads)
            #expect(try other.mask(of: scene.image).voxels == plain.voxels)
        }
        for number in [5, 18, 30, 43] {
            let orientation = AxisOrientation.all[number]
            let image = try orientation.stored(scene.image)
            let turned = try VesselSegmentation(truth: image, liver: orientation.stored(scene.liver)).mask(of: image)
            #expect(try turned.voxels == orientation.stored(plain).voxels)
        }
    }

    @Test func whatCannotBeSegmentedIsAnError() throws {
        var scene = try tubes()
        #expect(throws: VesselSegmentationError.noContrast) {
            try VesselSegmentation(truth: scene.image.map { _ in 3 }, liver: scene.liver)
        }
        scene.image[24, 22, 10] = .nan
        #expect(throws: VesselSegmentationError.notFinite(count: 1)) {
            try VesselSegmentation(truth: scene.image, liver: scene.liver)
        }
        #expect(throws: VesselSegmentationError.emptyLiver) {
            try VesselSegmentation(truth: scene.image, liver: Mask(geometry: scene.liver.geometry, repeating: 0))
        }
    }
}
