import CPhantom

/// A patient's drawn anatomy: who he or she is, and the shapes that follow.
struct Anatomy {
    var isFemale: Bool
    var ageYears: Int
    var steatosis: Double
    var cirrhosis: Bool
    /// Linear size relative to an average man.
    var size: Double
    /// Thickness of the subcutaneous fat at the flank, mm.
    var fatMM: Double
    /// Irregularity of outlines, mm.
    var warpMM: Double
    var targetLiverML: Double
    /// Volume of the liver as built, ml.
    var liverML = 0.0
    var cavity: cp_torso
    var muscle: cp_torso
    var body: cp_torso
    var domeTop: Double
    /// Lowering of the liver's inferior face, mm; found so that the volume is the drawn one.
    var liverLowering = 0.0
    /// Independent variation of positions and sizes, one number a trait.
    private(set) var traits: [Double]

    init(_ stream: RandomStream, site: PhantomSite) {
        var r = stream.child(1)
        isFemale = r.chance(0.45)
        ageYears = Int(min(88, max(24, r.normal(62, 12))))
        cirrhosis = r.chance(site.cirrhosis)
        steatosis = r.chance(site.steatosis) ? r.uniform(0.1, 0.3) : r.uniform(0, 0.04)
        size = (isFemale ? 0.93 : 1.0) * r.normal(1, 0.04)
        fatMM = max(7, r.normal(isFemale ? 19 : 15, 6.5))
        warpMM = r.uniform(2.0, 2.8)
        let typical = 1620 * size * size * size * r.normal(1, 0.13) * (cirrhosis ? 0.9 : 1) * (1 + 0.3 * steatosis)
        targetLiverML = min(2150, max(1020, typical))
        traits = (0..<64).map { _ in r.normal() }
        let visceral = max(0, r.normal(6, 5))
        var c = cp_torso()
        c.cx = 0
        c.cy = Float(-4 * size)
        c.rx = Float(size * (121 + 3 * traits[0]))
        c.rfront = Float(size * (80 + 2.5 * traits[1]) + visceral)
        c.rback = Float(size * 82)
        c.beta = 1.15
        c.z0 = -15
        c.t1 = Float(0.04 + 0.012 * traits[2])
        c.t2 = 0.05
        cavity = c
        muscle = c
        muscle.rx += Float(13 * size)
        muscle.rfront += Float(8 * size)
        muscle.rback += Float(20 * size)
        muscle.beta = 1.3
        body = muscle
        body.rx += Float(fatMM)
        body.rfront += Float(fatMM * 0.95)
        body.rback += Float(fatMM * 0.55 + 3)
        body.beta = 1.4
        domeTop = size * (82 + 5 * traits[3])
    }

    /// A trait's value, of mean 0 and standard deviation 1.
    func trait(_ n: Int) -> Double { traits[n % traits.count] }
}
