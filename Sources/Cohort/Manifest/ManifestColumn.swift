import Metrics

/// The columns of a manifest that have a meaning of their own; any other column is a covariate.
public enum ManifestColumn: String, Sendable, CaseIterable {
    /// Pseudonym of the subject.
    case subject
    /// Identifier of the case.
    case id = "case"
    /// Site code.
    case site
    /// Image that goes into the generator.
    case source
    /// Its series.
    case sourceModality = "source_modality"
    /// Ground truth.
    case truth
    /// Its series.
    case truthModality = "truth_modality"
    /// Ground truth without acquisition noise, where it is known: what no generator can exceed.
    case truthClean = "truth_clean"
    /// Finished volume.
    case generated
    /// Body mask.
    case body
    /// Liver mask.
    case liver
    /// Vessel mask.
    case vessels
    /// Lesion mask.
    case lesions
    /// Vessel mask of the generated image.
    case generatedVessels = "generated_vessels"
    /// Lesion mask of the generated image.
    case generatedLesions = "generated_lesions"
    /// Landmarks of the truth.
    case landmarks
    /// The same landmarks in the source.
    case sourceLandmarks = "source_landmarks"
    /// Landmarks of the generated image.
    case generatedLandmarks = "generated_landmarks"
    /// Known displacement field.
    case displacement
    /// Its frame.
    case displacementFrame = "displacement_frame"
    /// Respiratory phase of the source.
    case sourcePhase = "source_phase"
    /// Respiratory phase of the truth.
    case truthPhase = "truth_phase"
    /// Amplitude of the breath.
    case respiratoryAmplitude = "respiratory_amplitude_mm"
    /// How the truth was registered.
    case registrationMethod = "registration_method"
    /// Residual error of the registration.
    case registrationError = "registration_error_mm"

    /// Whether its cells are paths of files.
    public var isPath: Bool {
        switch self {
        case .source, .truth, .generated, .body, .liver, .vessels, .lesions, .generatedVessels, .generatedLesions,
            .landmarks, .generatedLandmarks, .displacement, .truthClean, .sourceLandmarks:
            true
        default: false
        }
    }

    /// Whether its files are masks or label maps.
    public var isMask: Bool {
        switch self {
        case .body, .liver, .vessels, .lesions, .generatedVessels, .generatedLesions: true
        default: false
        }
    }
}

extension CohortCase {
    /// The cell of a column as text, nil where it is empty.
    public subscript(column: ManifestColumn) -> String? {
        switch column {
        case .subject: subject
        case .id: id
        case .site: site
        case .source: source?.path
        case .sourceModality: source?.series.name
        case .truth: truth.path
        case .truthModality: truth.series.name
        case .truthClean: truthClean
        case .generated: generated
        case .body: body
        case .liver: liver
        case .vessels: vessels
        case .lesions: lesions
        case .generatedVessels: generatedVessels
        case .generatedLesions: generatedLesions
        case .landmarks: landmarks
        case .sourceLandmarks: sourceLandmarks
        case .generatedLandmarks: generatedLandmarks
        case .displacement: displacement
        case .displacementFrame: displacementFrame?.rawValue
        case .sourcePhase: sourcePhase.map { "\($0)" }
        case .truthPhase: truthPhase.map { "\($0)" }
        case .respiratoryAmplitude: respiratoryAmplitudeMM.map { "\($0)" }
        case .registrationMethod: registrationMethod
        case .registrationError: registrationErrorMM.map { "\($0)" }
        }
    }
}
