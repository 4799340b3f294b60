public import Metrics

/// The series of an image: `CT`, `MR`, or `MR-` followed by a name such as `T1` or `T2`.
public struct ImageSeries: Sendable, Hashable, CustomStringConvertible {
    /// The name as it stands in the manifest.
    public let name: String
    /// CT or MR.
    public let modality: Modality

    /// Makes a series, or nil when the name is not one.
    public init?(_ name: String) {
        switch name {
        case "CT": modality = .ct
        case "MR": modality = .mr
        default:
            guard name.hasPrefix("MR-"), name.utf8.count > 3, name.utf8.count <= 32,
                name.utf8.dropFirst(3).allSatisfy({ byte in
                    let letter = byte | 0x20
                    return (letter >= 0x61 && letter <= 0x7A) || (byte >= 0x30 && byte <= 0x39)
                        || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
                })
            else { return nil }
            modality = .mr
        }
        self.name = name
    }

    /// The name.
    public var description: String { name }
}

/// An image file with what made it.
public struct ImageReference: Sendable, Equatable {
    /// Path relative to the cohort's folder.
    public var path: String
    /// Its series.
    public var series: ImageSeries

    /// Makes a reference.
    public init(path: String, series: ImageSeries) {
        self.path = path
        self.series = series
    }
}

/// One row of the manifest.
///
/// Paths are relative to the cohort's folder; `Cohort.path(_:)` completes them.
public struct CohortCase: Sendable, Equatable, Identifiable {
    /// Identifier of the case, unique in the cohort.
    public var id: String
    /// Pseudonym of the subject, who may have several cases.
    public var subject: String
    /// Site code.
    public var site: String
    /// Image that goes into the generator; nil only where a finished volume is listed.
    public var source: ImageReference?
    /// Registered ground truth.
    public var truth: ImageReference
    /// Ground truth without acquisition noise, on the truth's grid; its similarity to the truth is a ceiling.
    public var truthClean: String?
    /// Finished volume of some generator.
    public var generated: String?
    /// Liver mask on the truth's grid.
    public var liver: String?
    /// Vessel mask on the truth's grid.
    public var vessels: String?
    /// Lesion mask on the truth's grid, one label per lesion.
    public var lesions: String?
    /// Vessel mask made from the generated image.
    public var generatedVessels: String?
    /// Lesion mask made from the generated image.
    public var generatedLesions: String?
    /// Body mask on the truth's grid.
    public var body: String?
    /// Landmarks of the truth (CSV).
    public var landmarks: String?
    /// The landmarks of the truth as they lie in the source (CSV).
    public var sourceLandmarks: String?
    /// Landmarks of the generated image (CSV).
    public var generatedLandmarks: String?
    /// Known displacement field.
    public var displacement: String?
    /// Frame of its components; always given with it.
    public var displacementFrame: DisplacementFrame?
    /// Respiratory phase of the source in [0, 1).
    public var sourcePhase: Double?
    /// Respiratory phase of the truth in [0, 1).
    public var truthPhase: Double?
    /// Surrogate amplitude of the breath, in mm.
    public var respiratoryAmplitudeMM: Double?
    /// How the truth was registered to the source.
    public var registrationMethod: String?
    /// Residual error of that registration, in mm.
    public var registrationErrorMM: Double?
    /// Every further column of the manifest, for subgroups; empty cells are left out.
    public var covariates: [String: String]
    /// Line in the manifest, from 1; 0 for a case that was made in memory.
    public var line: Int

    /// Makes a case with what every case has; the rest is set afterwards.
    public init(
        id: String, subject: String, site: String, source: ImageReference?, truth: ImageReference,
        generated: String? = nil, covariates: [String: String] = [:], line: Int = 0
    ) {
        self.id = id
        self.subject = subject
        self.site = site
        self.source = source
        self.truth = truth
        self.generated = generated
        self.covariates = covariates
        self.line = line
    }

    /// Every file of the case with its column, in the order of the manifest's columns.
    public var files: [(column: ManifestColumn, path: String)] {
        ManifestColumn.allCases.compactMap { column in
            guard column.isPath, let path = self[column] else { return nil }
            return (column, path)
        }
    }
}
