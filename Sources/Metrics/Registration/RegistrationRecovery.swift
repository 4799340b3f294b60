import Imaging
/// What a registration prints when the truth is known: nothing moved, or a drawn field was applied.
struct RegistrationRecovery {
    /// Root mean square lengths, mm, of the fields that are applied.
    static let amplitudesMM = [0, 0.5, 1, 2, 4]

    /// One field applied and found.
    struct Trial {
        var seed: UInt64
        var injectedRMSMM: Double
        /// Mean coronal length that is true, and that the registration prints, mm.
        var trueMM: Double
        var measuredMM: Double
        /// Mean coronal error, mm.
        var errorMM: Double
        var foldFraction: Double
    }

    private(set) var trials: [Trial] = []
    /// Vectors found when nothing moved: the floor.
    private(set) var floor: [SIMD3<Double>] = []

    /// Registers the reference to itself in the generated look, still and moved by seeded fields.
    ///
    /// - Parameters:
    ///   - look: The reference in the look of the generated image, without its noise.
    ///   - seed: Each field and each noise has its own seed, counted from this one.
    init(
        pair: RegistrationPair, look: MatchedLook, seed: UInt64, projection: DisplacementProjection
    ) throws(RegistrationError) {
        for (index, amplitude) in Self.amplitudesMM.enumerated() {
            let own = seed &+ UInt64(index)
            let field = try InjectedDisplacement(seed: own, rmsMM: amplitude, in: pair)
            var moving = look.image
            if amplitude > 0 { moving = try pair.warp(moving, by: field.inverse, cubic: true) }
            look.addNoise(to: &moving, seed: own ^ 0x6E6F_6973_65)
            let found = try pair.register(fixed: pair.reference, moving: moving)
            let truth = pair.vectorsInLiver(field.displacement)
            let vectors = pair.vectorsInLiver(found)
            if amplitude == 0 { floor = vectors }
            func mean(_ values: [SIMD3<Double>]) -> Double {
                values.reduce(0) { $0 + projection.coronal($1) } / Double(values.count)
            }
            trials.append(
                Trial(
                    seed: own, injectedRMSMM: amplitude, trueMM: mean(truth), measuredMM: mean(vectors),
                    errorMM: mean(zip(vectors, truth).map { $0 - $1 }), foldFraction: try pair.foldFraction(found)))
        }
    }

    /// Least-squares line of measured against true coronal length: slope (1 is unbiased) and offset, mm.
    var line: (slope: Double, offsetMM: Double) {
        let n = Double(trials.count)
        let x = trials.reduce(0) { $0 + $1.trueMM } / n
        let y = trials.reduce(0) { $0 + $1.measuredMM } / n
        let xx = trials.reduce(0) { $0 + ($1.trueMM - x) * ($1.trueMM - x) }
        let xy = trials.reduce(0) { $0 + ($1.trueMM - x) * ($1.measuredMM - y) }
        return (xy / xx, y - xy / xx * x)
    }

    /// Mean over the moved trials of the coronal error, mm.
    var errorMM: Double {
        let moved = trials.filter { $0.injectedRMSMM > 0 }
        return moved.reduce(0) { $0 + $1.errorMM } / Double(moved.count)
    }

    var table: DetailTable {
        DetailTable(
            name: "registration_recovery",
            columns: ["seed", "injected_rms_mm", "true_mm", "measured_mm", "error_mm", "fold_fraction"],
            rows: trials.map {
                [
                    .text(String($0.seed)), .number($0.injectedRMSMM), .number($0.trueMM), .number($0.measuredMM),
                    .number($0.errorMM), .number($0.foldFraction),
                ]
            })
    }
}
