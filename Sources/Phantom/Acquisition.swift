import CPhantom

/// Signal of every tissue in one examination, and how scanner and reconstruction change it.
struct Acquisition: Sendable {
    /// CT then MR: value by tissue.
    var values: [Float]
    /// Standard deviation of the texture by tissue, CT then MR.
    var amplitudes: [Float]
    var ctKernel: [Float]
    var noiseNarrow: [Float]
    var noiseWide: [Float]
    var noiseGain: Float
    var mrKernelI: [Float]
    var mrKernelJ: [Float]
    var mrSigma: Float
    /// Standard deviation that filtered white noise keeps.
    var mrNoiseShrink: Float
    var bias: [Float]
    /// Radius over which CT noise falls off, mm.
    var bodyRadius: Float

    static let tissueCount = Tissue.allCases.count

    /// MR signal that liver has on average.
    static let liverSignal = 320.0

    init(_ specification: PhantomSpecification, anatomy: Anatomy, pixelMM: Double, sliceMM: Double) {
        let site = specification.site
        var r = RandomStream(key: specification.key).child(10)
        let n = Acquisition.tissueCount
        values = [Float](repeating: 0, count: 2 * n)
        amplitudes = values
        let timing = r.uniform(0.85, 1.15)
        for tissue in Tissue.allCases {
            let (v, t) = Acquisition.attenuation(tissue, site.contrast, anatomy, timing)
            values[tissue.rawValue] = Float(v + r.normal(0, tissue == .gas || tissue == .air ? 1 : 1.5))
            amplitudes[tissue.rawValue] = Float(t)
        }
        let uptake = r.uniform(0.85, 1.15)
        let liver = Acquisition.signal(.liver, site, anatomy, uptake).value
        for tissue in Tissue.allCases {
            let (v, t) = Acquisition.signal(tissue, site, anatomy, uptake)
            let scaled = v / liver * Acquisition.liverSignal
            values[n + tissue.rawValue] = Float(scaled * r.normal(1, 0.02))
            amplitudes[n + tissue.rawValue] = Float(scaled * t)
        }
        let sigma = site.kernelSigmaMM / pixelMM
        let smooth = Acquisition.gaussian(max(0.35, sigma))
        let broad = Acquisition.gaussian(max(0.35, sigma) * 2.2)
        ctKernel = Acquisition.combine(smooth, 1 + site.kernelSharpness * 0.45, broad, -site.kernelSharpness * 0.45)
        // Noise of filtered back-projection: the ramp suppresses low, the kernel high frequencies.
        noiseNarrow = Acquisition.gaussian(max(0.42, 0.9 * site.kernelSigmaMM / pixelMM))
        noiseWide = Acquisition.gaussian(max(0.9, 2.6 * site.kernelSigmaMM / pixelMM))
        let power = Acquisition.differenceEnergy(noiseNarrow, noiseWide)
        let girth = Double(anatomy.body.rx + anatomy.body.rfront) / 260
        let dose =
            site.noiseHU * Mathematics.pow(girth, 1.5) * Mathematics.pow(2.5 / sliceMM, 0.5) * r.uniform(0.9, 1.1)
        noiseGain = Float(dose / power.squareRoot())
        mrKernelI = Acquisition.truncated(site.acquiredFraction + 0.12)
        mrKernelJ = Acquisition.truncated(site.acquiredFraction)
        func energy(_ taps: [Float]) -> Double { taps.reduce(0) { $0 + Double($1) * Double($1) } }
        mrNoiseShrink = Float((energy(mrKernelI) * energy(mrKernelJ)).squareRoot())
        mrSigma = Float(Acquisition.liverSignal / site.mrSNR)
        let s = site.coilShading
        bias = [
            Float(0.05 * s), Float(r.normal(0, 0.35) * s), Float(r.uniform(0.1, 0.5) * s), Float(r.normal(0, 0.25) * s),
            Float(r.uniform(0.1, 0.35) * s), Float(r.uniform(0.2, 0.5) * s), Float(-r.uniform(0.05, 0.2) * s),
            Float(r.normal(0, 0.12) * s),
        ]
        bodyRadius = Float(90)
    }

