import CKernels
import Foundation

/// The U-Net of one step.
///
/// Its coarsest level runs for a group of slices at once, because most of the weights are there and are
/// read once for the group.
struct Denoiser: Sendable {
    private let size: FrameSize
    private let e1, e2, shortModulation: DenseLayer
    private let stem, out, short1, short2, qkv, project: Convolution
    private let down, up: [Convolution]
    private let enter, leave: [[ResidualBlock]]
    private let sharpness: Float
    private static let heads = 10
    private static let deepest = 4

    init(_ weights: NetworkWeights, size: FrameSize, precision: EnginePrecision) throws {
        self.size = size
        func layer(_ name: String, _ inputs: Int, _ outputs: Int, _ kernel: Int, level: Int) throws -> Convolution {
            try Convolution(
                try weights.convolution("denoiser." + name, inputs, outputs, kernel: kernel), height: size.rows(level),
                width: size.columns(level), precision: precision)
        }
        func blocks(_ name: String) throws -> [[ResidualBlock]] {
            try Widths.denoiser.enumerated().map { level, width in
                try (0..<Widths.blocks[level]).map {
                    try ResidualBlock(
                        weights, "denoiser.\(name).\(level).\($0)", width, width, embedding: Widths.embedding,
                        height: size.rows(level), width: size.columns(level), precision: precision)
                }
            }
        }
        let c = Widths.denoiser
        let wide = 3 * Widths.bands
        e1 = try weights.dense("denoiser.e1", 48 + Widths.code + 2, Widths.embedding)
        e2 = try weights.dense("denoiser.e2", Widths.embedding, Widths.embedding)
        stem = try layer("stem", wide, c[0], 3, level: 0)
        down = try (0..<4).map { try layer("down.\($0)", c[$0], c[$0 + 1], 1, level: $0 + 1) }
        up = try (0..<4).map { try layer("up.\($0)", c[$0 + 1], c[$0], 1, level: $0 + 1) }
        enter = try blocks("enter")
        leave = try blocks("leave")
        qkv = try layer("attention.qkv", c[4], 3 * c[4], 1, level: 4)
        project = try layer("attention.o", c[4], c[4], 1, level: 4)
        out = try layer("out", c[0], Widths.bands, 3, level: 0)
        short1 = try layer("s1", wide, 48, 3, level: 0)
        shortModulation = try weights.dense("denoiser.sm", Widths.embedding, 48)
        short2 = try layer("s2", 48, Widths.bands, 3, level: 0)
        sharpness = try NetworkWeights.describe("attention_sharpness", of: weights.file)
    }

    /// What a step does to every slice of a study alike.
    struct Step: Sendable {
        fileprivate let enter, leave: [[Epilogue?]]
        fileprivate let short: Epilogue
        /// τ at the next time over τ now, for each band; 0 after the last step.
        let ratio: [Float]
    }

    /// Prepares a step at the noise levels of the three scales.
    func step(levels: [Double], following: [Double]?, code: [Float], geometry: [Float]) -> Step {
        var features: [Float] = []
        for level in levels {
            // In float, as the reference computes the angle.
            let angles = (0..<8).map {
                Float(sign: .plus, exponent: $0, significand: 1) * (Float.pi / 2) * Float(level)
            }
            features +=
                angles.map { Float(Foundation.sin(Double($0))) } + angles.map { Float(Foundation.cos(Double($0))) }
        }
        let e = e2(e1(features + code + geometry).map(silu)).map(silu)
        func epilogues(_ blocks: [[ResidualBlock]]) -> [[Epilogue?]] { blocks.map { $0.map { $0.modulated(e) } } }
        return Step(
            enter: epilogues(enter), leave: epilogues(leave),
            short: short1.epilogue(gains: shortModulation(e).map { 1 + $0 }),
            ratio: (0..<Widths.bands).map { band in
                guard let following else { return 0 }
                let scale = band == 0 ? 0 : band < 4 ? 1 : 2
                return Float(following[scale]) / Float(levels[scale])
            })
    }

    /// What is kept of a slice from the way down to the way up.
    final class Slice {
        /// x, source bands, conditional-mean bands: 48 channels.
        let inputs: FeatureMap
        /// f_0 … f_4.
        let fused: [FeatureMap]
        fileprivate let kept: [FeatureMap]

        init(size: FrameSize) {
            inputs = size.map(0, 3 * Widths.bands)
            fused = Widths.denoiser.enumerated().map { size.map($0.offset, $0.element) }
            kept = (0..<Denoiser.deepest).map { size.map($0, Widths.denoiser[$0]) }
        }
    }

