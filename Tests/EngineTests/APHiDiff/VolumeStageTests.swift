import CKernels
import Imaging
import Testing

@testable import Engine

@Suite("Stages of the engine around the network")
struct VolumeStageTests {
    @Test("Haar bands give the plane back, and their energy is the plane's")
    func haarInverts() {
        let (height, width) = (64, 128)
        let plane = (0..<height * width).map { Float(($0 * 7919) % 1000) / 500 - 1 }
        let zeros = [Float](repeating: 0, count: 16)
        let ones = [Float](repeating: 1, count: 16)
        var bands = [Float](repeating: 0, count: plane.count)
        var back = bands
        ck_haar_pack(plane, Int32(height), Int32(width), zeros, ones, &bands, 16, 0)
        ck_haar_unpack(bands, Int32(height), Int32(width), zeros, ones, &back)
        #expect(zip(plane, back).allSatisfy { abs($0 - $1) < 1e-6 })
        let energy = plane.reduce(0) { $0 + Double($1) * Double($1) }
        let kept = bands.reduce(0) { $0 + Double($1) * Double($1) }
        #expect(abs(energy - kept) < 1e-4 * energy)
    }

    @Test("The nearest code is the first of equals, and never one by a NaN")
    func codesHaveARule() {
        let book: [Float] = [1, 0, 0, 1, 1, 0, .nan, 0, -1, 0]
        var index = [Int32](repeating: 9, count: 3)
        ck_nearest_code([2, 0, 0, 3, -1, -1], 3, 2, book, 5, &index)
        #expect(index == [0, 1, 4])
    }

    @Test("The noise of a seed is that of the reference")
    func noiseIsReproduced() {
        let size = FrameSize(height: 64, width: 64)
        let noise = Sampler.noise(seed: 17, size: size)
        let again = Sampler.noise(seed: 17, size: size)
        #expect(noise == again)
        #expect(noise != Sampler.noise(seed: 18, size: size))
        let mean = noise.reduce(0.0) { $0 + Double($1) } / Double(noise.count)
        let power = noise.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(noise.count)
        #expect(abs(mean) < 0.05 && abs(power - 1) < 0.05)
    }

    @Test("The reference of MR is the upper median of the voxels above the mean")
    func magneticReferenceIsTheMedian() {
        #expect(IntensityDomain.magneticReference(of: [0, 0, 0, 0, 10, 20, 30, 40]) == 30)
        #expect(IntensityDomain.magneticReference(of: [0, 0, 0, 5, 7, 300.5, 300.25]) == 300.5)
        #expect(IntensityDomain.magneticReference(of: [0, 0, 0]) == nil)
        let values = (0..<999).map { Float(($0 * 613) % 997) * 0.37 }
        let mean = values.reduce(0.0) { $0 + Double($1) } / Double(values.count)
        let bright = values.filter { Double($0) > mean }.sorted()
        #expect(IntensityDomain.magneticReference(of: values) == bright[bright.count / 2])
    }

