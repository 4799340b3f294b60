import CDNNL
import Testing

@testable import Engine

@Suite("Convolutions of the engine")
struct ConvolutionTests {
    /// A layer with whole-number activations, so that the expected sums are exact.
    private struct Problem {
        let outputs, inputs, kernel, height, width, images, zero: Int
        var weights: [Int8]
        let source: [Float]

        init(
            _ outputs: Int, _ inputs: Int, kernel: Int, _ height: Int, _ width: Int, images: Int = 1, zero: Int = 100,
            largest: Int = 127
        ) {
            (self.outputs, self.inputs, self.kernel) = (outputs, inputs, kernel)
            (self.height, self.width, self.images, self.zero) = (height, width, images, zero)
            var state: UInt64 = 7
            func next(_ bound: Int) -> Int {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return Int(state >> 33) % bound
            }
            weights = (0..<outputs * kernel * kernel * inputs).map { _ in Int8(next(2 * largest + 1) - largest) }
            source = (0..<images * height * width * inputs).map { _ in Float(next(256) - zero) }
        }

        /// The sums by definition.
        var expected: [Float] {
            let reach = kernel / 2
            var out: [Float] = []
            for image in 0..<images {
                for y in 0..<height {
                    for x in 0..<width {
                        for o in 0..<outputs {
                            var sum = 0
                            for dy in 0..<kernel {
                                for dx in 0..<kernel {
                                    let (v, u) = (y + dy - reach, x + dx - reach)
                                    guard v >= 0, v < height, u >= 0, u < width else { continue }
                                    let from = ((image * height + v) * width + u) * inputs
                                    let w = ((o * kernel + dy) * kernel + dx) * inputs
                                    for i in 0..<inputs { sum += Int(source[from + i]) * Int(weights[w + i]) }
                                }
                            }
                            out.append(Float(sum))
                        }
                    }
                }
            }
            return out
        }

        func layer(_ precision: EnginePrecision, prefersOwnCode: Bool = true) throws -> Convolution {
            try Convolution.$prefersOwnCode.withValue(prefersOwnCode) {
                try Convolution(
                    ConvolutionWeights(
                        outputs: outputs, inputs: inputs, kernel: kernel,
                        values: .bytes(weights, scale: Array(repeating: 1, count: outputs)),
                        bias: Array(repeating: 0, count: outputs),
                        input: ConvolutionWeights.Quantisation(scale: 1, zero: zero)), height: height, width: width,
                    precision: precision)
            }
        }

        func result(_ layer: Convolution) -> [Float] {
            let out = FeatureMap(height: height, width: width, channels: outputs, images: images)
            layer.run(source, images: images, into: out.values, scratch: Scratch())
            return Array(UnsafeBufferPointer(start: out.values, count: images * out.count))
        }
    }

    @Test(
        "8-bit sums are those of the definition, bit for bit, for odd sizes, few outputs and several images",
        arguments: [
            (32, 32, 3, 13, 7, 2), (20, 16, 3, 9, 10, 1), (48, 48, 1, 5, 11, 3), (16, 640, 3, 4, 4, 1),
            (15, 32, 3, 1, 1, 1),
        ])
    func integersAreExact(_ o: Int, _ i: Int, _ k: Int, _ h: Int, _ w: Int, _ n: Int) throws {
        let problem = Problem(o, i, kernel: k, h, w, images: n, largest: 40)
        #expect(problem.result(try problem.layer(.int8)) == problem.expected)
    }

    @Test("The largest weights and activations do not overflow")
    func extremesAreExact() throws {
        var problem = Problem(16, 640, kernel: 3, 5, 5, zero: 0)
        problem.weights = problem.weights.map { _ in 127 }
        #expect(problem.result(try problem.layer(.int8)) == problem.expected)
        problem.weights = problem.weights.map { _ in -128 }
        #expect(problem.result(try problem.layer(.int8)) == problem.expected)
    }

    @Test(
        "oneDNN's 8-bit sums are the same bits as ours",
        .enabled(
            if: cdnnl_integers_are_exact() != 0,
            "this processor has no dot products of bytes: oneDNN's sums would saturate"))
    func libraryAgrees() throws {
        for kernel in [1, 3] {
            let problem = Problem(40, 64, kernel: kernel, 12, 9, images: 2)
            #expect(problem.result(try problem.layer(.int8, prefersOwnCode: false)) == problem.expected)
        }
    }

    @Test("The float path gives the definition's sums within rounding")
    func floatsAgree() throws {
        for kernel in [1, 3] {
            let problem = Problem(24, 32, kernel: kernel, 11, 6, images: 2, largest: 20)
            for (a, b) in zip(problem.result(try problem.layer(.fp32)), problem.expected) {
                #expect(abs(a - b) <= 1e-5 * max(1, abs(b)) + 0.05)
            }
        }
    }

    @Test("Epilogue, residual and activation are applied in both precisions")
    func epilogueIsApplied() throws {
        let problem = Problem(16, 16, kernel: 1, 4, 4, zero: 128, largest: 30)
        for precision in EnginePrecision.allCases {
            let layer = try problem.layer(precision)
            let residual = [Float](repeating: 3, count: 4 * 4 * 16)
            let out = FeatureMap(height: 4, width: 4, channels: 16)
            let end = Epilogue(scale: Array(repeating: 0.5, count: 16), bias: Array(repeating: 1, count: 16))
            layer.run(problem.source, epilogue: end, residual: residual, into: out.values, scratch: Scratch())
            for (value, sum) in zip(out.array, problem.expected) { #expect(abs(value - (3 + 0.5 * sum + 1)) < 0.02) }
        }
    }
}
