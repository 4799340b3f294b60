import CDNNL
import CKernels

/// One convolution, prepared for a size: stride 1, zero padding, 1×1 or 3×3, channels fastest.
///
/// In 8 bits the sums are exact integers, so that every processor and every code path gives the same bits: oneDNN where the processor
/// has dot products of bytes, our own minimal filtering in 16 bits elsewhere (there, oneDNN's sums of pairs would saturate). In floats
/// oneDNN computes the sums. The epilogue is ours in both.
///
/// `@unchecked Sendable`: the handles are written in `init` and only read afterwards; running one on several threads at once is part of
/// both interfaces' contract, each thread with its own scratch.
final class Convolution: @unchecked Sendable {
    private enum Code {
        case minimal(OpaquePointer)
        case dotProducts(OpaquePointer, correction: [Int32])
        case floats(OpaquePointer)
    }

    /// Takes our own 8-bit code where oneDNN's would do, too: for layers made while this is set, to hold one against the other.
    @TaskLocal static var prefersOwnCode = false

    let outputs: Int
    let inputs: Int
    let kernel: Int
    let height: Int
    let width: Int
    /// The epilogue without modulation.
    let epilogue: Epilogue
    private let code: Code
    private let input: ConvolutionWeights.Quantisation

    /// Prepares a convolution.
    ///
    /// - Throws: `GeneratorError` (`failed`) when memory is short or oneDNN refuses the shape.
    init(
        _ weights: ConvolutionWeights, height: Int, width: Int, precision: EnginePrecision
    ) throws(GeneratorError) {
        outputs = weights.outputs
        inputs = weights.inputs
        kernel = weights.kernel
        self.height = height
        self.width = width
        if precision == .int8, case .bytes(let bytes, let scale) = weights.values, let input = weights.input,
            weights.inputs % 16 == 0
        {
            self.input = input
            epilogue = Epilogue(scale: scale.map { $0 * input.scale }, bias: weights.bias)
            if cdnnl_integers_are_exact() != 0, !Convolution.prefersOwnCode {
                let handle = try Convolution.dnnl(weights, height, width, integers: true, bytes)
                var sums = [Int32](repeating: 0, count: weights.outputs)
                ck_weight_sums(bytes, Int32(weights.outputs), Int64(bytes.count / weights.outputs), &sums)
                code = .dotProducts(handle, correction: sums.map { $0 * Int32(input.zero) })
            } else {
                guard
                    let handle = ck_conv_create(
                        bytes, Int32(weights.outputs), Int32(weights.inputs), Int32(weights.kernel))
                else { throw GeneratorError(.failed, "not enough memory for the weights of the engine") }
                code = .minimal(handle)
            }
        } else {
            input = ConvolutionWeights.Quantisation(scale: 1, zero: 0)
            epilogue = Epilogue(scale: Array(repeating: 1, count: weights.outputs), bias: weights.bias)
            code = .floats(try Convolution.dnnl(weights, height, width, integers: false, weights.floats))
        }
    }

    deinit {
        switch code {
        case .minimal(let handle): ck_conv_destroy(handle)
        case .dotProducts(let handle, _), .floats(let handle): cdnnl_conv_destroy(handle)
        }
    }

    private static func dnnl<Value>(
        _ weights: ConvolutionWeights, _ height: Int, _ width: Int, integers: Bool, _ values: [Value]
    ) throws(GeneratorError) -> OpaquePointer {
        var shape = cdnnl_shape_t(
            images: 1, height: Int32(height), width: Int32(width), inputs: Int32(weights.inputs),
            outputs: Int32(weights.outputs), kernel: Int32(weights.kernel), integers: integers ? 1 : 0)
        var status: Int32 = 0
        guard let handle = values.withUnsafeBytes({ cdnnl_conv_create(&shape, $0.baseAddress, &status) }) else {
            throw GeneratorError(.failed, "oneDNN cannot prepare a convolution (status \(status))")
        }
        return handle
    }

