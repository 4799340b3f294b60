/// Turns a comparison into measurements.
struct VesselTopologyPanel {
    /// Parameters as they were given.
    let parameters: VesselTopologyParameters
    /// The tolerance in force, in mm.
    let toleranceMM: Double
    /// `cldice:lee94`, when it was asked for and both skeletons hold a voxel.
    var publishedCentrelineDice: Double?

    init(parameters: VesselTopologyParameters, toleranceMM: Double) {
        self.parameters = parameters
        self.toleranceMM = toleranceMM
    }

    /// Nothing to measure: a true negative.
    func bothEmpty(_ metrics: Set<String>?) -> [Measurement] {
        assemble(metrics, details: [:]) { _ in .notComputed(.bothEmpty) }
    }

    /// One mask is empty: overlaps are 0, what is measured along the absent tree has no value.
    func totalMiss(of tree: VesselTree, isReference: Bool, _ metrics: Set<String>?) -> [Measurement] {
        let reason = isReference ? NotComputedReason.generatedEmpty : .referenceEmpty
        let betti = tree.solid.betti
        let branches = VesselBranchRow.table(
            VesselBranchRow.rows(isReference ? .reference : .generated, of: tree))
        return assemble(metrics, details: ["branch_accuracy": [branches]]) { id in
            switch id {
            case "vtc", "branch_accuracy", "bifurcation_f1", "cldice", "cldice:lee94": .value(0)
            case "vtc_recall", "tree_length_detected", "nerl", "branch_recall", "vessel_detached":
                isReference ? .value(0) : .notComputed(reason)
            case "vessel_missing": isReference ? .value(1) : .notComputed(reason)
            case "vtc_precision", "branch_precision": isReference ? .notComputed(reason) : .value(0)
            case "betti0_error": .value(Double(betti.components))
            case "betti1_error": .value(Double(betti.loops))
            case "betti2_error": .value(Double(betti.cavities))
            default: .notComputed(reason)
            }
        }
    }

    /// The values of two trees.
    func measured(
        _ comparison: VesselComparison, matching: BifurcationMatching, _ metrics: Set<String>?
    ) -> [Measurement] {
        let t = comparison.ofReference
        let p = comparison.ofGenerated
        let values = branchCounts(t.branches)
        let others = branchCounts(p.branches)
        let bifurcations = comparison.reference.bifurcations.count + comparison.generated.bifurcations.count
        let radius = comparison.radiusDifference(toleranceMM: toleranceMM)
        let betti = (comparison.reference.solid.betti, comparison.generated.solid.betti)
        func optional(_ value: Double?) -> MetricValue { value.map(MetricValue.value) ?? .notComputed(.emptyRegion) }
        return assemble(metrics, details: VesselTopologyTables(comparison, matching: matching).byMetric) { id in
            switch id {
            case "vtc": .value((t.connectedMM + p.connectedMM) / (t.lengthMM + p.lengthMM))
            case "vtc_recall": .value(t.connectedMM / t.lengthMM)
            case "vtc_precision": .value(p.connectedMM / p.lengthMM)
            case "vessel_detached": .value((t.coveredMM - t.connectedMM) / t.lengthMM)
            case "vessel_missing": .value((t.lengthMM - t.coveredMM) / t.lengthMM)
            case "tree_length_detected": .value(t.coveredMM / t.lengthMM)
            case "nerl": .value(t.normalisedRunLength)
            case "vessel_breaks": .value(Double(t.breaks))
            case "branch_accuracy":
                .value(Double(values.unbroken + others.unbroken) / Double(values.all + others.all))
            case "branch_recall": .value(Double(values.detected) / Double(values.all))
            case "branch_precision": .value(Double(others.detected) / Double(others.all))
            case "bifurcation_f1":
                optional(bifurcations > 0 ? 2 * Double(matching.pairs.count) / Double(bifurcations) : nil)
            case "bifurcation_distance": optional(matching.meanDistanceMM)
            case "radius_bias": optional(radius?.biasMM)
            case "radius_mae": optional(radius?.absoluteMM)
            case "cldice":
                optional(
                    CentrelineDice(
                        reference: comparison.reference.solid.mask, generated: comparison.generated.solid.mask,
                        referenceSkeleton: comparison.reference.skeleton,
                        generatedSkeleton: comparison.generated.skeleton
                    ).value)
            case "cldice:lee94": optional(publishedCentrelineDice)
            case "betti0_error": .value(Double(abs(betti.1.components - betti.0.components)))
            case "betti1_error": .value(Double(abs(betti.1.loops - betti.0.loops)))
            case "betti2_error": .value(Double(abs(betti.1.cavities - betti.0.cavities)))
            default: .notComputed(.inputMissing)
            }
        }
    }

    private func branchCounts(_ branches: [VesselCoverage.BranchCoverage]) -> (
        all: Int, detected: Int, unbroken: Int
    ) {
        (
            branches.count, branches.count { $0.isDetected }, branches.count { $0.isUnbroken }
        )
    }

    /// One measurement per definition of the catalogue that was asked for.
    private func assemble(
        _ metrics: Set<String>?, details: [String: [DetailTable]], value: (String) -> MetricValue
    ) -> [Measurement] {
        MetricCatalog.vesselTopology.filter { metrics?.contains($0.id) ?? true }.map { definition in
            let measured = value(definition.id)
            return Measurement(
                metric: definition.id, structure: "vessels", value: measured, unit: definition.unit,
                parameters: parameters(of: definition.id), imputedWorst: worst(definition),
                details: details[definition.id] ?? [])
        }
    }

    /// The worst value of a share; counts and distances have none.
    private func worst(_ definition: MetricDefinition) -> Double? {
        guard definition.unit == "1" else { return nil }
        return definition.direction == .higher ? 0 : 1
    }

    /// The parameters that change a metric.
    private func parameters(of id: String) -> [MetricParameter] {
        var list = [MetricParameter("minimum_component_mm3", .number(parameters.minimumComponentMM3))]
        if id.hasPrefix("betti") {
            list.append(MetricParameter("foreground_connectivity", .integer(26)))
            return list
        }
        let skeleton: Skeleton = id == "cldice:lee94" ? .lee94 : .lee94Safe
        list.append(MetricParameter("skeleton", .text(skeleton == .lee94 ? "lee94" : "lee94_safe")))
        if id.hasPrefix("cldice") { return list }
        list.append(MetricParameter("tolerance_mm", .number(toleranceMM)))
        list.append(MetricParameter("spur_radius_factor", .number(parameters.spurRadiusFactor)))
        list.append(MetricParameter("spur_margin_mm", .number(parameters.spurMarginMM)))
        if id.hasPrefix("branch") {
            list.append(MetricParameter("detected_share", .number(parameters.detectedShare)))
        }
        if id.hasPrefix("bifurcation") {
            list.append(MetricParameter("bifurcation_tolerance_mm", .number(parameters.bifurcationToleranceMM)))
        }
        if id == "vessel_breaks" {
            list.append(MetricParameter("minimum_run_mm", .number(parameters.minimumRunMM)))
        }
        return list
    }
}
