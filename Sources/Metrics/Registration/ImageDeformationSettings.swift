/// What image-only deformation (mode I) needs beyond the images.
public struct ImageDeformationSettings: Sendable, Equatable {
    /// The registration, frozen.
    public var registration: RegistrationSettings
    /// Largest coronal deformation, mm, that the verdict allows; the protocol's.
    ///
    /// Nil: no verdict is given.
    public var limitMM: Double?
    /// First seed of the injected fields and of the noise.
    public var seed: UInt64
    /// Error of the registration between the cohort's modalities, mm, when it is known: mode I measures agreement with the
    /// registered truth, not with the patient.
    public var cohortRegistrationErrorMM: Double?
    /// Threads to use; no result depends on it.
    public var threads: Int

    /// Makes settings.
    public init(
        limitMM: Double?, seed: UInt64 = 20_261_123, cohortRegistrationErrorMM: Double? = nil, threads: Int = 1,
        registration: RegistrationSettings = .plk3d1
    ) {
        self.limitMM = limitMM
        self.seed = seed
        self.cohortRegistrationErrorMM = cohortRegistrationErrorMM
        self.threads = threads
        self.registration = registration
    }

    var parameters: [MetricParameter] {
        registration.parameters + [
            MetricParameter("seed", .text(String(seed))),
            MetricParameter("injected_smoothness_mm", .number(InjectedDisplacement.smoothnessMM)),
            MetricParameter("look_window_mm", .number(MatchedLook.windowMM)),
            MetricParameter(
                "cohort_registration_tre_mm", cohortRegistrationErrorMM.map { .number($0) } ?? .text("unknown")),
        ]
    }
}
