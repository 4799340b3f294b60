/// The tables behind the measurements of one pair of trees.
struct VesselTopologyTables {
    /// Tables of each metric.
    let byMetric: [String: [DetailTable]]

    init(_ comparison: VesselComparison, matching: BifurcationMatching) {
        byMetric = [
            "vtc": [VesselTopologyTables.sides(comparison)],
            "branch_accuracy": [VesselTopologyTables.branches(comparison)],
            "bifurcation_f1": [VesselTopologyTables.bifurcations(comparison, matching)],
            "betti0_error": [VesselTopologyTables.betti(comparison)],
        ]
    }

    /// Sums of both sides, so that a cohort can be pooled exactly.
    private static func sides(_ comparison: VesselComparison) -> DetailTable {
        func row(_ name: String, _ tree: VesselTree, _ coverage: VesselCoverage) -> [ParameterValue] {
            [
                .text(name), .number(coverage.lengthMM), .number(coverage.coveredMM), .number(coverage.connectedMM),
                .integer(coverage.breaks), .integer(tree.branches.branches.count),
                .integer(coverage.branches.count { $0.isDetected }),
                .integer(coverage.branches.count { $0.isUnbroken }), .integer(tree.bifurcations.count),
                .integer(tree.spurCount),
            ]
        }
        return DetailTable(
            name: "sides",
            columns: [
                "side", "length_mm", "covered_mm", "connected_mm", "breaks", "branches", "branches_detected",
                "branches_unbroken", "bifurcations", "spurs_pruned",
            ],
            rows: [
                row("reference", comparison.reference, comparison.ofReference),
                row("generated", comparison.generated, comparison.ofGenerated),
            ])
    }

    /// Every branch of both trees: where it is, how large, and whether the other mask holds it.
    private static func branches(_ comparison: VesselComparison) -> DetailTable {
        VesselBranchRow.table(
            VesselBranchRow.rows(.reference, comparison.reference, comparison.ofReference)
                + VesselBranchRow.rows(.generated, comparison.generated, comparison.ofGenerated))
    }

    private static func bifurcations(
        _ comparison: VesselComparison, _ matching: BifurcationMatching
    ) -> DetailTable {
        let trees = (comparison.reference, comparison.generated)
        let precision = Double(matching.pairs.count) / Double(max(1, trees.1.bifurcations.count))
        let recall = Double(matching.pairs.count) / Double(max(1, trees.0.bifurcations.count))
        return DetailTable(
            name: "bifurcations",
            columns: ["reference", "generated", "matched", "precision", "recall"],
            rows: [
                [
                    .integer(trees.0.bifurcations.count), .integer(trees.1.bifurcations.count),
                    .integer(matching.pairs.count),
                    trees.1.bifurcations.isEmpty ? .none : .number(precision),
                    trees.0.bifurcations.isEmpty ? .none : .number(recall),
                ]
            ])
    }

    /// Betti numbers of both masks, and how many components touch nothing of the other mask.
    private static func betti(_ comparison: VesselComparison) -> DetailTable {
        let (t, p) = (comparison.reference.solid, comparison.generated.solid)
        func row(_ name: String, _ solid: SolidMask, _ other: SolidMask) -> [ParameterValue] {
            [
                .text(name), .integer(solid.betti.components), .integer(solid.betti.loops),
                .integer(solid.betti.cavities), .integer(solid.runs.componentsApart(from: other.runs)),
            ]
        }
        return DetailTable(
            name: "betti", columns: ["side", "components", "loops", "cavities", "components_without_overlap"],
            rows: [row("reference", t, p), row("generated", p, t)])
    }
}
