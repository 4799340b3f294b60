public import Imaging
public import Metrics

/// What to measure, and every number that changes a result.
public struct EvaluationSettings: Sendable, Equatable {
    /// Identifiers and presets to measure; nil: all that the inputs allow.
    public var metrics: Set<String>?
    /// Rows that have to be in the result: one that the inputs do not allow is `not_computed` with its reason.
    public var required: [MetricTarget]
    /// Distance, in mm, up to which surfaces agree in the normalised surface distance.
    public var nsdToleranceMM: Double
    /// Tolerances and rules of the vessel metrics.
    public var vessels: VesselTopologyParameters
    /// What counts as one lesion.
    public var lesionSeparation: LesionSeparation
    /// The plane of two-dimensional windows.
    public var plane: AnatomicalPlane
    /// Which plane is coronal in the deformation error.
    public var coronalPlane: CoronalPlane
    /// How vessels are found in both images where a mask is missing; nil: they are not.
    public var vesselSegmentation: VesselnessSettings?
    /// Registration behind the deformation where there are neither landmarks nor fields; nil: none, since it takes seconds.
    public var imageDeformation: ImageDeformationSettings?
    /// Whether the result holds the map of the displacement, for a picture; it takes four bytes a voxel.
    public var keepsMaps: Bool
    /// Threads to use; no result depends on it.
    public var threads: Int

    /// Makes settings; the tolerance of the normalised surface distance is the protocol's or the user's.
    public init(
        nsdToleranceMM: Double, metrics: Set<String>? = nil, required: [MetricTarget] = [],
        vessels: VesselTopologyParameters = VesselTopologyParameters(),
        lesionSeparation: LesionSeparation = .automatic, plane: AnatomicalPlane = .axial,
        coronalPlane: CoronalPlane = .patient, vesselSegmentation: VesselnessSettings? = nil,
        imageDeformation: ImageDeformationSettings? = nil, keepsMaps: Bool = false, threads: Int = 1
    ) {
        self.nsdToleranceMM = nsdToleranceMM
        self.metrics = metrics
        self.required = required
        self.vessels = vessels
        self.lesionSeparation = lesionSeparation
        self.plane = plane
        self.coronalPlane = coronalPlane
        self.vesselSegmentation = vesselSegmentation
        self.imageDeformation = imageDeformation
        self.keepsMaps = keepsMaps
        self.threads = threads
    }

    /// The identifiers of one family that are asked for.
    ///
    /// Nil: all of it. Empty: none.
    func wanted(_ family: MetricFamily) -> Set<String>? {
        guard let metrics else { return nil }
        return metrics.filter { MetricFamily.family(of: $0) == family }
    }

    /// Whether anything of the family is asked for.
    func wantsAny(of family: MetricFamily) -> Bool { wanted(family).map { !$0.isEmpty } ?? true }
}
