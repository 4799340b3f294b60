import CKernels

/// `skip(x) + c2(silu(c1(silu(x)) · gains))`.
struct ResidualBlock: Sendable {
    let c1: Convolution
    let c2: Convolution
    /// Nil where the block keeps the number of channels: then x itself is added.
    let skip: Convolution?
    /// From the embedding to the gains, less 1.
    let modulation: DenseLayer?

    init(
        _ weights: NetworkWeights, _ name: String, _ inputs: Int, _ outputs: Int, embedding: Int? = nil, height: Int,
        width: Int, precision: EnginePrecision
    ) throws {
        func layer(_ part: String, _ inputs: Int, _ kernel: Int) throws -> Convolution {
            try Convolution(
                try weights.convolution(name + "." + part, inputs, outputs, kernel: kernel), height: height,
                width: width, precision: precision)
        }
        c1 = try layer("c1", inputs, 3)
        c2 = try layer("c2", outputs, 3)
        skip = inputs == outputs ? nil : try layer("skip", inputs, 1)
        modulation = try embedding.map { try weights.dense(name + ".m", $0, outputs) }
    }

    /// The epilogue of the first convolution for an embedding.
    func modulated(_ embedding: [Float]) -> Epilogue? {
        modulation.map { dense in c1.epilogue(gains: dense(embedding).map { 1 + $0 }) }
    }

    /// Computes the block; `out` may be `x` where there is no skip convolution.
    func run(
        _ x: UnsafePointer<Float>, first: Epilogue? = nil, images: Int = 1, inner: UnsafeMutablePointer<Float>,
        into out: UnsafeMutablePointer<Float>, scratch: Scratch
    ) {
        c1.run(x, activated: true, images: images, epilogue: first, into: inner, scratch: scratch)
        var residual = x
        if let skip {
            skip.run(x, images: images, into: out, scratch: scratch)
            residual = UnsafePointer(out)
        }
        c2.run(inner, activated: true, images: images, residual: residual, into: out, scratch: scratch)
    }
}