    @Test("Decoding undoes encoding inside of the knots, and clamps outside")
    func domainInverts() throws {
        let domain = try IntensityDomain(
            knots: [[-1024, -2], [-200, -1], [300, 1], [1500, 1.8], [3071, 2.2]], reference: 1, file: "test")
        var values: [Float] = [-1024, -500, -200, 0, 55.5, 299, 1200, 3071, 9000, -3000]
        let stored = values
        try values.withUnsafeMutableBufferPointer { buffer in
            let base = try #require(buffer.baseAddress)
            domain.encode(base, buffer.count, into: base)
            domain.decode(base, buffer.count, into: base)
        }
        for (value, original) in zip(values, stored) {
            #expect(abs(value - min(3071, max(-1024, original))) < 1e-3)
        }
        #expect(throws: SafetensorsError.self) {
            try IntensityDomain(knots: [[0, 0], [0, 1]], reference: 1, file: "test")
        }
    }

    @Test("Slices are taken from front to back and towards the left, whatever the order in memory, and put back there")
    func axialOrderFollowsTheAffine() throws {
        // Stored as (S, L, A): k towards the head is axis 0.
        let affine = Affine(SIMD4(0, -2, 0, 5), SIMD4(0, 0, 3, -7), SIMD4(4, 0, 0, 1))
        let geometry = try Geometry(dimensions: SIMD3(4, 5, 6), affine: affine)
        var volume = Volume<Float>(geometry: geometry, repeating: 0)
        for index in volume.voxels.indices { volume.voxels[index] = Float(index) }
        let order = AxialOrder(geometry)
        #expect(order.size == [4, 6, 5])
        #expect(order.spacingMM == [4, 3, 2])
        var back = Volume<Float>(geometry: geometry, repeating: -1)
        var plane = [Float](repeating: 0, count: order.pixels)
        for k in 0..<order.slices {
            order.read(k, of: volume.voxels, into: &plane)
            // Row 0 is the front: the largest index along A.
            #expect(plane[0] == volume[k, 0, 5])
            #expect(plane[1] == volume[k, 1, 5])
            order.write(plane, to: k, of: &back.voxels)
        }
        #expect(back.voxels == volume.voxels)
    }

    @Test("A smooth slice of another size comes back from the frame as it was")
    func frameRoundTrip() throws {
        let affine = Affine(SIMD4(-1.3, 0, 0, 0), SIMD4(0, -1.3, 0, 0), SIMD4(0, 0, 3, 0))
        let order = AxialOrder(try Geometry(dimensions: SIMD3(300, 220, 3), affine: affine))
        let fit = FrameFit(order, frame: .standard)
        #expect(!fit.isIdentity)
        #expect(abs(fit.pixelMM - 300 * 1.3 / 512) < 1e-12)
        var plane: [Float] = []
        for j in 0..<220 { for i in 0..<300 { plane.append(0.5 * Float(i) + Float(j)) } }
        var frame = [Float](repeating: 0, count: 512 * 512)
        var back = [Float](repeating: 0, count: plane.count)
        let there = fit.fromSlice
        let home = fit.fromFrame()
        ck_resample_plane(plane, 220, 300, there.step, there.origin, -1, &frame, 512, 512)
        ck_resample_plane(frame, 512, 512, home.step, home.origin, -1, &back, 220, 300)
        for j in 2..<218 { for i in 2..<298 { #expect(abs(back[j * 300 + i] - plane[j * 300 + i]) < 1e-3) } }
        // Above and below the slice the frame is outside.
        #expect(frame[0] == -1)
    }

    @Test("An own grid of the frame's pixels is not resampled")
    func identityIsKept() throws {
        let affine = Affine(SIMD4(-0.7, 0, 0, 0), SIMD4(0, -0.7, 0, 0), SIMD4(0, 0, 3, 0))
        let order = AxialOrder(try Geometry(dimensions: SIMD3(512, 512, 3), affine: affine))
        #expect(FrameFit(order, frame: .standard).isIdentity)
    }

    @Test("The anatomy head's classes become one liver, its vessels, and lesions by number")
    func masksAreSeparated() throws {
        let geometry = try Geometry(
            dimensions: SIMD3(30, 12, 8), affine: Affine(spacingMM: SIMD3(2, 2, 2)))
        var classes = Mask(geometry: geometry, repeating: 0)
        for k in 1..<7 {
            for j in 1..<11 { for i in 1..<20 { classes[i, j, k] = 1 } }
            classes[25, 5, k] = 3
        }
        let sure = AnatomyMasks.Findings.surelyLesion
        for j in 3..<5 { for k in 2..<4 { classes[4, j, k] = 2 } }
        classes[4, 4, 4] = 1 | AnatomyMasks.Findings.nearlyVessel
        classes[4, 4, 5] = 1 | AnatomyMasks.Findings.nearlyVessel
        // Nearly a vessel with no sure one beside it, and a sure one of 8 mm³ alone.
        classes[2, 2, 2] = 1 | AnatomyMasks.Findings.nearlyVessel
        classes[17, 8, 2] = 2
        for i in 8..<10 { for j in 4..<6 { for k in 3..<5 { classes[i, j, k] = 3 } } }
        for i in 14..<16 { for j in 4..<6 { for k in 3..<5 { classes[i, j, k] = 3 } } }
        classes[8, 4, 3] |= sure
        classes[15, 5, 4] |= sure
        classes[11, 8, 3] = 3 | sure
        for i in 12..<14 { for j in 9..<11 { for k in 5..<7 { classes[i, j, k] = 3 } } }
        let masks = AnatomyMasks(
            .init(classes: classes, vesselDeficits: [UInt8](repeating: 0, count: classes.voxels.count)), .init())
        #expect(masks.liver.voxels.reduce(0) { $0 + Int($1) } == 19 * 10 * 6)
        let carried = masks.vessels.voxels.reduce(0) { $0 + Int($1) }
        #expect(carried == 6, "four sure voxels carry two that are nearly vessel")
        #expect(masks.vessels[4, 4, 5] == 1 && masks.vessels[2, 2, 2] == 0 && masks.vessels[17, 8, 2] == 0)
        #expect(Set(masks.lesions.voxels) == [0, 1, 2])
        #expect(masks.lesions[8, 4, 3] == 1 && masks.lesions[15, 5, 4] == 2)
        #expect(masks.lesions[11, 8, 3] == 0, "a single voxel of 8 mm³ is below the smallest lesion")
        #expect(masks.lesions[12, 9, 5] == 0, "no voxel of it is sure")
    }

    @Test("A vessel may lie below the liver by the margin, a lesion must be ahead by its own")
    func marginsDecide() {
        let limits = AnatomyMasks.Margins(vessel: 2, lesion: 5)
        func byte(_ found: UInt8, _ margins: [Float]) -> UInt8 {
            AnatomyMasks.Findings.byte(found, margins: margins, limits)
        }
        #expect(byte(1, [-9, 1.5, -1.5, -8]) == 1 | AnatomyMasks.Findings.nearlyVessel)
        #expect(byte(1, [-9, 2, -2, -8]) == 1)
        #expect(byte(3, [-9, -6, -9, 5]) == 3 | AnatomyMasks.Findings.surelyLesion)
        #expect(byte(3, [-9, -4.9, -9, 4.9]) == 3)
        #expect(byte(2, [-9, -1, 1, -9]) == 2 && byte(0, [1, -1, -1, -1]) == 0)
    }

    @Test("The map of the head and the image share their first pixel; margins are to the largest other logit")
    func headsMapLiesOnTheImage() throws {
        // A map of 4 × 4 in 2 × 2 logit pixels: class 1 leads in column 1 of the map, that is in column 2 of an image of 8.
        let (height, width, classes) = (2, 2, 4)
        var logits = [Float](repeating: 0, count: height * width * 4 * classes)
        for y in 0..<4 {
            for x in 0..<4 {
                let at = ((y / 2) * width + x / 2) * 4 * classes + 2 * (y % 2) + x % 2
                logits[at] = 1
                logits[at + 4] = x == 1 ? 4 : 0
            }
        }
        let affine = Affine(SIMD4(-0.8, 0, 0, 0), SIMD4(0, -0.8, 0, 0), SIMD4(0, 0, 3, 0))
        let order = AxialOrder(try Geometry(dimensions: SIMD3(8, 8, 3), affine: affine))
        let (step, origin) = FrameFit(order, frame: FrameSize(height: 8, width: 8)).fromFrame(every: 2)
        #expect(step == [0.5, 0.5] && origin == [0, 0])
        var found = [UInt8](repeating: 9, count: 64)
        var margins = [Float](repeating: 0, count: 64 * classes)
        ck_classify_plane(logits, 2, 2, 4, step, origin, &found, &margins, 8, 8)
        #expect(Array(found[24..<32]) == [0, 1, 1, 1, 0, 0, 0, 0])
        #expect(Array(margins[(26 * 4)..<(27 * 4)]) == [-3, 3, -4, -4])
    }

    @Test("Parts of a tree are joined by the cheapest way, and not where it costs more than the limit")
    func vesselsAreBridged() throws {
        let geometry = try Geometry(dimensions: SIMD3(24, 9, 3), affine: Affine(spacingMM: SIMD3(1, 1, 2)))
        let inside = [UInt8](repeating: 1, count: geometry.voxelCount)
        var vessels = Mask(geometry: geometry, repeating: 0)
        for i in 0..<10 { vessels[i, 4, 1] = 1 }
        for i in 14..<18 { vessels[i, 4, 1] = 1 }
        vessels[23, 0, 1] = 1
        var deficits = Mask(geometry: geometry, repeating: VesselBridges.deficit(-7))
        // A detour of six steps at half a unit; straight through, five steps at seven units.
        for i in 9..<15 { deficits[i, 5, 1] = VesselBridges.deficit(-0.5) }
        var joined = vessels.voxels
        let count = VesselBridges.join(
            &joined, inside: inside, deficits: deficits.voxels, geometry: geometry, limit: 4)
        #expect(count == 1)
        let added = zip(joined, vessels.voxels).enumerated().filter { $1.0 != $1.1 }.map(\.offset)
        #expect(added == (10..<14).map { (1 * 9 + 5) * 24 + $0 })
        var apart = vessels.voxels
        let none = VesselBridges.join(
            &apart, inside: inside, deficits: deficits.voxels, geometry: geometry, limit: 1)
        #expect(none == 0 && apart == vessels.voxels)
        #expect(VesselBridges.deficit(0.3) == 0 && VesselBridges.deficit(-1.5) == 24)
        #expect(VesselBridges.deficit(-.infinity) == 255)
    }
}
