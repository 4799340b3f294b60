import CKernels

/// Small perceptrons at every pixel of the generated image, which see it and the source near and far.
struct Refinement: Sendable {
    private struct Description: Decodable {
        let levels, hidden, stages: Int
        let gain, reach, radiusMM: Double
        let pairs: [[Int]]

        enum CodingKeys: String, CodingKey {
            case levels, hidden, stages, gain, reach, pairs
            case radiusMM = "radius_mm"
        }
    }

    private let description: Description
    private let weights, bias, out, shift: [Float]
    /// Planes of working memory.
    static let planes = 3 * (CK_REFINEMENT_LEVELS + 1) + 2

    /// Nil where the weights have none.
    init?(_ weights: NetworkWeights) throws(SafetensorsError) {
        guard weights.file.tensors["refinement.hidden"] != nil else { return nil }
        let d: Description = try NetworkWeights.describe("refinement", of: weights.file)
        let isUsable =
            d.levels == CK_REFINEMENT_LEVELS && (1...64).contains(d.hidden) && (1...8).contains(d.stages)
            && d.gain.isFinite && d.reach > 0 && (0.5...50).contains(d.radiusMM) && (1...64).contains(d.pairs.count)
        guard isUsable else {
            throw SafetensorsError(file: weights.file.name, reason: "the refinement is not described")
        }
        let features = CK_REFINEMENT_FEATURES
        let shape = [d.pairs.count, d.stages, d.hidden]
        description = d
        self.weights = try weights.file.floats("refinement.hidden", shape: shape + [features])
        bias = try weights.file.floats("refinement.bias", shape: shape)
        out = try weights.file.floats("refinement.out", shape: shape)
        shift = try weights.file.floats("refinement.shift", shape: [d.pairs.count, d.stages])
    }

    /// Refines the image of the middle one of three source slices in place, all in the network's domain.
    ///
    /// A pair of series for which the weights hold no perceptrons stays as it is.
    func run(
        _ image: UnsafeMutablePointer<Float>, slices: [UnsafePointer<Float>], size: FrameSize, pixelMM: Double,
        source: Int, target: Int, isCT: Bool, work: GrowingBuffer<Float>
    ) {
        guard let pair = description.pairs.firstIndex(of: [source, target]) else { return }
        let room = work.elements(Refinement.planes * size.height * size.width)
        let units = description.stages * description.hidden
        let radius = Int32(max(1, Int(description.radiusMM / pixelMM)))
        var three: (UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafePointer<Float>?) = (
            slices[0], slices[1], slices[2]
        )
        withArrays { weights, bias, out, shift in
            var refinement = ck_refinement_t(
                stages: Int32(description.stages), hidden: Int32(description.hidden), gain: Float(description.gain),
                reach: Float(description.reach),
                weights: weights + pair * units * CK_REFINEMENT_FEATURES, bias: bias + pair * units,
                out: out + pair * units, shift: shift + pair * description.stages)
            withUnsafeBytes(of: &three) { planes in
                ck_refine_image(
                    image, planes.assumingMemoryBound(to: UnsafePointer<Float>?.self).baseAddress, Int32(size.height),
                    Int32(size.width), radius, ConditionalMean.bodyThreshold(isCT: isCT), &refinement, room)
            }
        }
    }

    private typealias Values = UnsafePointer<Float>

    private func withArrays(_ body: (Values, Values, Values, Values) -> Void) {
        weights.withUnsafeBufferPointer { a in
            bias.withUnsafeBufferPointer { b in
                out.withUnsafeBufferPointer { c in
                    shift.withUnsafeBufferPointer { d in
                        guard let a = a.baseAddress, let b = b.baseAddress, let c = c.baseAddress, let d = d.baseAddress
                        else { return }
                        body(a, b, c, d)
                    }
                }
            }
        }
    }
}
