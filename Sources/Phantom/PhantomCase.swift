import CPhantom

/// Which case of which family: everything about a case follows from it.
public struct PhantomSpecification: Sendable {
    /// Seed of the cohort.
    public let seed: UInt64
    /// Training or validation: the two never share a case.
    public let namespace: PhantomNamespace
    /// Hospital whose scanner and patients are drawn.
    public let site: PhantomSite
    /// Number of the case within the cohort.
    public let index: Int

    /// Names a case.
    public init(seed: UInt64, namespace: PhantomNamespace, site: PhantomSite, index: Int) {
        self.seed = seed
        self.namespace = namespace
        self.site = site
        self.index = index
    }

    /// Key of all random numbers of the case.
    var key: UInt64 {
        cp_hash(
            cp_hash(seed ^ namespace.salt, UInt64(truncatingIfNeeded: index)),
            UInt64(site.code.utf8.reduce(7) { $0 * 31 + UInt64($1) }))
    }
}

/// Who the patient is, for subgroups.
public struct PhantomCovariates: Sendable, Equatable {
    /// `F` or `M`.
    public let sex: String
    /// Ten-year age band such as `60-69`.
    public let ageBand: String
    /// `cirrhosis`, `steatosis` or `none`.
    public let parenchyma: String
    /// Kind of the largest lesion, or `none`.
    public let pathology: String
    /// Volume of the liver, ml.
    public let liverVolumeML: Double
}

/// One patient of the phantom: anatomy, vessels, lesions, breathing.
public struct PhantomCase: Sendable {
    /// What the case was drawn from.
    public let specification: PhantomSpecification
    /// Who the patient is.
    public let covariates: PhantomCovariates
    /// Portal, hepatic and arterial tree in the reference anatomy.
    public let vessels: [VesselTree]
    /// Focal lesions.
    public let lesions: [PhantomLesion]
    /// Breathing and phases.
    public let respiration: Respiration
    let patient: Patient
    let textureKey: UInt64
    /// Faults of the image that are made while it is rendered at the truth's moment.
    let faults: PhantomFaults
    let residual: Residual?

    /// Draws the case.
    public init(_ specification: PhantomSpecification) {
        let stream = RandomStream(key: specification.key)
        let anatomy = Anatomy(stream, site: specification.site)
        let patient = Patient.build(anatomy, stream: stream, site: specification.site)
        var r = stream.child(4)
        let amplitude = r.uniform(5, 25)
        let same = r.chance(0.3)
        let source = r.chance(0.5) ? 0 : r.uniform(0, 1)
        let respiration = Respiration(
            amplitudeMM: amplitude, measuredAmplitudeMM: max(1, amplitude * r.normal(1, 0.08)), sourcePhase: source,
            truthPhase: same ? source : r.uniform(0, 1))
        self.init(
            specification: specification, patient: patient, vessels: patient.growVessels(stream.child(6)),
            respiration: respiration, textureKey: stream.child(8).key)
    }

    init(
        specification: PhantomSpecification, patient: Patient, vessels: [VesselTree], respiration: Respiration,
        textureKey: UInt64, faults: PhantomFaults = PhantomFaults(), residual: Residual? = nil
    ) {
        self.specification = specification
        self.patient = patient
        self.vessels = vessels
        self.respiration = respiration
        self.textureKey = textureKey
        self.faults = faults
        self.residual = residual
        lesions = patient.lesions
        let anatomy = patient.anatomy
        let decade = anatomy.ageYears / 10 * 10
        covariates = PhantomCovariates(
            sex: anatomy.isFemale ? "F" : "M", ageBand: "\(decade)-\(decade + 9)",
            parenchyma: anatomy.cirrhosis ? "cirrhosis" : (anatomy.steatosis > 0.08 ? "steatosis" : "none"),
            pathology: patient.lesions.max { $0.diameterMM < $1.diameterMM }?.kind.rawValue ?? "none",
            liverVolumeML: anatomy.liverML)
    }

    /// The same patient breathing differently.
    public func breathing(_ respiration: Respiration) -> PhantomCase {
        PhantomCase(
            specification: specification, patient: patient, vessels: vessels, respiration: respiration,
            textureKey: textureKey, faults: faults, residual: residual)
    }

    /// Where a point of the reference anatomy lies at a phase, mm RAS.
    public func position(ofReference point: SIMD3<Double>, atPhase phase: Double) -> SIMD3<Double> {
        var motion = respiration.motion(at: phase, anatomy: patient.anatomy)
        var p: [Float] = [Float(point.x), Float(point.y), Float(point.z)]
        var q = p
        cp_forward(&motion, &p, &q)
        return SIMD3(Double(q[0]), Double(q[1]), Double(q[2]))
    }

    /// Which point of the reference anatomy lies at a place at a phase, mm RAS; the inverse of `position(ofReference:atPhase:)`.
    public func reference(ofPosition point: SIMD3<Double>, atPhase phase: Double) -> SIMD3<Double> {
        var motion = respiration.motion(at: phase, anatomy: patient.anatomy)
        var p: [Float] = [Float(point.x), Float(point.y), Float(point.z)]
        var q = p
        cp_backward(&motion, &p, &q)
        return SIMD3(Double(q[0]), Double(q[1]), Double(q[2]))
    }

    /// Apex of the right dome in the reference anatomy, mm RAS: the point whose motion the amplitude describes.
    public var domeApexMM: SIMD3<Double> {
        SIMD3(55 * patient.anatomy.size, 6 * patient.anatomy.size, patient.anatomy.domeTop)
    }

    /// Bifurcations of the portal and hepatic trees as landmarks: name and reference position, mm RAS.
    public var landmarks: [(name: String, positionMM: SIMD3<Double>)] {
        vessels.filter { $0.kind != .artery }.flatMap { tree in
            tree.bifurcations.filter {
                tree.nodes[$0].radiusMM > 1.7 && patient.liverDepth(tree.nodes[$0].positionMM) > 2
            }
            .map { ("\(tree.kind)-\($0)", tree.nodes[$0].positionMM) }
        }
    }

    /// The grid that the site would acquire: centred on the liver at the truth phase.
    public func grid(dimensions: SIMD3<Int>) -> PhantomGrid {
        var r = RandomStream(key: specification.key).child(9)
        let site = specification.site
        // The field of view is 512 pixels wide; a smaller matrix has larger pixels.
        let pixel = r.uniform(site.pixelMM.lowerBound, site.pixelMM.upperBound) * 512 / Double(dimensions.x)
        // Fewer slices are thicker: the liver has to fit.
        let slice = max(site.sliceMM, 168 / Double(dimensions.z))
        let shift = position(ofReference: domeApexMM, atPhase: respiration.truthPhase).z
        let top = shift + 12 + r.uniform(0, 8)
        return PhantomGrid(
            axial: dimensions, spacingMM: SIMD3(pixel, pixel, slice),
            centreMM: SIMD3(r.uniform(-4, 4), -8 + r.uniform(-5, 5), top - slice * Double(dimensions.z - 1) / 2))
    }
}
