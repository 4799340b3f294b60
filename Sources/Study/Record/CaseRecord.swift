public import Imaging
public import Metrics

/// What became of a case.
public enum CaseStatus: String, Sendable, CaseIterable {
    /// Evaluated.
    case ok
    /// Something went wrong; stage, code and message say what.
    case failed
    /// Not eligible by the protocol.
    case excluded
    /// Listed, but not run.
    case missing
}

/// Step of a case at which something happened.
public enum CaseStage: String, Sendable, CaseIterable {
    /// Reading and checking the inputs.
    case input
    /// Deciding whether the case is eligible.
    case eligibility
    /// Making or loading the image.
    case generation
    /// Comparing the grids.
    case geometry
    /// Measuring.
    case evaluation
    /// Drawing pictures.
    case pictures
    /// Writing to the store.
    case storage
}

/// The outcome of one case in one run.
public struct CaseOutcome: Sendable, Equatable {
    /// What became of it.
    public var status: CaseStatus
    /// Step, for anything but `ok`.
    public var stage: CaseStage?
    /// Stable code of the reason, such as `grid_mismatch`.
    public var reasonCode: String?
    /// One sentence without patient data or paths.
    public var message: String?
    /// Seconds that the case took; changes from run to run.
    public var seconds: Double
    /// Seconds of each stage, in order.
    public var stageSeconds: [StageSeconds]
    /// Peak memory of the process by the end of the case, in MiB; changes from run to run.
    public var peakMemoryMiB: Double
    /// SHA-256 over grid and voxels of the generated image.
    public var outputSHA256: String?

    /// Seconds of one stage.
    public struct StageSeconds: Sendable, Equatable {
        /// Stage of the run or of the generator.
        public var name: String
        /// Its time.
        public var seconds: Double

        /// Makes a record.
        public init(name: String, seconds: Double) {
            self.name = name
            self.seconds = seconds
        }
    }

    /// Makes an outcome.
    public init(
        status: CaseStatus, stage: CaseStage? = nil, reasonCode: String? = nil, message: String? = nil,
        seconds: Double = 0, stageSeconds: [StageSeconds] = [], peakMemoryMiB: Double = 0, outputSHA256: String? = nil
    ) {
        self.status = status
        self.stage = stage
        self.reasonCode = reasonCode
        self.message = message
        self.seconds = seconds
        self.stageSeconds = stageSeconds
        self.peakMemoryMiB = peakMemoryMiB
        self.outputSHA256 = outputSHA256
    }
}

/// One case of a run with its covariates and results.
public struct CaseRecord: Sendable, Equatable, Identifiable {
    /// Identifier, unique in the cohort.
    public var id: String
    /// Pseudonym of the subject.
    public var subject: String
    /// Site code.
    public var site: String
    /// Sex, if known.
    public var sex: String?
    /// Age band, if known.
    public var ageBand: String?
    /// Every covariate of the manifest (`vendor`, `model`, `field_t`, `kernel`, `slice_mm`, `pathology`, …).
    public var covariates: [String: String]
    /// SHA-256 of its files, by column of the manifest.
    public var files: [FileRecord]
    /// Grid of the truth in words; nil where it could not be read.
    public var geometry: String?
    /// Respiratory phase of the source in [0, 1).
    public var sourcePhase: Double?
    /// Respiratory phase of the truth in [0, 1).
    public var truthPhase: Double?
    /// How the truth was registered.
    public var registrationMethod: String?
    /// Residual error of that registration, in mm.
    public var registrationErrorMM: Double?
    /// What became of it.
    public var outcome: CaseOutcome
    /// What was measured, in the order of measuring.
    public var measurements: [MeasurementRecord]
    /// Pictures, in the order of drawing.
    public var pictures: [PictureRecord]

    /// One file of a case.
    public struct FileRecord: Sendable, Equatable {
        /// Column of the manifest.
        public var column: String
        /// SHA-256 of its bytes.
        public var sha256: String

        /// Makes a record.
        public init(column: String, sha256: String) {
            self.column = column
            self.sha256 = sha256
        }
    }

    /// The measurement of a metric on a structure.
    public func measurement(_ metric: String, _ structure: String) -> MeasurementRecord? {
        measurements.first { $0.measurement.metric == metric && $0.measurement.structure == structure }
    }
}

/// One measurement with the version of what measured it.
public struct MeasurementRecord: Sendable, Equatable {
    /// Metric, structure, value or reason, unit, parameters, tables.
    public var measurement: Measurement
    /// Version of the implementation.
    public var implementationVersion: Int

    /// Makes a record.
    public init(measurement: Measurement, implementationVersion: Int) {
        self.measurement = measurement
        self.implementationVersion = implementationVersion
    }
}

/// One picture of a case.
public struct PictureRecord: Sendable, Equatable {
    /// The picture with what is needed to caption it.
    public var picture: CasePicture
    /// SHA-256 of the PNG bytes.
    public var sha256: String

    /// Name within the case, such as `axial/difference`.
    public var name: String { picture.name }
    /// Bytes of the PNG file.
    public var png: [UInt8] { picture.png }

    /// Makes a record.
    public init(picture: CasePicture, sha256: String) {
        self.picture = picture
        self.sha256 = sha256
    }
}
