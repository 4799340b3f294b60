import CKernels

/// Adds texture to the detail bands after the last step; the coarsest band stays.
struct Texture: Sendable {
    private let size: FrameSize
    private let enter, out: Convolution
    private let block: ResidualBlock
    private let modulation: DenseLayer

    init(_ weights: NetworkWeights, size: FrameSize, precision: EnginePrecision) throws {
        self.size = size
        func layer(_ name: String, _ inputs: Int, _ outputs: Int) throws -> Convolution {
            try Convolution(
                try weights.convolution("texture." + name, inputs, outputs, kernel: 3), height: size.rows(0),
                width: size.columns(0), precision: precision)
        }
        enter = try layer("enter", 2 * Widths.bands, 32)
        out = try layer("out", 32, Widths.bands - 1)
        block = try ResidualBlock(
            weights, "texture.block", 32, 32, height: size.rows(0), width: size.columns(0), precision: precision)
        modulation = try weights.dense("texture.m", Widths.code, 32)
    }

    /// The epilogue of the first layer for a target.
    func modulated(_ code: [Float]) -> Epilogue { enter.epilogue(gains: modulation(code).map { 1 + $0 }) }

    /// Maps of one thread.
    final class Memory {
        fileprivate let joined, h, inner, added: FeatureMap

        init(size: FrameSize) {
            joined = size.map(0, 32)
            h = size.map(0, 32)
            inner = size.map(0, 32)
            added = size.map(0, Widths.bands - 1)
        }
    }

    /// Changes `bands` in place; `inputs` holds the source bands in channels 16 to 31.
    func run(_ bands: FeatureMap, inputs: FeatureMap, first: Epilogue, _ m: Memory, _ scratch: Scratch) {
        let pixels = Int64(size.pixels(0))
        ck_copy_channels(bands.values, pixels, 16, 0, 16, nil, nil, m.joined.values, 32, 0)
        ck_copy_channels(inputs.values, pixels, 48, 16, 16, nil, nil, m.joined.values, 32, 16)
        enter.run(m.joined.values, epilogue: first, into: m.h.values, scratch: scratch)
        block.run(m.h.values, inner: m.inner.values, into: m.h.values, scratch: scratch)
        out.run(m.h.values, activated: true, into: m.added.values, scratch: scratch)
        ck_add_channels(m.added.values, pixels, Int32(Widths.bands - 1), bands.values, Int32(Widths.bands), 1)
    }
}
