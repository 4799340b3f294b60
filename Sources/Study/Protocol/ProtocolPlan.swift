extension StudyProtocol {
    /// Which cases an analysis counts.
    public enum AnalysisSet: String, Sendable, CaseIterable {
        /// Every eligible case.
        case fullAnalysis = "full-analysis"
        /// Without cases that have a major deviation.
        case perProtocol = "per-protocol"
    }

    /// Rules of eligibility and the set that decides.
    public struct AnalysisSets: Sendable, Equatable {
        /// The set that the verdict comes from.
        public var primary: AnalysisSet
        /// Largest registration error of an eligible case, in mm, if limited.
        public var maximumRegistrationErrorMM: Double?
        /// Largest slice spacing of an eligible truth, in mm, if limited.
        public var maximumSliceMM: Double?
    }

    /// What happens to cases without a value.
    public enum MissingDataRule: String, Sendable, CaseIterable {
        /// Only cases with a value.
        case completeCase = "complete-case"
        /// The worst value observed in the study.
        case worstObserved = "worst-observed"
        /// The case counts as failed: the metric's worst value.
        case missingAsFailure = "missing-as-failure"
    }

    /// How outliers are flagged; they are never dropped.
    public enum OutlierRule: String, Sendable, CaseIterable {
        /// Beyond 1.5 interquartile ranges.
        case tukey
        /// Modified z beyond 3.5.
        case modifiedZ = "modified-z"
    }

    /// How error rates of several endpoints are kept.
    public enum Multiplicity: String, Sendable, CaseIterable {
        /// No correction.
        case none
        /// All have to pass; no split of alpha.
        case intersectionUnion = "intersection-union"
        /// Holm's step-down.
        case holm
    }

    /// Rules of the statistics.
    public struct StatisticalPlan: Sendable, Equatable {
        /// Two-sided error rate; the confidence level is 1 − alpha.
        public var alpha: Double
        /// Primary endpoints.
        public var primaryMultiplicity: Multiplicity
        /// Secondary endpoints.
        public var secondaryMultiplicity: Multiplicity
        /// Rule that the verdict follows.
        public var missingData: MissingDataRule
        /// Flag rule.
        public var outliers: OutlierRule
        /// Bootstrap resamples, at least 9999.
        public var bootstrapResamples: Int
        /// Seed of the bootstrap.
        public var bootstrapSeed: UInt64
    }

    /// How intensities of a modality are brought to one scale.
    public enum RangeRule: Sendable, Equatable {
        /// Fixed ends, in HU or in the unit of the image; values are clipped.
        case fixed(lower: Double, upper: Double)
        /// Percentiles of the truth inside the body; both images are mapped by them.
        case percentiles(lower: Double, upper: Double)
    }

    /// Interpolation for bringing the generated image to the truth's grid.
    public enum Resampling: String, Sendable, CaseIterable {
        /// None: other grids are refused.
        case none
        /// Trilinear.
        case linear
        /// Cubic B-spline.
        case cubic
    }

    /// Settings of the measurements.
    public struct MeasurementSettings: Sendable, Equatable {
        /// Data range of CT.
        public var rangeCT: RangeRule
        /// Data range of MR.
        public var rangeMR: RangeRule
        /// Tolerance of vessel coverage, in mm; nil: the metric's rule.
        public var vesselToleranceMM: Double?
        /// Tolerance of the normalised surface distance, in mm.
        public var nsdToleranceMM: Double
        /// Bringing the generated image to the truth's grid.
        public var resampling: Resampling
        /// Method of segmentation where the cohort gives no masks, such as `vesselness/1`; nil: none.
        public var segmentation: String?
        /// Registration of the image-only deformation mode, such as `plk3d/1`; nil: none.
        public var registration: String?
        /// Metrics measured beyond those of the endpoints; nil: all that the inputs allow.
        public var metrics: [String]?
    }
}
