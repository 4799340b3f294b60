/// Weights of one convolution as they stand in the file.
struct ConvolutionWeights: Sendable {
    /// The numbers, outputs × kernel × kernel × inputs.
    enum Values: Sendable {
        /// Signed bytes; each output has its scale.
        case bytes([Int8], scale: [Float])
        /// Floats.
        case floats([Float])
    }

    /// How the input becomes bytes: `q = clamp(round(x / scale) + zero, 0, 255)`.
    struct Quantisation: Sendable, Equatable {
        let scale: Float
        let zero: Int
    }

    var outputs: Int
    var inputs: Int
    /// 1 or 3; stride 1, padded to keep the size.
    var kernel: Int
    var values: Values
    /// One value for each output.
    var bias: [Float]
    /// Nil where the layer always computes in floats.
    var input: Quantisation?

    /// The weights as floats.
    var floats: [Float] {
        switch values {
        case .floats(let values): return values
        case .bytes(let bytes, let scale):
            let perOutput = kernel * kernel * inputs
            return bytes.indices.map { Float(bytes[$0]) * scale[$0 / perOutput] }
        }
    }
}

/// What happens to a sum: `y = keep · residual + (sum · scale[c] + bias[c])`.
struct Epilogue: Sendable {
    var scale: [Float]
    var bias: [Float]
}
