import CKernels

/// Turns the kernel's sums into measurements.
struct SurfacePanel {
    let result: ck_surface_result_t
    let structure: String
    let toleranceMM: Double
    let worstCaseMM: Double?
    let voxelVolumeMM3: Double

    /// Why there is no distance, if there is none.
    private var missing: NotComputedReason? {
        switch (result.generated_voxels == 0, result.reference_voxels == 0) {
        case (true, true): .bothEmpty
        case (true, false): .generatedEmpty
        case (false, true): .referenceEmpty
        case (false, false): nil
        }
    }

    var measurements: [Measurement] {
        let a = result.generated_to_reference
        let b = result.reference_to_generated
        let surfelA = result.generated_to_reference_surfels
        let surfelB = result.reference_to_generated_surfels
        let voxels = MetricParameter("surface", .text("border_voxels"))
        let surfels = MetricParameter("surface", .text("surface_elements"))
        let maximum = MetricParameter("pooling", .text("maximum_of_directed"))
        let tolerance = MetricParameter("tolerance_mm", .number(toleranceMM))
        return [
            overlap(
                "dice", 2 * Double(result.common_voxels), Double(result.generated_voxels + result.reference_voxels)),
            distance(
                "hausdorff", max(a.maximum, b.maximum), [voxels, maximum], details: [directedTable(a, b)]),
            distance(
                "hausdorff_95", max(a.percentile_95, b.percentile_95),
                [voxels, MetricParameter("percentile", .number(95)), maximum], details: [directedTable(a, b)]),
            distance(
                "hausdorff_95:pooled", result.pooled_percentile_95,
                [voxels, MetricParameter("percentile", .number(95)), MetricParameter("pooling", .text("pooled"))]),
            distance(
                "hausdorff_95:surfel", max(surfelA.percentile_95, surfelB.percentile_95),
                [surfels, MetricParameter("percentile", .number(95)), maximum],
                details: [directedTable(surfelA, surfelB)]),
            distance(
                "assd", (a.weighted_sum + b.weighted_sum) / (a.total + b.total),
                [voxels, MetricParameter("pooling", .text("pooled"))], details: [directedTable(a, b)]),
            distance(
                "assd:surfel", (surfelA.weighted_sum + surfelB.weighted_sum) / (surfelA.total + surfelB.total),
                [surfels, MetricParameter("pooling", .text("pooled"))], details: [directedTable(surfelA, surfelB)]),
            overlap("nsd", surfelA.within + surfelB.within, surfelA.total + surfelB.total, [surfels, tolerance]),
            overlap("nsd:voxel", a.within + b.within, a.total + b.total, [voxels, tolerance]),
            volumeDifference,
        ]
    }

    /// A share in [0, 1]; 0 when exactly one mask is empty.
    private func overlap(
        _ metric: String, _ part: Double, _ whole: Double, _ parameters: [MetricParameter] = []
    ) -> Measurement {
        let value: MetricValue
        switch missing {
        case .bothEmpty: value = .notComputed(.bothEmpty)
        case .some: value = .value(0)
        case nil: value = MetricValue(finite: part / whole)
        }
        return Measurement(metric: metric, structure: structure, value: value, unit: "1", parameters: parameters)
    }

    private func distance(
        _ metric: String, _ millimetres: Double, _ parameters: [MetricParameter], details: [DetailTable] = []
    ) -> Measurement {
        guard let missing else {
            return Measurement(
                metric: metric, structure: structure, value: MetricValue(finite: millimetres), unit: "mm",
                parameters: parameters, details: details)
        }
        return Measurement(
            metric: metric, structure: structure, value: .notComputed(missing), unit: "mm", parameters: parameters,
            imputedWorst: missing == .bothEmpty ? nil : worstCaseMM)
    }

    /// Volume of the generated mask minus that of the reference; defined for empty masks too.
    private var volumeDifference: Measurement {
        let generated = Double(result.generated_voxels) * voxelVolumeMM3 / 1000
        let reference = Double(result.reference_voxels) * voxelVolumeMM3 / 1000
        let relative = reference > 0 ? ParameterValue.number(100 * (generated - reference) / reference) : .none
        return Measurement(
            metric: "volume_difference", structure: structure,
            value: missing == .bothEmpty ? .notComputed(.bothEmpty) : MetricValue(finite: generated - reference),
            unit: "ml",
            parameters: [
                MetricParameter("generated_ml", .number(generated)),
                MetricParameter("reference_ml", .number(reference)),
                MetricParameter("relative_percent", relative),
            ])
    }

    private func directedTable(_ a: ck_directed_t, _ b: ck_directed_t) -> DetailTable {
        func row(_ name: String, _ d: ck_directed_t) -> [ParameterValue] {
            [
                .text(name), .integer(Int(d.elements)), .number(d.weighted_sum / d.total), .number(d.percentile_95),
                .number(d.maximum),
            ]
        }
        return DetailTable(
            name: "directed", columns: ["direction", "elements", "mean_mm", "percentile_95_mm", "maximum_mm"],
            rows: [row("generated_to_reference", a), row("reference_to_generated", b)])
    }
}
