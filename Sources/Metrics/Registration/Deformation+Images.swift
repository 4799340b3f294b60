public import Imaging

extension Deformation {
    /// Deformation between two images of one modality (mode I), found by the registration `plk3d/1`.
    ///
    /// Anatomy at a point x of the reference is found at x + u(x) in the generated image; u is reported in the liver, with
    /// the floor of the registration, its recovery of injected fields, inverse consistency, folding and local correlation
    /// before and after. Two images that agree with a registered truth need not agree with the patient.
    ///
    /// - Parameters:
    ///   - generated: Image under test, same modality and grid as the reference.
    ///   - reference: The truth.
    ///   - liver: Liver of the truth, non-zero inside; the images are cut out around it.
    ///   - structure: Name of the mask in the measurements.
    ///   - plane: Which plane is coronal.
    ///   - settings: Registration, limit and seed.
    /// - Returns: Every row of the mode; those that cannot be measured say why (`empty_region`, `not_finite`,
    ///   `registration_invalid` when the local correlation did not rise). With them the map of what was found.
    /// - Throws: `DeformationError` when grids differ, the acquired plane is not coronal, or memory runs out.
    public static func measureImages(
        generated: Volume<Float>, reference: Volume<Float>, liver: Mask, structure: String = "liver",
        plane: CoronalPlane = .patient, settings: ImageDeformationSettings
    ) throws(DeformationError) -> DeformationResult {
        let projection = try DisplacementProjection(plane: plane, geometry: reference.geometry)
        let context = DeformationContext(
            mode: .images, plane: plane, projection: projection, extra: settings.parameters)
        do throws(RegistrationError) {
            let pair = try RegistrationPair(
                reference: reference, generated: generated, liver: liver, settings: settings.registration,
                threads: settings.threads)
            let found = try ImageDeformation(
                pair, structure: structure, projection: projection, settings: settings)
            return DeformationResult(measurements: found.measurements(context), map: found.map)
        } catch {
            guard let reason = error.reason else { throw .registration(error) }
            return DeformationResult(
                measurements: ImageDeformation.metrics.map {
                    context.measurement($0, structure: structure, .notComputed(reason))
                })
        }
    }
}

/// One registration of a generated image with everything that says how far to trust it.
struct ImageDeformation {
    private let pair: RegistrationPair
    private let structure: String
    private let projection: DisplacementProjection
    private let settings: ImageDeformationSettings
    private let field: DisplacementField
    private let vectors: [SIMD3<Double>]
    private let correlation: (before: Double?, after: Double?)
    private let inverseConsistencyMM: Double
    private let look: MatchedLook
    private let recovery: RegistrationRecovery

    /// Every metric of the mode, in the order of reports.
    static let metrics =
        DeformationContext.errorMetrics + ["fold_fraction", "jacobian_min", "jacobian_max", "sd_log_jacobian"]
        + companions

    private static let companions = [
        "coronal_deformation_floor", "coronal_deformation_floor_p95", "coronal_deformation_debiased_rms",
        "deformation_recovery_slope", "deformation_recovery_offset", "deformation_recovery_error",
        "deformation_inverse_consistency", "deformation_lncc_before", "deformation_lncc_after",
    ]

    init(
        _ pair: RegistrationPair, structure: String, projection: DisplacementProjection,
        settings: ImageDeformationSettings
    ) throws(RegistrationError) {
        self.pair = pair
        self.structure = structure
        self.projection = projection
        self.settings = settings
        let forward = try pair.register(fixed: pair.reference, moving: pair.generated)
        let aligned = try pair.warp(pair.generated, by: forward, cubic: true)
        field = try pair.field(forward)
        vectors = pair.vectorsInLiver(forward)
        correlation = (
            try pair.localCorrelation(pair.reference, pair.generated),
            try pair.localCorrelation(pair.reference, aligned)
        )
        let backward = try pair.register(fixed: pair.generated, moving: pair.reference)
        inverseConsistencyMM = try pair.inverseConsistencyMM(forward: forward, backward: backward)
        look = try MatchedLook(of: pair, aligned: aligned)
        recovery = try RegistrationRecovery(pair: pair, look: look, seed: settings.seed, projection: projection)
    }

    /// Why the displacement is not trusted; nil when it is.
    private var invalid: NotComputedReason? {
        guard let before = correlation.before, let after = correlation.after else { return .zeroVariance }
        // Images that agree already cannot rise; rounding must not make them invalid.
        return after < before - 1e-3 ? .registrationInvalid : nil
    }

