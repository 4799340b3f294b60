extension MetricCatalog {
    /// Metrics of vessel topology.
    public static let vesselTopology: [MetricDefinition] = [
        MetricDefinition(
            id: "vtc", name: "Vessel topology continuity", unit: "1", direction: .higher,
            summary: "Share of both trees' centreline length that lies in the heaviest unbroken run of its component "
                + "in the other mask; pooled over both sides."),
        MetricDefinition(
            id: "vtc_recall", name: "Vessel topology continuity, recall", unit: "1", direction: .higher,
            summary: "The same for the reference tree in the generated mask alone."),
        MetricDefinition(
            id: "vtc_precision", name: "Vessel topology continuity, precision", unit: "1", direction: .higher,
            summary: "The same for the generated tree in the reference mask alone."),
        MetricDefinition(
            id: "vessel_detached", name: "Detached vessel length", unit: "1", direction: .lower,
            summary: "Share of the reference tree that is present but cut off from the main run of its component."),
        MetricDefinition(
            id: "vessel_missing", name: "Missing vessel length", unit: "1", direction: .lower,
            summary: "Share of the reference tree that the generated mask does not hold within the tolerance."),
        MetricDefinition(
            id: "tree_length_detected", name: "Tree length detected", unit: "1", direction: .higher,
            summary: "Share of the reference tree's length within the tolerance of the generated mask (EXACT'09, "
                + "Lo et al., TMI 2012, with a tolerance)."),
        MetricDefinition(
            id: "nerl", name: "Normalised expected run length", unit: "1", direction: .higher,
            summary: "Sum of squared run lengths of the reference tree over the sum for unbroken components "
                + "(after Januszewski et al., Nature Methods 2018)."),
        MetricDefinition(
            id: "vessel_breaks", name: "Vessel breaks", unit: "count", direction: .lower,
            summary: "Pieces beyond the first, of at least the minimum length, into which reference components fall."),
        MetricDefinition(
            id: "branch_accuracy", name: "Branch accuracy", unit: "1", direction: .higher,
            summary: "Share of both trees' branches that the other mask holds to 80 % and in one piece."),
        MetricDefinition(
            id: "branch_recall", name: "Branches detected", unit: "1", direction: .higher,
            summary: "Share of reference branches covered to at least 80 % (as ATM'22 detects branches)."),
        MetricDefinition(
            id: "branch_precision", name: "Branches confirmed", unit: "1", direction: .higher,
            summary: "Share of generated branches covered to at least 80 % by the reference."),
        MetricDefinition(
            id: "bifurcation_f1", name: "Bifurcation F1", unit: "1", direction: .higher,
            summary: "F1 of the largest one-to-one matching of bifurcations within the tolerance; noisy on thick "
                + "slices."),
        MetricDefinition(
            id: "bifurcation_distance", name: "Bifurcation distance", unit: "mm", direction: .lower,
            summary: "Mean distance of matched bifurcations."),
        MetricDefinition(
            id: "radius_bias", name: "Vessel radius bias", unit: "mm", direction: .neutral,
            summary: "Length-weighted mean of generated minus reference radius along covered centrelines."),
        MetricDefinition(
            id: "radius_mae", name: "Vessel radius error", unit: "mm", direction: .lower,
            summary: "Length-weighted mean absolute radius difference along covered centrelines."),
        MetricDefinition(
            id: "cldice", name: "clDice", unit: "1", direction: .higher,
            summary: "Centreline Dice (Shit et al., CVPR 2021) on the homotopic skeleton; hardly sees a break."),
        MetricDefinition(
            id: "cldice:lee94", name: "clDice, scikit-image skeleton", unit: "1", direction: .higher,
            summary: "Centreline Dice on scikit-image's skeleton, bit for bit, which erases objects of even width."),
        MetricDefinition(
            id: "betti0_error", name: "Betti-0 error", unit: "count", direction: .lower,
            summary: "Difference of the numbers of 26-connected components."),
        MetricDefinition(
            id: "betti1_error", name: "Betti-1 error", unit: "count", direction: .lower,
            summary: "Difference of the numbers of loops; the only detector of a loop between two tips."),
        MetricDefinition(
            id: "betti2_error", name: "Betti-2 error", unit: "count", direction: .lower,
            summary: "Difference of the numbers of cavities."),
    ]
}
