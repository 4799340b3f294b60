import Foundation

/// The tensors of `docs/engine-weights.md` by name, with what the file says about itself.
struct NetworkWeights: Sendable {
    /// The architecture that this engine computes.
    static let architecture = "aphidiff/1"

    let file: SafetensorsFile
    /// Series by index, such as `CT`, `MR-T1`.
    let series: [String]
    /// [min, max, p0.01, p99.99] of the input of every convolution.
    private let ranges: [String: [Float]]

    /// Takes over a file whose bytes have been checked.
    ///
    /// - Throws: `SafetensorsError` when it is of another architecture or lacks its descriptions.
    init(_ file: SafetensorsFile) throws(SafetensorsError) {
        self.file = file
        let architecture: String = try NetworkWeights.describe("architecture", of: file)
        guard architecture == NetworkWeights.architecture else {
            throw SafetensorsError(
                file: file.name,
                reason:
                    "the weights are of the architecture \(architecture.prefix(40)), not \(NetworkWeights.architecture)"
            )
        }
        series = try NetworkWeights.describe("series", of: file)
        ranges = try NetworkWeights.describe("activation_ranges", of: file)
    }

    /// A description of the file, whose value is a JSON text.
    static func describe<Value: Decodable>(
        _ key: String, of file: SafetensorsFile
    ) throws(SafetensorsError) -> Value {
        guard let text = file.metadata[key] else {
            throw SafetensorsError(file: file.name, reason: "the metadata have no \(key)")
        }
        do {
            return try JSONDecoder().decode(Value.self, from: Data(text.utf8))
        } catch {
            throw SafetensorsError(file: file.name, reason: "the metadata's \(key) cannot be read")
        }
    }

    /// Weights of a 2-D convolution.
    func convolution(
        _ name: String, _ inputs: Int, _ outputs: Int, kernel: Int
    ) throws(SafetensorsError) -> ConvolutionWeights {
        let shape = [outputs, kernel, kernel, inputs]
        let weight = name + ".weight"
        let values: ConvolutionWeights.Values
        if file.tensors[name + ".scale"] != nil {
            values = .bytes(
                try file.bytesSigned(weight, shape: shape), scale: try file.floats(name + ".scale", shape: [outputs]))
        } else {
            values = .floats(try file.floats(weight, shape: shape))
        }
        return ConvolutionWeights(
            outputs: outputs, inputs: inputs, kernel: kernel, values: values, bias: try bias(name, outputs),
            input: quantisation(name))
    }

    /// Two convolutions of one input as one, the outputs of the first in front.
    func convolutions(
        _ first: String, _ second: String, _ inputs: Int, _ outputs: Int, kernel: Int
    ) throws(SafetensorsError) -> ConvolutionWeights {
        var both = try convolution(first, inputs, outputs, kernel: kernel)
        let other = try convolution(second, inputs, outputs, kernel: kernel)
        switch (both.values, other.values) {
        case (.bytes(let a, let scaleA), .bytes(let b, let scaleB)): both.values = .bytes(a + b, scale: scaleA + scaleB)
        default: both.values = .floats(both.floats + other.floats)
        }
        both.bias += other.bias
        both.outputs += other.outputs
        return both
    }

    /// Weights of a dense layer.
    func dense(_ name: String, _ inputs: Int, _ outputs: Int) throws(SafetensorsError) -> DenseLayer {
        DenseLayer(
            inputs: inputs, outputs: outputs, weights: try matrix(name, rows: outputs, columns: inputs),
            bias: try bias(name, outputs))
    }

    /// A matrix with one scale for each row, or plain floats.
    func matrix(_ name: String, rows: Int, columns: Int) throws(SafetensorsError) -> [Float] {
        var values = try file.floats(name + ".weight", shape: [rows, columns])
        if file.tensors[name + ".scale"] != nil {
            let scale = try file.floats(name + ".scale", shape: [rows])
            for index in values.indices { values[index] *= scale[index / columns] }
        }
        return values
    }

    /// A 3-D convolution's weights, outputs × depth × rows × columns × inputs.
    func volumeConvolution(
        _ name: String, _ inputs: Int, _ outputs: Int, kernel: Int
    ) throws(SafetensorsError) -> (weights: [Float], bias: [Float]) {
        (
            try file.floats(name + ".weight", shape: [outputs, kernel, kernel, kernel, inputs]),
            try bias(name, outputs)
        )
    }

    private func bias(_ name: String, _ outputs: Int) throws(SafetensorsError) -> [Float] {
        guard file.tensors[name + ".bias"] != nil else { return Array(repeating: 0, count: outputs) }
        return try file.floats(name + ".bias", shape: [outputs])
    }

    /// Bytes for twice the range that all but one in ten thousand activations lie in, but not for more than was ever seen; zero is always a byte.
    ///
    /// Sharp edges of bone lie outside of the inner range; cutting them off costs more than the coarser steps.
    private func quantisation(_ name: String) -> ConvolutionWeights.Quantisation? {
        guard let range = ranges[name], range.count == 4, range.allSatisfy(\.isFinite) else { return nil }
        let low = min(0, max(range[0], 2 * range[2]))
        let high = max(0, min(range[1], 2 * range[3]))
        guard high - low > 1e-6 else { return nil }
        let scale = (high - low) / 255
        let zero = Int((-low / scale).rounded(.toNearestOrEven))
        return ConvolutionWeights.Quantisation(scale: scale, zero: min(255, max(0, zero)))
    }
}

/// A dense layer; small, so it is computed in double.
struct DenseLayer: Sendable {
    let inputs: Int
    let outputs: Int
    /// Outputs × inputs.
    let weights: [Float]
    let bias: [Float]

    func callAsFunction(_ x: [Float]) -> [Float] {
        precondition(x.count == inputs)
        return (0..<outputs).map { output in
            var sum = Double(bias[output])
            for input in 0..<inputs { sum += Double(weights[output * inputs + input]) * Double(x[input]) }
            return Float(sum)
        }
    }
}

/// x · σ(x).
func silu(_ x: Float) -> Float { Float(Double(x) / (1 + exponential(-Double(x)))) }

/// e to the power of x.
func exponential(_ x: Double) -> Double { Foundation.exp(x) }

/// Logarithm to the base 2.
func logarithm2(_ x: Double) -> Double { Foundation.log2(x) }