    /// HU and texture of a tissue.
    static func attenuation(
        _ tissue: Tissue, _ phase: ContrastPhase, _ anatomy: Anatomy, _ timing: Double
    ) -> (value: Double, texture: Double) {
        let e = AttenuationTable.entry(tissue)
        let gain =
            switch phase {
            case .native: 0.0
            case .arterial: e.arterial
            case .portalVenous: e.venous
            }
        var value = e.native + gain * timing
        var texture = e.texture
        if tissue == .liver {
            value -= 125 * anatomy.steatosis + (anatomy.cirrhosis ? 6 : 0)
            texture *= anatomy.cirrhosis ? 1.8 : 1
        }
        return (value, texture)
    }

    /// Signal, in arbitrary units, and relative texture of a tissue.
    static func signal(
        _ tissue: Tissue, _ site: PhantomSite, _ anatomy: Anatomy, _ uptake: Double
    ) -> (value: Double, texture: Double) {
        let e = RelaxationTable.entry(tissue)
        guard e.density > 0 else { return (0, 0) }
        let t1 = site.fieldT > 2 ? e.t1At3 : e.t1
        let fatty = tissue == .fat || tissue == .mesentery
        let blood = [.aorta, .cava, .portalVein, .hepaticVein, .artery, .heartBlood].contains(tissue)
        let texture = e.texture * (tissue == .liver && anatomy.cirrhosis ? 1.8 : 1)
        switch site.sequence {
        case .gradientEchoT1:
            // Spoiled gradient echo, TR 4.2 ms, TE 1.9 ms, 12°; gadolinium shortens T1 with 4.5 L/mmol/s.
            let gadolinium = uptake * (site.contrast == .arterial ? e.arterial : e.venous)
            let rate = 1 / t1 + 4.5e-3 * gadolinium
            let e1 = Mathematics.exp(-4.2 * rate)
            let flip = 12 * Double.pi / 180
            var s = e.density * Mathematics.sin(flip) * (1 - e1) / (1 - Mathematics.cos(flip) * e1)
            s *= Mathematics.exp(-1.9 / (0.5 * e.t2))
            if fatty { s *= 0.16 }
            if tissue == .marrow || tissue == .ribMarrow { s *= 0.55 }
            if tissue == .liver { s *= 1 - 0.8 * anatomy.steatosis }
            return (s, texture)
        case .turboSpinEchoT2:
            // TR 4000 ms, effective TE 90 ms; the echo train prolongs the T2 of fat; flowing blood is dark.
            let t2 = fatty ? 1.7 * e.t2 : e.t2
            var s = e.density * (1 - Mathematics.exp(-4000 / t1)) * Mathematics.exp(-90 / t2)
            if blood { s *= 0.18 }
            return (s, texture)
        }
    }

    /// Normalised Gaussian taps.
    static func gaussian(_ sigma: Double) -> [Float] {
        let radius = max(1, Int((3 * sigma).rounded(.up)))
        let taps = (-radius...radius).map { Mathematics.exp(-0.5 * Double($0 * $0) / (sigma * sigma)) }
        let sum = taps.reduce(0, +)
        return taps.map { Float($0 / sum) }
    }

    static func combine(_ a: [Float], _ wa: Double, _ b: [Float], _ wb: Double) -> [Float] {
        guard wb != 0 else { return a }
        let radius = max(a.count, b.count) / 2
        return (-radius...radius).map { i in
            func tap(_ k: [Float]) -> Double { abs(i) <= k.count / 2 ? Double(k[i + k.count / 2]) : 0 }
            return Float(wa * tap(a) + wb * tap(b))
        }
    }

    /// Variance that filtered white noise of variance one has, for the difference of two separable filters.
    static func differenceEnergy(_ a: [Float], _ b: [Float]) -> Double {
        func product(_ p: [Float], _ q: [Float]) -> Double {
            let radius = min(p.count, q.count) / 2
            var line = 0.0
            for i in -radius...radius { line += Double(p[i + p.count / 2]) * Double(q[i + q.count / 2]) }
            return line * line
        }
        return product(a, a) - 2 * product(a, b) + product(b, b)
    }

    /// Taps of a k-space cut at `fraction` of the reconstructed matrix, with a mild window: it rings as MR does.
    static func truncated(_ fraction: Double) -> [Float] {
        let f = min(1, fraction)
        let radius = 10
        let taps = (-radius...radius).map { i -> Double in
            let x = Double(i)
            let sinc = i == 0 ? 1 : Mathematics.sin(Double.pi * f * x) / (Double.pi * f * x)
            let w = 0.5 + 0.5 * Mathematics.cos(Double.pi * x / Double(radius + 1))
            return sinc * w.squareRoot()
        }
        let sum = taps.reduce(0, +)
        return taps.map { Float($0 / sum) }
    }
}
