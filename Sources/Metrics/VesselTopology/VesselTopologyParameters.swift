/// Parameters of the vessel topology metrics; every value that changes a result is printed beside it.
public struct VesselTopologyParameters: Sendable, Equatable {
    /// Distance, in mm, within which a centreline counts as covered; nil: the larger of 1 mm and the largest voxel edge.
    public var toleranceMM: Double?
    /// Largest distance, in mm, between two bifurcations that are the same.
    public var bifurcationToleranceMM: Double
    /// A terminal branch is a spur when its length is at most this many radii of its junction plus the margin.
    public var spurRadiusFactor: Double
    /// The margin, in mm, of the spur rule.
    public var spurMarginMM: Double
    /// Share of a branch's length that has to be covered for it to be detected.
    public var detectedShare: Double
    /// Shortest covered run, in mm, that counts as a piece when breaks are counted.
    public var minimumRunMM: Double
    /// Components of a mask smaller than this volume, in mm³, are left out of both masks; 0 keeps all.
    public var minimumComponentMM3: Double

    /// Makes a set of parameters; the defaults are those of the metric's definition.
    public init(
        toleranceMM: Double? = nil, bifurcationToleranceMM: Double = 3, spurRadiusFactor: Double = 1,
        spurMarginMM: Double = 1, detectedShare: Double = 0.8, minimumRunMM: Double = 2,
        minimumComponentMM3: Double = 0
    ) {
        self.toleranceMM = toleranceMM
        self.bifurcationToleranceMM = bifurcationToleranceMM
        self.spurRadiusFactor = spurRadiusFactor
        self.spurMarginMM = spurMarginMM
        self.detectedShare = detectedShare
        self.minimumRunMM = minimumRunMM
        self.minimumComponentMM3 = minimumComponentMM3
    }

    /// The tolerance, in mm, on a grid with the given voxel edges.
    public func toleranceMM(spacingMM: SIMD3<Double>) -> Double { toleranceMM ?? max(1, spacingMM.max()) }
}

extension VesselTopologyParameters {
    /// Throws `MetricError.invalidParameter` for a value that makes no sense.
    func validate() throws(MetricError) {
        let lengths = [
            ("tolerance_mm", toleranceMM ?? 0), ("bifurcation_tolerance_mm", bifurcationToleranceMM),
            ("spur_radius_factor", spurRadiusFactor), ("spur_margin_mm", spurMarginMM),
            ("minimum_run_mm", minimumRunMM), ("minimum_component_mm3", minimumComponentMM3),
        ]
        for (name, value) in lengths where !(value >= 0 && value.isFinite) {
            throw .invalidParameter(name: name, problem: "\(value) is not a length, factor or volume of at least 0")
        }
        // The offsets within the tolerance are listed one by one.
        guard toleranceMM ?? 0 <= 50 else {
            throw .invalidParameter(name: "tolerance_mm", problem: "more than 50 mm")
        }
        guard detectedShare > 0, detectedShare <= 1 else {
            throw .invalidParameter(name: "detected_share", problem: "\(detectedShare) does not lie in (0, 1]")
        }
    }
}
