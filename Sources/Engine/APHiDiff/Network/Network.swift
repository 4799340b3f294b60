/// Every part of AP-HiDiff, prepared for one frame size and precision.
///
/// Read-only, shared by all threads.
struct Network: Sendable {
    let size: FrameSize
    let precision: EnginePrecision
    let series: [String]
    let statistics: BandStatistics
    let conditionalMean: ConditionalMean
    let anatomy: AnatomyNetwork
    let modality: ModalityNetwork
    let gates: GateNetwork
    let denoiser: Denoiser
    let texture: Texture
    /// Nil where the weights have none.
    let refinement: Refinement?
    let breathing: BreathingField
    let sampler: Sampler
    private let computedTomography: IntensityDomain
    private let magneticResonance: IntensityDomain

    init(_ weights: NetworkWeights, size: FrameSize, precision: EnginePrecision) throws {
        self.size = size
        self.precision = precision
        series = weights.series
        statistics = try BandStatistics(weights)
        conditionalMean = try ConditionalMean(weights)
        anatomy = try AnatomyNetwork(weights, size: size, precision: precision)
        modality = try ModalityNetwork(weights)
        gates = try GateNetwork(weights, size: size, precision: precision)
        denoiser = try Denoiser(weights, size: size, precision: precision)
        texture = try Texture(weights, size: size, precision: precision)
        refinement = try Refinement(weights)
        breathing = try BreathingField(weights)
        sampler = try Sampler(weights)
        computedTomography = try IntensityDomain(
            knots: try NetworkWeights.describe("ct_knots", of: weights.file), reference: 1, file: weights.file.name)
        magneticResonance = try IntensityDomain(
            knots: try NetworkWeights.describe("mr_knots", of: weights.file),
            reference: try NetworkWeights.describe("mr_target_reference", of: weights.file), file: weights.file.name)
    }

    /// Whether a series is CT.
    func isCT(_ series: Int) -> Bool { self.series[series] == "CT" }

    /// Intensities of a generated image; for MR on the fixed scale of the weights.
    func targetDomain(_ series: Int) -> IntensityDomain { isCT(series) ? computedTomography : magneticResonance }

    /// Intensity below which a generated voxel is air: between air and fat in CT, an eighth of the liver's reference signal in MR.
    func airLimit(_ series: Int) -> Float { isCT(series) ? -200 : magneticResonance.reference / 8 }

    /// Intensities of a source image; MR is measured against its own reference.
    func sourceDomain(_ series: Int, reference: Float) -> IntensityDomain {
        isCT(series) ? computedTomography : magneticResonance.with(reference: reference)
    }

    /// Everything that is the same for all slices of a study.
    struct Study: Sendable {
        let source, target: Int
        let pixelMM: Double
        let code: [Float]
        let gateTerms: [(gate: [Float], projection: [Float])]
        let steps: [Denoiser.Step]
        let texture: Epilogue
        /// Start of the sampler; empty for one step, which starts from the mean.
        let noise: [Float]
    }

    /// Prepares a study.
    func study(source: Int, target: Int, pixelMM: Double, sliceMM: Double, steps: Int, seed: UInt64) -> Study {
        let code = modality.code(series: target)
        let geometry = [Float(logarithm2(pixelMM / 0.8)), Float(logarithm2(sliceMM / 2.8))]
        let levels = sampler.levels(steps: steps)
        return Study(
            source: source, target: target, pixelMM: pixelMM, code: code, gateTerms: modality.gateTerms(code),
            steps: levels.indices.map { index in
                denoiser.step(
                    levels: levels[index], following: index + 1 < levels.count ? levels[index + 1] : nil, code: code,
                    geometry: geometry)
            },
            texture: texture.modulated(code), noise: steps > 1 ? Sampler.noise(seed: seed, size: size) : [])
    }
}
