import CPhantom

/// Kinds of focal liver lesion.
public enum LesionKind: String, Sendable, CaseIterable, Codable {
    /// Hepatocellular carcinoma: arterial enhancement, washout, capsule.
    case carcinoma = "hcc"
    /// Metastasis: dark with an enhancing rim.
    case metastasis
    /// Simple cyst.
    case cyst
    /// Haemangioma: nodular enhancement from the rim, bright on T2.
    case haemangioma
}

/// A focal lesion of the phantom's liver, in the reference anatomy (end of expiration).
public struct PhantomLesion: Sendable, Equatable {
    /// Label in the lesion mask, from 1.
    public let label: Int
    /// What it is.
    public let kind: LesionKind
    /// Centre, mm RAS.
    public let centreMM: SIMD3<Double>
    /// Mean diameter, mm.
    public let diameterMM: Double
    /// Lobes: centre and half axes, mm.
    let lobes: [Lobe]

    struct Lobe: Sendable, Equatable {
        let centre: Point
        let radii: Point
        let turn: Double
    }

    /// Distance to the surface, mm, negative inside: an estimate from the lobes.
    func distance(_ p: Point) -> Double {
        lobes.map { norm(p - $0.centre) - $0.radii.max() }.min() ?? 1e6
    }

    init(label: Int, kind: LesionKind, centre: Point, diameter: Double, stream: RandomStream) {
        self.label = label
        self.kind = kind
        centreMM = centre
        diameterMM = diameter
        var r = stream
        let radius = diameter / 2
        var lobes = [
            Lobe(
                centre: centre,
                radii: Point(r.uniform(0.9, 1.08), r.uniform(0.9, 1.08), r.uniform(0.9, 1.08)) * radius,
                turn: r.uniform(0, 3))
        ]
        let extra = kind == .cyst ? 0 : (kind == .metastasis ? 3 : 2)
        for _ in 0..<(diameter > 9 ? extra : 0) {
            let share = r.uniform(0.42, 0.68)
            lobes.append(
                Lobe(
                    centre: centre + r.direction() * radius * (1.05 - share),
                    radii: Point(repeating: radius * share), turn: 0))
        }
        self.lobes = lobes
    }

    /// Draws the lesions of a liver whose depth function is given.
    static func draw(
        _ stream: RandomStream, site: PhantomSite, anatomy: Anatomy, depth: (Point) -> Double
    ) -> [PhantomLesion] {
        var r = stream
        var wanted = 0
        // Poisson by multiplication, at most six.
        var product = r.uniform()
        let limit = Mathematics.exp(-site.lesionMean)
        while product > limit, wanted < 6 {
            wanted += 1
            product *= r.uniform()
        }
        let primary: LesionKind = anatomy.cirrhosis ? .carcinoma : .metastasis
        var lesions: [PhantomLesion] = []
        var tries = 0
        while lesions.count < wanted, tries < 4000 {
            tries += 1
            let roll = r.uniform()
            let kind: LesionKind =
                roll < 0.55 ? primary : (roll < 0.75 ? .cyst : (roll < 0.9 ? .haemangioma : .metastasis))
            let shrink = 1 - Double(tries) / 5000
            let diameter = shrink * Mathematics.exp(r.normal(Mathematics.log(kind == .cyst ? 12 : 19), 0.55))
            let size = min(60, max(kind == .cyst ? 4 : 6, diameter))
            let p = Point(r.uniform(-90, 120), r.uniform(-85, 90), r.uniform(-120, 85))
            guard depth(p) > size * 0.5 + 3 else { continue }
            // The hilum and the mouth of the hepatic veins stay free for the trees' roots.
            let k = anatomy.size
            guard norm(p - Point(24, 4, 2) * k) > size / 2 + 18, norm(p - Point(18, -6, 50) * k) > size / 2 + 18 else {
                continue
            }
            guard lesions.allSatisfy({ norm($0.centreMM - p) > ($0.diameterMM + size) * 0.6 + 6 }) else { continue }
            let label = lesions.count + 1
            lesions.append(
                PhantomLesion(label: label, kind: kind, centre: p, diameter: size, stream: stream.child(UInt64(label))))
        }
        return lesions
    }
}

extension SceneBuilder {
    /// Adds a lesion to the liver painted before it.
    mutating func addLesion(_ lesion: PhantomLesion) {
        for lobe in lesion.lobes {
            ellipsoid(
                lobe.centre, lobe.radii, turn: lobe.turn, blend: lesion.lobes.count > 1 ? lesion.diameterMM * 0.15 : 0)
        }
        let d = lesion.diameterMM
        switch lesion.kind {
        case .carcinoma:
            organ(
                .hccCore, space: Int(CP_MOVING_WARPED), clip: 2, rim: .hccCapsule, rimMM: d > 14 ? 1.7 : 0,
                structure: .lesion, lesion: lesion.label)
        case .metastasis:
            organ(
                .metastasisCore, space: Int(CP_MOVING_WARPED), clip: 2, rim: .metastasisRim, rimMM: 0.13 * d + 1,
                feather: 1, structure: .lesion, lesion: lesion.label)
        case .cyst:
            organ(.cyst, space: Int(CP_MOVING_WARPED), clip: 2, structure: .lesion, lesion: lesion.label)
        case .haemangioma:
            organ(
                .haemangiomaCore, space: Int(CP_MOVING_WARPED), clip: 2, rim: .haemangiomaRim, rimMM: 0.2 * d,
                feather: 2.5, structure: .lesion, lesion: lesion.label)
        }
    }
}
