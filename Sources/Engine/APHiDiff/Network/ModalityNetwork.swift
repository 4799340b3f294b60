import CKernels

/// The target series as a code, and the gates that mix it with the anatomy.
///
/// Computed once for a study.
struct ModalityNetwork: Sendable {
    private static let groups = 4
    private static let labelCount = 16
    private let labels: [Float]
    private let codebooks: [Codebook]
    private let p1, p2: DenseLayer
    private let gateMeans, gateProjections: [DenseLayer]

    init(_ weights: NetworkWeights) throws {
        labels = try weights.matrix("modality.labels", rows: ModalityNetwork.labelCount, columns: Widths.code)
        codebooks = try (0..<ModalityNetwork.groups).map {
            try Codebook(weights, "modality.quantisers.\($0)", codes: 64, width: Widths.code / ModalityNetwork.groups)
        }
        p1 = try weights.dense("modality.p1", Widths.code, Widths.code)
        p2 = try weights.dense("modality.p2", Widths.code, Widths.code)
        gateMeans = try Widths.denoiser.enumerated().map {
            try weights.dense("gates.\($0.offset).gm", Widths.code, $0.element)
        }
        gateProjections = try Widths.denoiser.enumerated().map {
            try weights.dense("gates.\($0.offset).pm", Widths.code, $0.element)
        }
    }

    /// Code of a series by its index.
    func code(series: Int) -> [Float] {
        let row = Array(labels[series * Widths.code..<(series + 1) * Widths.code])
        var quantised: [Float] = []
        for (group, book) in codebooks.enumerated() {
            let part = Array(row[group * book.width..<(group + 1) * book.width])
            var index: Int32 = 0
            ck_nearest_code(part, 1, Int32(book.width), book.rows, Int32(book.codes), &index)
            let gain = Float(book.width).squareRoot()
            quantised += book.rows[Int(index) * book.width..<(Int(index) + 1) * book.width].map { gain * $0 }
        }
        let correction = p2(p1(quantised).map(silu))
        return zip(quantised, correction).map { $0 + $1 }
    }

    /// What the code adds to the gate of every level, and what it projects to.
    func gateTerms(_ code: [Float]) -> [(gate: [Float], projection: [Float])] {
        zip(gateMeans, gateProjections).map { ($0(code), $1(code)) }
    }
}

/// Gates of the five levels: `g = σ(ga(a) + gm)`, `f = g · pa(a) + (1 − g) · pm`.
struct GateNetwork: Sendable {
    private let layers: [Convolution]

    init(_ weights: NetworkWeights, size: FrameSize, precision: EnginePrecision) throws {
        layers = try zip(Widths.anatomy, Widths.denoiser).enumerated().map { level, widths in
            try Convolution(
                try weights.convolutions(
                    "gates.\(level).ga", "gates.\(level).pa", widths.0, widths.1, kernel: 1),
                height: size.rows(level), width: size.columns(level), precision: precision)
        }
    }

    /// Fuses the features of a slice.
    ///
    /// - Parameters:
    ///   - terms: From `ModalityNetwork.gateTerms`.
    ///   - both: Room for gate and projection: twice the denoiser's channels of any level.
    func run(
        _ features: [FeatureMap], terms: [(gate: [Float], projection: [Float])], both: GrowingBuffer<Float>,
        into fused: [FeatureMap], scratch: Scratch
    ) {
        for (level, layer) in layers.enumerated() {
            let map = fused[level]
            let room = both.elements(2 * map.count)
            layer.run(features[level].values, into: room, scratch: scratch)
            ck_gate(
                room, terms[level].gate, terms[level].projection, Int64(map.pixels), Int32(map.channels), map.values)
        }
    }
}
