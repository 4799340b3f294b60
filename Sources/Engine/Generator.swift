public import Cohort
public import Imaging

/// Everything a generator may use for one case; never the truth.
public struct GenerationRequest: Sendable {
    /// Identifier of the case in its cohort.
    public var caseID: String
    /// Pseudonym of the subject.
    public var subject: String
    /// Source image on its own grid; nil where the cohort lists only a finished volume.
    public var source: Volume<Float>?
    /// File of the source, for generators that read it themselves.
    public var sourcePath: String?
    /// Series of the source.
    public var sourceSeries: ImageSeries?
    /// Series that is asked for.
    public var targetSeries: ImageSeries
    /// Respiratory phase of the source in [0, 1), if known.
    public var sourcePhase: Double?
    /// Respiratory phase that is asked for in [0, 1), if known.
    public var targetPhase: Double?
    /// Surrogate amplitude of the breath, in mm, if known.
    public var respiratoryAmplitudeMM: Double?
    /// File of the finished volume, if the cohort lists one.
    public var finishedVolumePath: String?
    /// Seed of every random number of this case.
    public var seed: UInt64
    /// Threads that the generator may use; the result does not depend on it.
    public var threads: Int
    /// Called with the share of the case that is done, from 0 to 1.
    public var progress: (@Sendable (Double) -> Void)?

    /// Makes a request with what every case has; the rest is set afterwards.
    public init(caseID: String, subject: String, targetSeries: ImageSeries, seed: UInt64, threads: Int = 1) {
        self.caseID = caseID
        self.subject = subject
        self.targetSeries = targetSeries
        self.seed = seed
        self.threads = threads
    }
}

/// What a generator made of one case.
public struct GeneratedCase: Sendable {
    /// The generated image: HU for CT; for MR the target series' scale.
    public var volume: Volume<Float>
    /// Liver that the generator segmented in its own output, on the grid of `volume`.
    public var liver: Mask?
    /// Vessels that the generator segmented, on the grid of `volume`.
    public var vessels: Mask?
    /// Lesions that the generator segmented, one label each, on the grid of `volume`.
    public var lesions: LabelMap?
    /// Method of these masks with its version, such as `anatomy-head/2`.
    public var segmentation: String?
    /// Seconds of each stage, in order, for reports; never part of a result's digest.
    public var stageSeconds: [(name: String, seconds: Double)] = []

    /// Makes a result.
    public init(volume: Volume<Float>) { self.volume = volume }
}

/// Makes the target image of a case.
///
/// A generator sees the source, never the truth, with one stated exception: the intensity map learns from the *other* subjects' truths.
public protocol Generator: Sendable {
    /// What generates, for the store and the gate.
    var identity: ModelIdentity { get }
    /// Generates one case; same request, same bits, whatever the thread count.
    ///
    /// - Throws: `GeneratorError`.
    func generate(_ request: GenerationRequest) throws(GeneratorError) -> GeneratedCase
}

/// Why a case could not be generated.
public struct GeneratorError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Stable reasons, for the store.
    public enum Reason: String, Sendable, Codable, CaseIterable {
        /// The cohort lists no source image, and the generator needs one.
        case sourceMissing = "source_missing"
        /// The cohort lists no finished volume.
        case finishedVolumeMissing = "finished_volume_missing"
        /// The input cannot be used: wrong modality, no liver, a grid too small or too large.
        case inputRefused = "input_refused"
        /// The generator ended with an error.
        case failed = "generator_failed"
        /// The generator used up its time.
        case timedOut = "timed_out"
        /// The output cannot be read, or is not an image of the case.
        case outputInvalid = "output_invalid"
        /// Weights are missing or damaged.
        case weightsInvalid = "weights_invalid"
    }

    /// The reason.
    public let reason: Reason
    /// One sentence for a person, without patient data.
    public let message: String

    /// Makes an error.
    public init(_ reason: Reason, _ message: String) {
        self.reason = reason
        self.message = message
    }

    /// The sentence.
    public var description: String { message }
}
