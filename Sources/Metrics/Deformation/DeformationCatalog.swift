extension MetricCatalog {
    /// Metrics of coronal deformation.
    ///
    /// The mode (landmarks, field, images) is a parameter of every measurement, not part of its identifier.
    public static let deformation: [MetricDefinition] = deformationErrors + deformationField + deformationCompanions

    private static func millimetres(
        _ id: String, _ name: String, _ direction: Direction = .lower, _ summary: String
    ) -> MetricDefinition {
        MetricDefinition(id: id, name: name, unit: "mm", direction: direction, summary: summary)
    }

    private static let deformationErrors: [MetricDefinition] = [
        millimetres(
            "coronal_deformation", "Coronal deformation error",
            .lower, "Mean length of the displacement error within the coronal plane (left–right, superior–inferior)."),
        millimetres(
            "coronal_deformation_median", "Coronal deformation, median", .lower,
            "Median length of the error within the coronal plane."),
        millimetres(
            "coronal_deformation_p95", "Coronal deformation, 95th percentile", .lower,
            "95th percentile (type 7) of the length within the coronal plane."),
        millimetres(
            "coronal_deformation_max", "Coronal deformation, largest", .lower,
            "Largest length of the error within the coronal plane."),
        millimetres(
            "coronal_deformation_sd", "Coronal deformation, SD", .lower,
            "Standard deviation over voxels or landmarks (population) of the coronal length."),
        millimetres(
            "coronal_deformation_rms", "Coronal deformation, RMS", .lower,
            "Root mean square of the length within the coronal plane."),
        millimetres(
            "deformation_3d", "Deformation error in 3-D", .lower, "Mean Euclidean length of the displacement error."),
        millimetres(
            "deformation_3d_p95", "Deformation in 3-D, 95th percentile", .lower,
            "95th percentile (type 7) of the Euclidean length."),
        millimetres("deformation_3d_max", "Deformation in 3-D, largest", .lower, "Largest Euclidean length."),
        millimetres(
            "deformation_axial", "Axial deformation error", .lower, "Mean length of the error within axial planes."),
        millimetres(
            "deformation_sagittal", "Sagittal deformation error", .lower,
            "Mean length of the error within sagittal planes."),
        millimetres("deformation_lr", "Deformation |LR|", .lower, "Mean amount of the error along left–right."),
        millimetres(
            "deformation_ap", "Deformation |AP|", .lower,
            "Mean amount along anterior–posterior, which the coronal number cannot see."),
        millimetres("deformation_si", "Deformation |SI|", .lower, "Mean amount along superior–inferior."),
        millimetres(
            "deformation_signed_r", "Deformation towards right", .neutral, "Mean error towards the right, signed."),
        millimetres(
            "deformation_signed_a", "Deformation towards anterior", .neutral, "Mean error towards anterior, signed."),
        millimetres(
            "deformation_signed_s", "Deformation towards superior", .neutral, "Mean error towards superior, signed."),
    ]

    private static let deformationField: [MetricDefinition] = [
        MetricDefinition(
            id: "fold_fraction", name: "Folded voxels", unit: "1", direction: .lower,
            summary: "Share of voxels of the mask, eroded by 2, whose Jacobian determinant is zero or negative."),
        MetricDefinition(
            id: "jacobian_min", name: "Jacobian, smallest", unit: "1", direction: .neutral,
            summary: "Smallest Jacobian determinant in the mask eroded by 2 voxels."),
        MetricDefinition(
            id: "jacobian_max", name: "Jacobian, largest", unit: "1", direction: .neutral,
            summary: "Largest Jacobian determinant in the mask eroded by 2 voxels."),
        MetricDefinition(
            id: "sd_log_jacobian", name: "SD of log Jacobian", unit: "1", direction: .lower,
            summary: "Standard deviation of ln det J (clipped at 1e-9) in the mask eroded by 2 voxels."),
    ]

    private static let deformationCompanions: [MetricDefinition] = [
        millimetres(
            "coronal_deformation_interobserver", "Inter-observer difference", .neutral,
            "Mean coronal distance between two observers' errors of the same landmark: the floor of mode L."),
        millimetres(
            "coronal_deformation_floor", "Registration floor", .lower,
            "Coronal error that image-only mode prints for the reference against itself in the generated look."),
        millimetres(
            "coronal_deformation_floor_p95", "Registration floor, 95th percentile", .lower,
            "95th percentile of the coronal error when nothing moved."),
        millimetres(
            "coronal_deformation_debiased_rms", "Coronal deformation, debiased RMS", .lower,
            "Square root of the excess of the mean square over that of the floor."),
        MetricDefinition(
            id: "deformation_recovery_slope", name: "Recovery slope", unit: "1", direction: .neutral,
            summary: "Slope of measured against injected coronal error over seeded fields; 1 is unbiased."),
        millimetres(
            "deformation_recovery_offset", "Recovery offset", .neutral,
            "Measured coronal error at zero injected error, by the recovery line."),
        millimetres(
            "deformation_recovery_error", "Recovery error", .lower,
            "Mean coronal error of the registration against the injected fields."),
        millimetres(
            "deformation_inverse_consistency", "Inverse consistency", .lower,
            "Mean length of forward followed by backward displacement."),
        MetricDefinition(
            id: "deformation_lncc_before", name: "Local correlation before", unit: "1", direction: .neutral,
            summary: "Mean correlation of locally normalised images in the mask before registration."),
        MetricDefinition(
            id: "deformation_lncc_after", name: "Local correlation after", unit: "1", direction: .neutral,
            summary: "The same after registration; a registration that does not raise it is invalid."),
    ]
}
