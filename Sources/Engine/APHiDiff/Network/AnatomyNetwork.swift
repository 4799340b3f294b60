import CKernels

/// Bands of three slices to codes, features at five levels, and the map of liver, vessels and lesions.
struct AnatomyNetwork: Sendable {
    private let size: FrameSize
    private let stem, u1, z0, z2: Convolution
    private let blocks: [ResidualBlock]
    private let fine, coarse: Codebook
    private let i0, i2, d0, d1, d2, d3, up1, up0: Convolution
    private let headA, headB: Convolution

    init(_ weights: NetworkWeights, size: FrameSize, precision: EnginePrecision) throws {
        self.size = size
        func layer(_ name: String, _ inputs: Int, _ outputs: Int, _ kernel: Int, level: Int) throws -> Convolution {
            try Convolution(
                try weights.convolution("anatomy." + name, inputs, outputs, kernel: kernel), height: size.rows(level),
                width: size.columns(level), precision: precision)
        }
        stem = try layer("encoder.stem", 3 * Widths.bands, 32, 3, level: 0)
        blocks = try [(32, 32, 0), (32, 64, 1), (64, 128, 2), (128, 128, 2)].enumerated().map { index, shape in
            try ResidualBlock(
                weights, "anatomy.encoder.b\(index)", shape.0, shape.1, height: size.rows(shape.2),
                width: size.columns(shape.2), precision: precision)
        }
        u1 = try layer("encoder.u1", 64, 16, 1, level: 1)
        z0 = try layer("encoder.z0", 48, 16, 1, level: 0)
        z2 = try layer("encoder.z2", 128, 64, 1, level: 2)
        fine = try Codebook(weights, "anatomy.fine", codes: 256, width: 16)
        coarse = try Codebook(weights, "anatomy.coarse", codes: 1024, width: 64)
        let w = Widths.anatomy
        i0 = try layer("pyramid.i0", 16, w[0], 3, level: 0)
        i2 = try layer("pyramid.i2", 64, w[2], 3, level: 2)
        d0 = try layer("pyramid.d0", w[0], w[1], 3, level: 1)
        d1 = try layer("pyramid.d1", w[1], w[2], 3, level: 2)
        d2 = try layer("pyramid.d2", w[2], w[3], 3, level: 3)
        d3 = try layer("pyramid.d3", w[3], w[4], 3, level: 4)
        up1 = try layer("pyramid.u1", w[2], w[1], 1, level: 2)
        up0 = try layer("pyramid.u0", w[1], w[0], 1, level: 1)
        headA = try layer("head.a", w[0], 32, 3, level: 0)
        headB = try layer("head.b", 32, 4 * Widths.classes, 1, level: 0)
    }

    /// Maps of one thread.
    final class Memory {
        /// Bands of the three slices.
        let bands: FeatureMap
        /// Features a_0 … a_4.
        let features: [FeatureMap]
        /// Logits: channel 4 · class + 2 · row + column of the map of twice the size.
        let logits: FeatureMap
        fileprivate let h0, h1, h2, inner0, inner1, inner2, pooled1, pooled2, small1, joined, code0, code2: FeatureMap
        fileprivate let half: [FeatureMap]
        fileprivate let up1, up0: FeatureMap
        /// Codes of the fine and the coarse scale.
        var fineCodes: [Int32]
        var coarseCodes: [Int32]

        init(size: FrameSize) {
            bands = size.map(0, 3 * Widths.bands)
            features = Widths.anatomy.enumerated().map { size.map($0.offset, $0.element) }
            logits = size.map(0, 4 * Widths.classes)
            (h0, inner0) = (size.map(0, 32), size.map(0, 32))
            (h1, inner1, pooled1) = (size.map(1, 64), size.map(1, 64), size.map(1, 32))
            (h2, inner2, pooled2) = (size.map(2, 128), size.map(2, 128), size.map(2, 64))
            (small1, joined) = (size.map(1, 16), size.map(0, 48))
            (code0, code2) = (size.map(0, 16), size.map(2, 64))
            half = (0..<4).map { size.map($0 + 1, Widths.anatomy[$0]) }
            (up1, up0) = (size.map(2, Widths.anatomy[1]), size.map(1, Widths.anatomy[0]))
            fineCodes = Array(repeating: 0, count: size.pixels(0))
            coarseCodes = Array(repeating: 0, count: size.pixels(2))
        }
    }

