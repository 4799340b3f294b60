import Imaging

/// Where the displacement behind a deformation error comes from.
public enum DeformationMode: String, Sendable, Codable {
    /// Landmarks marked by observers (mode L).
    case landmarks
    /// A known dense field (mode D).
    case field
    /// Registration of the two images (mode I).
    case images
}

/// Turns statistics into measurements that all name mode and plane.
struct DeformationContext {
    var mode: DeformationMode
    var plane: CoronalPlane
    var projection: DisplacementProjection
    /// Parameters beyond mode and plane, such as the registration.
    var extra: [MetricParameter] = []

    private var parameters: [MetricParameter] {
        [
            MetricParameter("mode", .text(mode.rawValue)), MetricParameter("plane", .text(plane.rawValue)),
            MetricParameter("obliquity_degrees", .number(projection.obliquityDegrees)),
            MetricParameter(
                "obliquity_warning",
                .flag(projection.obliquityDegrees > DisplacementProjection.warningDegrees)),
        ] + extra
    }

    /// One measurement with its unit from the catalogue.
    func measurement(
        _ metric: String, structure: String, _ value: MetricValue, details: [DetailTable] = []
    ) -> Measurement {
        Measurement(
            metric: metric, structure: structure, value: value,
            unit: MetricCatalog.definition(of: metric)?.unit ?? "mm", parameters: parameters, details: details)
    }

    /// All rows of a set of error vectors; every row says why when there is nothing to say.
    ///
    /// - Parameters:
    ///   - structure: Name of what was evaluated.
    ///   - vectors: Errors, RAS mm.
    ///   - minimumForP95: Fewer samples than that have no 95th percentile.
    ///   - tables: Further tables of the headline.
    func errorPanel(
        structure: String, vectors: [SIMD3<Double>], minimumForP95: Int = 1,
        tables: (DisplacementProjection) -> [DetailTable] = { _ in [] }
    ) -> [Measurement] {
        if vectors.contains(where: { !($0.x + $0.y + $0.z).isFinite }) {
            return Self.errorMetrics.map { measurement($0, structure: structure, .notComputed(.notFinite)) }
        }
        guard let errors = DeformationErrors(vectors, projection: projection) else {
            return Self.errorMetrics.map { measurement($0, structure: structure, .notComputed(.emptyRegion)) }
        }
        let hasP95 = vectors.count >= minimumForP95
        let details = [statisticsTable(errors, hasP95: hasP95)] + tables(projection)
        return Self.errorMetrics.map { metric in
            let number = Self.value(of: metric, in: errors)
            let value: MetricValue =
                metric.hasSuffix("_p95") && !hasP95 ? .notComputed(.tooFewSamples) : MetricValue(finite: number)
            return measurement(
                metric, structure: structure, value, details: metric == Self.headline ? details : [])
        }
    }

    /// Folding and stretching of a field inside the eroded mask.
    func jacobianPanel(structure: String, field: DisplacementField, mask: Mask) -> [Measurement] {
        let jacobian = FieldJacobian(of: field, in: mask)
        let values: [(String, Double?)] = [
            ("fold_fraction", jacobian?.foldFraction), ("jacobian_min", jacobian?.minimum),
            ("jacobian_max", jacobian?.maximum), ("sd_log_jacobian", jacobian?.sdLog),
        ]
        // A determinant that is not a number would pass as a fold; then the sum of all is not finite either.
        let finite = jacobian?.mean.isFinite ?? true
        return values.map { metric, number in
            guard let number else {
                return measurement(metric, structure: structure, .notComputed(.emptyRegion))
            }
            return measurement(
                metric, structure: structure,
                finite ? MetricValue(finite: number) : .notComputed(.notFinite))
        }
    }

    private func statisticsTable(_ errors: DeformationErrors, hasP95: Bool) -> DetailTable {
        DetailTable(
            name: "deformation_statistics",
            columns: ["projection", "n", "mean_mm", "sd_mm", "rms_mm", "median_mm", "p95_mm", "max_mm"],
            rows: errors.named.map { name, s in
                [
                    .text(name), .integer(s.count), .number(s.mean), .number(s.sd), .number(s.rms),
                    .number(s.median), hasP95 ? .number(s.p95) : .none, .number(s.max),
                ]
            })
    }
}

extension DeformationContext {
    /// The metric that a study's endpoint names.
    static let headline = "coronal_deformation"

    /// Rows of every mode, in the order of reports.
    static let errorMetrics = [
        headline, "coronal_deformation_median", "coronal_deformation_p95", "coronal_deformation_max",
        "coronal_deformation_sd", "coronal_deformation_rms", "deformation_3d", "deformation_3d_p95",
        "deformation_3d_max", "deformation_axial", "deformation_sagittal", "deformation_lr", "deformation_ap",
        "deformation_si", "deformation_signed_r", "deformation_signed_a", "deformation_signed_s",
    ]

    private static func value(of metric: String, in errors: DeformationErrors) -> Double {
        switch metric {
        case headline: errors.coronal.mean
        case "coronal_deformation_median": errors.coronal.median
        case "coronal_deformation_p95": errors.coronal.p95
        case "coronal_deformation_max": errors.coronal.max
        case "coronal_deformation_sd": errors.coronal.sd
        case "coronal_deformation_rms": errors.coronal.rms
        case "deformation_3d": errors.spatial.mean
        case "deformation_3d_p95": errors.spatial.p95
        case "deformation_3d_max": errors.spatial.max
        case "deformation_axial": errors.axial.mean
        case "deformation_sagittal": errors.sagittal.mean
        case "deformation_lr": errors.leftRight.mean
        case "deformation_ap": errors.anteriorPosterior.mean
        case "deformation_si": errors.superiorInferior.mean
        case "deformation_signed_r": errors.signedMean.x
        case "deformation_signed_a": errors.signedMean.y
        case "deformation_signed_s": errors.signedMean.z
        default: .nan
        }
    }
}
