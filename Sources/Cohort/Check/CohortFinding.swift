public import Imaging

/// Something that a check of a cohort found.
public struct CohortFinding: Sendable, Equatable {
    /// How serious it is.
    public enum Level: String, Sendable, CaseIterable {
        /// The case cannot be used as it is.
        case error
        /// Somebody has to look at it.
        case warning
        /// Worth knowing.
        case note
    }

    /// Stable names of what can be found, for scripts.
    public enum Code: String, Sendable, CaseIterable {
        /// A file is missing, a link, or not a regular file.
        case fileMissing = "file_missing"
        /// A file cannot be read.
        case unreadable
        /// A file is usable but odd.
        case fileOddity = "file_oddity"
        /// Voxels are NaN or infinite.
        case notFinite = "not_finite"
        /// All voxels have one value.
        case constantImage = "constant_image"
        /// The intensities do not look like the modality.
        case modality
        /// Slices, spacing or field of view are unusual.
        case geometry
        /// The image is oblique, or stored in another orientation than its partner.
        case orientation
        /// Two images that are compared lie on different grids.
        case imageGrid = "image_grid"
        /// A mask lies on another grid than its image.
        case maskGrid = "mask_grid"
        /// A mask is empty.
        case maskEmpty = "mask_empty"
        /// Vessels or lesions lie outside of the liver.
        case maskOutsideLiver = "mask_outside_liver"
        /// A mask has an unusual volume.
        case maskVolume = "mask_volume"
        /// One image belongs to two subjects, or twice to one.
        case duplicateImage = "duplicate_image"
        /// Source and truth are one image.
        case sourceIsTruth = "source_is_truth"
        /// The finished volume is the truth or the source.
        case generatedIsInput = "generated_is_input"
        /// A subject is on the list of the training data.
        case trainingLeak = "training_leak"
        /// Phases or amplitude are given in part.
        case phase
        /// Source and truth do not seem to lie on each other.
        case registration
        /// A header holds text that may identify a patient.
        case patientData = "patient_data"
        /// An identifier looks like a name, a date or a number of a register.
        case identifier
        /// Landmarks do not belong together.
        case landmarks
    }

    /// How serious it is.
    public var level: Level
    /// What it is.
    public var code: Code
    /// The case, nil where the whole cohort is meant.
    public var caseID: String?
    /// The column of the manifest.
    public var column: ManifestColumn?
    /// One sentence; never text from a header.
    public var message: String

    /// Makes a finding.
    public init(
        _ level: Level, _ code: Code, caseID: String?, column: ManifestColumn? = nil, _ message: String
    ) {
        self.level = level
        self.code = code
        self.caseID = caseID
        self.column = column
        self.message = message
    }
}

/// What is known about one image of a case.
public struct ImageFacts: Sendable, Equatable {
    /// The column of the manifest.
    public var column: ManifestColumn
    /// Its grid.
    public var geometry: Geometry
    /// Smallest finite value.
    public var minimum: Double
    /// Largest finite value.
    public var maximum: Double
}

/// The outcome of a check.
public struct CohortCheckReport: Sendable, Equatable {
    /// Everything that was found, by case in the order of the manifest.
    public var findings: [CohortFinding]
    /// The images of every case that could be read.
    public var facts: [(caseID: String, images: [ImageFacts])]
    /// Whether only the manifest was looked at.
    public var isManifestOnly: Bool

    /// Number of findings of a level.
    public func count(_ level: CohortFinding.Level) -> Int { findings.count { $0.level == level } }

    /// Whether two reports say the same.
    public static func == (a: CohortCheckReport, b: CohortCheckReport) -> Bool {
        a.findings == b.findings && a.isManifestOnly == b.isManifestOnly
            && a.facts.elementsEqual(b.facts) { $0.caseID == $1.caseID && $0.images == $1.images }
    }
}
