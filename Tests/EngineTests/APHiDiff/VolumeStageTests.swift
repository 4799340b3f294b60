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
        classes[4, 4, 3] = 2
        for i in 8..<10 { for j in 4..<6 { for k in 3..<5 { classes[i, j, k] = 3 } } }
        for i in 14..<16 { for j in 4..<6 { for k in 3..<5 { classes[i, j, k] = 3 } } }
        classes[11, 8, 3] = 3
        let masks = AnatomyMasks(classes: classes)
        #expect(masks.liver.voxels.reduce(0) { $0 + Int($1) } == 19 * 10 * 6)
        #expect(masks.vessels.voxels.reduce(0) { $0 + Int($1) } == 1)
        #expect(Set(masks.lesions.voxels) == [0, 1, 2])
        #expect(masks.lesions[8, 4, 3] == 1 && masks.lesions[15, 5, 4] == 2)
        #expect(masks.lesions[11, 8, 3] == 0, "a single voxel of 8 mm³ is below the smallest lesion")
    }
}