    /// Maps of one thread.
    final class Memory {
        fileprivate let h, inner: [FeatureMap]
        fileprivate let pooled, raised: [FeatureMap]
        fileprivate let deep, deepInner, attended: FeatureMap
        fileprivate let qkv: FeatureMap
        fileprivate let short: FeatureMap
        fileprivate let scores: GrowingBuffer<Float>
        /// The estimate of the clean bands.
        let estimate: FeatureMap

        init(size: FrameSize, group: Int) {
            let c = Widths.denoiser
            h = (0..<4).map { size.map($0, c[$0]) }
            inner = (0..<4).map { size.map($0, c[$0]) }
            pooled = (0..<4).map { size.map($0 + 1, c[$0]) }
            raised = (0..<4).map { size.map($0 + 1, c[$0]) }
            deep = size.map(4, c[4], images: group)
            deepInner = size.map(4, c[4], images: group)
            attended = size.map(4, c[4])
            qkv = size.map(4, 3 * c[4])
            short = size.map(0, 48)
            estimate = size.map(0, Widths.bands)
            scores = GrowingBuffer()
        }
    }

    /// Levels 0 to 3 on the way down, and the entrance to level 4 at place `index` of the group.
    func descend(_ slice: Slice, index: Int, step: Step, _ m: Memory, _ scratch: Scratch) {
        stem.run(slice.inputs.values, residual: slice.fused[0].values, into: m.h[0].values, scratch: scratch)
        for level in 0..<Denoiser.deepest {
            if level > 0 {
                down[level - 1].run(
                    m.pooled[level - 1].values, residual: slice.fused[level].values, into: m.h[level].values,
                    scratch: scratch)
            }
            var from = m.h[level].values
            for (n, block) in enter[level].enumerated() {
                block.run(
                    from, first: step.enter[level][n], inner: m.inner[level].values, into: slice.kept[level].values,
                    scratch: scratch)
                from = slice.kept[level].values
            }
            halve(slice.kept[level], m.pooled[level])
        }
        down[3].run(
            m.pooled[3].values, residual: slice.fused[4].values, into: m.deep.image(index), scratch: scratch)
    }

    /// Level 4 for the group.
    func bottom(_ images: Int, step: Step, _ m: Memory, _ scratch: Scratch) {
        for (n, block) in enter[4].enumerated() {
            block.run(
                m.deep.values, first: step.enter[4][n], images: images, inner: m.deepInner.values, into: m.deep.values,
                scratch: scratch)
        }
        let tokens = m.deep.pixels
        for image in 0..<images {
            qkv.run(m.deep.image(image), into: m.qkv.values, scratch: scratch)
            ck_attention(
                m.qkv.values, Int32(tokens), Int32(Denoiser.heads), Int32(m.deep.channels / Denoiser.heads), sharpness,
                m.scores.elements(2 * tokens), m.attended.values)
            project.run(
                m.attended.values, residual: m.deep.image(image), into: m.deep.image(image), scratch: scratch)
        }
        for (n, block) in leave[4].enumerated() {
            block.run(
                m.deep.values, first: step.leave[4][n], images: images, inner: m.deepInner.values, into: m.deep.values,
                scratch: scratch)
        }
    }

    /// Levels 3 to 0 on the way up; leaves the estimate of the clean bands in `m.estimate`.
    func ascend(_ slice: Slice, index: Int, step: Step, _ m: Memory, _ scratch: Scratch) {
        var below = m.deep.image(index)
        for level in (0..<Denoiser.deepest).reversed() {
            let h = m.h[level]
            up[level].run(below, into: m.raised[level].values, scratch: scratch)
            ck_blend(slice.kept[level].values, slice.fused[level].values, Int64(h.count), 1, 1, h.values)
            addDoubled(m.raised[level], to: h)
            for (n, block) in leave[level].enumerated() {
                block.run(
                    h.values, first: step.leave[level][n], inner: m.inner[level].values, into: h.values,
                    scratch: scratch)
            }
            below = h.values
        }
        short1.run(slice.inputs.values, epilogue: step.short, into: m.short.values, scratch: scratch)
        // The conditional-mean bands are the base of the estimate.
        ck_copy_channels(
            slice.inputs.values, Int64(size.pixels(0)), 48, 32, 16, nil, nil, m.estimate.values, 16, 0)
        short2.run(
            m.short.values, activated: true, residual: m.estimate.values, into: m.estimate.values, scratch: scratch)
        out.run(m.h[0].values, activated: true, residual: m.estimate.values, into: m.estimate.values, scratch: scratch)
    }

    /// Moves x towards the estimate: `x ← x0 + ratio · (x − x0)` by band.
    func advance(_ slice: Slice, step: Step, _ m: Memory) {
        ck_advance(slice.inputs.values, 48, m.estimate.values, Int64(size.pixels(0)), Int32(Widths.bands), step.ratio)
    }
}