    /// Bands to codes.
    func encode(_ m: Memory, _ scratch: Scratch) {
        stem.run(m.bands.values, into: m.h0.values, scratch: scratch)
        blocks[0].run(m.h0.values, inner: m.inner0.values, into: m.h0.values, scratch: scratch)
        halve(m.h0, m.pooled1)
        blocks[1].run(m.pooled1.values, inner: m.inner1.values, into: m.h1.values, scratch: scratch)
        halve(m.h1, m.pooled2)
        blocks[2].run(m.pooled2.values, inner: m.inner2.values, into: m.h2.values, scratch: scratch)
        blocks[3].run(m.h2.values, inner: m.inner2.values, into: m.h2.values, scratch: scratch)
        u1.run(m.h1.values, into: m.small1.values, scratch: scratch)
        ck_copy_channels(m.h0.values, Int64(m.h0.pixels), 32, 0, 32, nil, nil, m.joined.values, 48, 0)
        ck_double_into(
            m.small1.values, Int32(m.small1.height), Int32(m.small1.width), 16, m.joined.values, 48, 32)
        z0.run(m.joined.values, into: m.code0.values, scratch: scratch)
        z2.run(m.h2.values, into: m.code2.values, scratch: scratch)
    }

    /// The nearest codes; the vectors are replaced by what the codes stand for.
    func choose(_ m: Memory) {
        fine.choose(m.code0, &m.fineCodes)
        coarse.choose(m.code2, &m.coarseCodes)
    }

    /// Other codes than the nearest, to compare with another implementation.
    func take(fine fineCodes: [Int32], coarse coarseCodes: [Int32], _ m: Memory) {
        fine.place(fineCodes, m.code0)
        coarse.place(coarseCodes, m.code2)
    }

    /// Codes to features.
    func pyramid(_ m: Memory, _ scratch: Scratch) {
        let a = m.features
        i0.run(m.code0.values, into: a[0].values, scratch: scratch)
        halve(a[0], m.half[0])
        d0.run(m.half[0].values, activated: true, into: a[1].values, scratch: scratch)
        halve(a[1], m.half[1])
        i2.run(m.code2.values, into: a[2].values, scratch: scratch)
        d1.run(m.half[1].values, activated: true, residual: a[2].values, into: a[2].values, scratch: scratch)
        halve(a[2], m.half[2])
        d2.run(m.half[2].values, activated: true, into: a[3].values, scratch: scratch)
        halve(a[3], m.half[3])
        d3.run(m.half[3].values, activated: true, into: a[4].values, scratch: scratch)
        up1.run(a[2].values, into: m.up1.values, scratch: scratch)
        addDoubled(m.up1, to: a[1])
        up0.run(a[1].values, into: m.up0.values, scratch: scratch)
        addDoubled(m.up0, to: a[0])
    }

    /// Features to logits.
    func head(_ m: Memory, _ scratch: Scratch) {
        headA.run(m.features[0].values, activated: true, into: m.inner0.values, scratch: scratch)
        headB.run(m.inner0.values, activated: true, into: m.logits.values, scratch: scratch)
    }
}

/// Means of 2 × 2 pixels.
func halve(_ from: FeatureMap, _ to: FeatureMap) {
    ck_halve(from.values, Int32(from.height), Int32(from.width), Int32(from.channels), to.values)
}

/// Adds a map of half the size, each pixel 2 × 2 times.
func addDoubled(_ small: FeatureMap, to map: FeatureMap) {
    ck_blend_doubled(
        map.values, small.values, Int32(map.height), Int32(map.width), Int32(map.channels), 1, 1, map.values)
}

/// Unit vectors that stand for the directions of others.
struct Codebook: Sendable {
    let codes: Int
    let width: Int
    /// Codes × width, rows of length one.
    let rows: [Float]

    init(_ weights: NetworkWeights, _ name: String, codes: Int, width: Int) throws(SafetensorsError) {
        self.codes = codes
        self.width = width
        rows = try weights.file.floats(name + ".codebook", shape: [codes, width])
    }

    /// Index of the row with the largest dot product: the length of the vector does not change which.
    func choose(_ map: FeatureMap, _ indices: inout [Int32]) {
        ck_nearest_code(map.values, Int64(map.pixels), Int32(width), rows, Int32(codes), &indices)
        place(indices, map)
    }

    /// √width times the rows at the indices.
    func place(_ indices: [Int32], _ map: FeatureMap) {
        let gain = Float(width).squareRoot()
        for (pixel, index) in indices.enumerated() {
            for d in 0..<width { map.values[pixel * width + d] = gain * rows[Int(index) * width + d] }
        }
    }
}