    /// The epilogue with the outputs multiplied by gains, as modulation asks.
    func epilogue(gains: [Float]) -> Epilogue {
        Epilogue(
            scale: zip(epilogue.scale, gains).map { $0 * $1 }, bias: zip(epilogue.bias, gains).map { $0 * $1 })
    }

    /// Computes the layer.
    ///
    /// - Parameters:
    ///   - source: `images` × height × width × inputs.
    ///   - activated: Whether SiLU is applied to the source first.
    ///   - epilogue: Nil for the layer's own.
    ///   - residual: Added to the output; may be `out`.
    ///   - out: `images` × height × width × outputs.
    func run(
        _ source: UnsafePointer<Float>, activated: Bool = false, images: Int = 1, epilogue: Epilogue? = nil,
        residual: UnsafePointer<Float>? = nil, into out: UnsafeMutablePointer<Float>, scratch: Scratch
    ) {
        let finish = epilogue ?? self.epilogue
        finish.scale.withUnsafeBufferPointer { scale in
            finish.bias.withUnsafeBufferPointer { bias in
                var end = ck_epilogue_t(
                    scale: scale.baseAddress, bias: bias.baseAddress, residual: residual, keep: 1, out: out)
                switch code {
                case .minimal(let handle):
                    let bytes = quantised(source, activated, images, scratch)
                    let work = scratch.work.elements(ck_conv_scratch_bytes(handle))
                    ck_conv_run(
                        handle, bytes, Int32(images), Int32(height), Int32(width), Int32(input.zero), &end, work)
                case .dotProducts(let handle, let correction):
                    let bytes = quantised(source, activated, images, scratch)
                    let stride = (height + kernel / 2 * 2) * (width + kernel / 2 * 2) * inputs
                    forEachImage(images, &end) { image, end in
                        let sums = scratch.sums.elements(height * width * outputs)
                        let work = scratch.work.elements(cdnnl_conv_scratch_bytes(handle))
                        require(cdnnl_conv_run(handle, bytes + image * stride, sums, work))
                        ck_finish_integers(sums, correction, Int64(height * width), Int32(outputs), &end)
                    }
                case .floats(let handle):
                    let count = height * width * inputs
                    var values = source
                    if activated {
                        let activations = scratch.activated.elements(images * count)
                        ck_activate(source, Int64(images * count), 1, activations)
                        values = UnsafePointer(activations)
                    }
                    forEachImage(images, &end) { image, end in
                        let sums = UnsafeMutableRawPointer(scratch.sums.elements(height * width * outputs))
                        let work = scratch.work.elements(cdnnl_conv_scratch_bytes(handle))
                        require(cdnnl_conv_run(handle, values + image * count, sums, work))
                        ck_finish_floats(
                            sums.assumingMemoryBound(to: Float.self), Int64(height * width), Int32(outputs), &end)
                    }
                }
            }
        }
    }

    private func quantised(
        _ source: UnsafePointer<Float>, _ activated: Bool, _ images: Int, _ scratch: Scratch
    ) -> UnsafePointer<UInt8> {
        let border = kernel / 2
        let bytes = scratch.bytes.elements(images * (height + 2 * border) * (width + 2 * border) * inputs)
        ck_quantise(
            source, Int32(images), Int32(height), Int32(width), Int32(inputs), Int32(inputs), activated ? 1 : 0,
            1 / input.scale, Int32(input.zero), Int32(border), bytes)
        return UnsafePointer(bytes)
    }

    private func forEachImage(_ images: Int, _ end: inout ck_epilogue_t, _ body: (Int, inout ck_epilogue_t) -> Void) {
        let first = end
        for image in 0..<images {
            let at = image * height * width * outputs
            end.out = first.out + at
            end.residual = first.residual.map { $0 + at }
            body(image, &end)
        }
    }

    /// oneDNN has checked shape and memory when the convolution was prepared; a failure here is a bug of ours.
    private func require(_ status: Int32) { precondition(status == 0, "oneDNN failed with status \(status)") }
}
