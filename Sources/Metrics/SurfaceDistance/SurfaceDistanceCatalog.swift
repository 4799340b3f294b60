extension MetricCatalog {
    /// Metrics of surface distances.
    public static let surfaceDistance: [MetricDefinition] = [
        MetricDefinition(
            id: "dice", name: "Dice", unit: "1", direction: .higher,
            summary: "Twice the common volume over the sum of both volumes (Dice 1945)."),
        MetricDefinition(
            id: "hausdorff", name: "Hausdorff distance", unit: "mm", direction: .lower,
            summary: "Largest distance from one surface to the other, in either direction."),
        MetricDefinition(
            id: "hausdorff_95", name: "Hausdorff distance, 95th percentile", unit: "mm", direction: .lower,
            summary: "Larger of the two directed 95th percentiles of the distances between border voxels."),
        MetricDefinition(
            id: "hausdorff_95:pooled", name: "Hausdorff distance, pooled 95th percentile", unit: "mm",
            direction: .lower,
            summary: "95th percentile of the distances of both directions together, as MedPy computes it."),
        MetricDefinition(
            id: "hausdorff_95:surfel", name: "Hausdorff distance, 95 % of the area", unit: "mm", direction: .lower,
            summary: "Distance that covers 95 % of the surface area, larger direction (Nikolov et al. 2021)."),
        MetricDefinition(
            id: "assd", name: "Average symmetric surface distance", unit: "mm", direction: .lower,
            summary: "Mean distance of the border voxels of both masks to the other's border."),
        MetricDefinition(
            id: "assd:surfel", name: "Average surface distance by area", unit: "mm", direction: .lower,
            summary: "Mean distance between the surfaces weighted by area (Nikolov et al. 2021)."),
        MetricDefinition(
            id: "nsd", name: "Normalised surface distance", unit: "1", direction: .higher,
            summary: "Share of both surfaces' area within the tolerance of the other (Nikolov et al. 2021)."),
        MetricDefinition(
            id: "nsd:voxel", name: "Normalised surface distance by voxels", unit: "1", direction: .higher,
            summary: "Share of both masks' border voxels within the tolerance of the other's border."),
        MetricDefinition(
            id: "volume_difference", name: "Volume difference", unit: "ml", direction: .neutral,
            summary: "Volume of the generated mask minus that of the reference."),
    ]
}
