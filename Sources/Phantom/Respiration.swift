import CPhantom

/// How a patient breathes, and when the two images were taken.
public struct Respiration: Sendable, Equatable {
    /// Largest motion of the right dome towards the feet, mm.
    public let amplitudeMM: Double
    /// The amplitude as a bellows or navigator would have measured it, mm.
    public let measuredAmplitudeMM: Double
    /// Phase of the source image, in [0, 1); 0 is the end of expiration.
    public let sourcePhase: Double
    /// Phase of the truth, in [0, 1).
    public let truthPhase: Double

    /// Makes a breathing pattern; amplitude in mm, phases in [0, 1).
    public init(amplitudeMM: Double, measuredAmplitudeMM: Double, sourcePhase: Double, truthPhase: Double) {
        self.amplitudeMM = amplitudeMM
        self.measuredAmplitudeMM = measuredAmplitudeMM
        self.sourcePhase = sourcePhase
        self.truthPhase = truthPhase
    }

    /// Share of the amplitude at a phase: long rest at the end of expiration (Lujan et al., Med Phys 1999;26:715–720).
    public static func excursion(_ phase: Double) -> Double {
        let s = Mathematics.sin(Double.pi * phase)
        return s * s * s * s
    }

    /// Motion of SI, AP, LR at a phase.
    ///
    /// AP lags behind SI, so that the way in differs from the way out.
    func motion(at phase: Double, anatomy: Anatomy) -> cp_motion {
        let k = anatomy.size
        var m = cp_motion()
        m.zc = Float(40 * k)
        m.ltop = Float(150 * k)
        m.lbottom = Float(170 * k)
        m.spine_x = 0
        m.spine_y = Float(-46 * k)
        m.spine_r = Float(42 * k)
        m.cavity = anatomy.cavity
        m.si = 1
        // Normalised so that the apex of the right dome moves by the amplitude.
        var apex: [Float] = [Float(55 * k), Float(6 * k), Float(anatomy.domeTop)]
        var moved = apex
        cp_forward(&m, &apex, &moved)
        let gain = amplitudeMM / max(0.3, Double(apex[2] - moved[2]))
        let now = Respiration.excursion(phase)
        let late = Respiration.excursion(phase - 0.07) - Respiration.excursion(-0.07)
        m.si = Float(gain * now)
        m.ap = Float(0.25 * gain * late)
        m.lr = Float(0.1 * gain * now)
        return m
    }
}
