public import Cohort
import Foundation
import Imaging

/// AP-HiDiff on a volume: slices through the network, several at once, each on one thread.
///
/// The output lies on the source's grid: HU for CT; MR on the scale of the weights, whose reference is the signal of liver in the target
/// series before coil shading (`mr_target_reference`). The same request gives the same bits at any number of threads.
public struct APHiDiffGenerator: Generator {
    /// What may be chosen.
    public struct Settings: Sendable, Equatable {
        /// Steps of the sampler; nil for the released number.
        public var steps: Int?
        /// Whether the generated image is segmented by the anatomy head.
        public var segments: Bool

        /// Makes settings; without arguments those of the release.
        public init(steps: Int? = nil, segments: Bool = true) {
            self.steps = steps
            self.segments = segments
        }
    }

    /// Version of the inference: raised when its results change for the same weights.
    public static let version = "3"

    /// Name, version, weights and settings.
    public let identity: ModelIdentity
    private let model: APHiDiffModel
    private let steps: Int
    private let segments: Bool

    /// Uses a prepared model.
    public init(_ model: APHiDiffModel, settings: Settings = Settings()) {
        self.model = model
        steps = settings.steps ?? model.weights.manifest.samplingSteps ?? 1
        segments = settings.segments
        let configuration =
            "aphidiff/\(APHiDiffGenerator.version) steps \(steps) \(model.precision.rawValue) "
            + (segments ? AnatomyMasks.method + model.weights.manifest.margins.text : "without masks")
        identity = ModelIdentity(
            name: "AP-HiDiff", version: APHiDiffGenerator.version, weightsSHA256: model.weights.sha256,
            configurationSHA256: FileDigest.sha256(Array(configuration.utf8)), parameters: model.weights.parameters)
    }

    /// Finds and prepares the weights; `--weights` names their folder or the tensor file in it.
    static func make(_ order: GeneratorFactory.Order) throws(GeneratorError) -> any Generator {
        if let argument = order.argument {
            throw GeneratorError(
                .inputRefused,
                "'aphidiff' takes no argument ('\(SafeText.printable(argument))'); --weights names other weights")
        }
        var path = order.options.weightsPath
        if let file = path, file.hasSuffix("/" + EngineWeights.fileName) {
            path = String(file.dropLast(EngineWeights.fileName.count + 1))
        } else if path == EngineWeights.fileName {
            path = "."
        }
        order.progress("reading the weights", 0)
        let model = try APHiDiffModel(folder: try EngineWeights.locate(explicit: path))
        order.progress("reading the weights", 1)
        return APHiDiffGenerator(model)
    }

    /// Generates a volume.
    public func generate(_ request: GenerationRequest) throws(GeneratorError) -> GeneratedCase {
        guard let source = request.source else {
            throw GeneratorError(.sourceMissing, "the cohort lists no source image for this case")
        }
        let network = model.network
        let series = try SourceCheck.series(request, network)
        let order = AxialOrder(source.geometry)
        try SourceCheck.grid(source.geometry, order)
        let reference = try SourceCheck.intensities(source, isCT: network.isCT(series.source))
        let fit = FrameFit(order, frame: network.size)
        let study = network.study(
            source: series.source, target: series.target, pixelMM: fit.pixelMM, sliceMM: order.spacingMM[0],
            steps: steps, seed: request.seed)
        let start = ContinuousClock().now
        let warped = warpedSource(request, source, order, network.sourceDomain(series.source, reference: reference))
        let warpSeconds = seconds(since: start)
        let run = VolumeRun(
            network: network, study: study, source: warped ?? source, order: order, fit: fit,
            domain: network.sourceDomain(series.source, reference: reference),
            margins: segments ? model.weights.manifest.margins : nil)
        let outcome = run.generate(threads: request.threads, progress: request.progress)
        guard outcome.volume.voxels.allSatisfy(\.isFinite) else {
            throw GeneratorError(
                .outputInvalid, "the generated image holds NaN or infinity: the weights do not fit this input")
        }
        var result = GeneratedCase(volume: outcome.volume)
        result.stageSeconds = [(name: "deform", seconds: warpSeconds)] + outcome.clock.named
        if let findings = outcome.findings {
            let masks = AnatomyMasks(findings, model.weights.manifest.margins)
            if let least = model.weights.manifest.minimumLiverML, masks.liverML < least {
                throw GeneratorError(
                    .inputRefused,
                    "the anatomy head finds \(masks.liverML.rounded()) ml of liver, less than \(least.rounded()) ml: "
                        + "no liver in the source, or not enough of it")
            }
            result.liver = masks.liver
            result.vessels = masks.vessels
            result.lesions = masks.lesions
            result.segmentation = AnatomyMasks.method
        }
        return result
    }

    /// The source at the target's phase; nil where a phase or the amplitude is not known, or nothing moves.
    private func warpedSource(
        _ request: GenerationRequest, _ source: Volume<Float>, _ order: AxialOrder, _ domain: IntensityDomain
    ) -> Volume<Float>? {
        guard let from = request.sourcePhase, let to = request.targetPhase,
            let amplitude = request.respiratoryAmplitudeMM,
            from != to, amplitude != 0, from.isFinite, to.isFinite, amplitude.isFinite
        else { return nil }
        let breathing = model.network.breathing
        let displacement = source.voxels.withUnsafeBufferPointer { voxels -> BreathingField.Cells? in
            guard let base = voxels.baseAddress else { return nil }
            let cells = breathing.cells(size: order.size, spacingMM: order.spacingMM) { k, plane in
                order.read(k, of: base, into: plane)
                domain.encode(plane, order.pixels, into: plane)
            }
            let velocity = breathing.velocity(
                cells, sourcePhase: from, targetPhase: to, amplitudeMM: amplitude, threads: request.threads)
            return breathing.exponential(velocity, threads: request.threads)
        }
        guard let displacement else { return nil }
        return breathing.warped(source, order: order, displacement: displacement, threads: request.threads)
    }

    private func seconds(since start: ContinuousClock.Instant) -> Double {
        let (whole, fraction) = (ContinuousClock().now - start).components
        return Double(whole) + Double(fraction) * 1e-18
    }
}