    /// What was found, where it is trusted.
    var map: DeformationMap? {
        invalid == nil ? DeformationMap(of: field, in: pair.liver, projection: projection) : nil
    }

    func measurements(_ context: DeformationContext) -> [Measurement] {
        let offsets = pair.offsets
        let geometry = pair.frame.geometry
        var rows: [Measurement]
        if let invalid {
            rows = DeformationContext.errorMetrics.map {
                context.measurement($0, structure: structure, .notComputed(invalid))
            }
        } else {
            rows = context.errorPanel(
                structure: structure, vectors: vectors,
                tables: { [APBins(offsets: offsets, vectors: vectors, geometry: geometry, $0).table] })
        }
        rows += context.jacobianPanel(structure: structure, field: field, mask: pair.liver)
        rows += companionRows(context)
        decide(&rows, offsets: offsets)
        return rows
    }

    private func companionRows(_ context: DeformationContext) -> [Measurement] {
        func correlationValue(_ value: Double?) -> MetricValue {
            value.map { MetricValue(finite: $0) } ?? .notComputed(.zeroVariance)
        }
        let floor = DeformationStatistics(recovery.floor.map(projection.coronal))
        let line = recovery.line
        let values: [String: MetricValue] = [
            "coronal_deformation_floor": MetricValue(finite: floor?.mean ?? .nan),
            "coronal_deformation_floor_p95": MetricValue(finite: floor?.p95 ?? .nan),
            "coronal_deformation_debiased_rms": invalid.map { .notComputed($0) } ?? MetricValue(finite: debiasedRMS),
            "deformation_recovery_slope": MetricValue(finite: line.slope),
            "deformation_recovery_offset": MetricValue(finite: line.offsetMM),
            "deformation_recovery_error": MetricValue(finite: recovery.errorMM),
            "deformation_inverse_consistency": MetricValue(finite: inverseConsistencyMM),
            "deformation_lncc_before": correlationValue(correlation.before),
            "deformation_lncc_after": correlationValue(correlation.after),
        ]
        return Self.companions.map { metric in
            context.measurement(
                metric, structure: structure, values[metric] ?? .notComputed(.inputMissing),
                details: metric == "deformation_recovery_slope" ? [recovery.table] : [])
        }
    }

    private var floorRMS: Double { DeformationStatistics(recovery.floor.map(projection.coronal))?.rms ?? 0 }

    private var debiasedRMS: Double {
        let rms = DeformationStatistics(vectors.map(projection.coronal))?.rms ?? .nan
        return max(0, rms * rms - floorRMS * floorRMS).squareRoot()
    }

    /// Adds the verdict and what it rests on to the headline.
    private func decide(_ rows: inout [Measurement], offsets: [Int]) {
        guard let headline = rows.firstIndex(where: { $0.metric == DeformationContext.headline }) else { return }
        func number(_ metric: String) -> Double { rows.first { $0.metric == metric }?.value.number ?? .nan }
        let bounds = BlockedBounds(
            lengths: vectors.map(projection.coronal), offsets: offsets, geometry: pair.frame.geometry,
            floorRMS: floorRMS)
        rows[headline].parameters += [
            MetricParameter("upper_95_mm", .number(bounds.upperMeanMM)),
            MetricParameter("debiased_lower_95_mm", .number(bounds.lowerDebiasedMM)),
            MetricParameter("look_blur_mm", .number(look.blurMM)), MetricParameter("look_noise", .number(look.noise)),
        ]
        guard let limitMM = settings.limitMM else { return }
        // A liver that is gone after two erosions has no Jacobian to judge by, and no fold either.
        let folds = rows.first { $0.metric == "fold_fraction" }?.value.number ?? 0
        let verdict: ImageDeformationVerdict =
            invalid == nil
            ? .decide(
                limitMM: limitMM, upperMM: bounds.upperMeanMM, debiasedLowerMM: bounds.lowerDebiasedMM,
                floorMM: number("coronal_deformation_floor"), slope: recovery.line.slope,
                inverseConsistencyMM: inverseConsistencyMM, foldFraction: folds)
            : .indeterminate
        rows[headline].parameters += [
            MetricParameter("limit_mm", .number(limitMM)), MetricParameter("verdict", .text(verdict.rawValue)),
        ]
    }
}
