extension MetricCatalog {
    /// Metrics of image similarity.
    public static let imageSimilarity: [MetricDefinition] = [
        MetricDefinition(
            id: "ssim", name: "SSIM", unit: "1", direction: .higher,
            summary: "Structural similarity in the named plane, Gaussian 11×11 window (Wang et al. 2004)."),
        MetricDefinition(
            id: "ssim:skimage", name: "SSIM (scikit-image defaults)", unit: "1", direction: .higher,
            summary: "Structural similarity as scikit-image computes it by default: uniform 7, sample covariance."),
        MetricDefinition(
            id: "ssim:3d", name: "SSIM (3-D)", unit: "1", direction: .higher,
            summary: "Structural similarity with a Gaussian 11×11×11 window through the slices."),
        MetricDefinition(
            id: "ssim:synthrad2023", name: "SSIM (SynthRAD 2023)", unit: "1", direction: .higher,
            summary: "Structural similarity as evaluated by the SynthRAD 2023 challenge."),
        MetricDefinition(
            id: "ms_ssim:synthrad2025", name: "MS-SSIM (SynthRAD 2025)", unit: "1", direction: .higher,
            summary: "Multi-scale similarity as in the SynthRAD 2025 metrics repository, range 4024 HU."),
        MetricDefinition(
            id: "ms_ssim:synthrad2025-evaluation", name: "MS-SSIM (SynthRAD 2025 evaluation)", unit: "1",
            direction: .higher,
            summary: "Multi-scale similarity as in the SynthRAD 2025 evaluation repository, range 4095 HU."),
        MetricDefinition(
            id: "psnr", name: "PSNR", unit: "dB", direction: .higher,
            summary: "Peak signal-to-noise ratio inside the structure, 10 log₁₀(L²/MSE)."),
        MetricDefinition(
            id: "psnr:synthrad2023", name: "PSNR (SynthRAD 2023)", unit: "dB", direction: .higher,
            summary: "Peak signal-to-noise ratio, both images clipped to −1024…3000 HU."),
        MetricDefinition(
            id: "psnr:synthrad2025", name: "PSNR (SynthRAD 2025)", unit: "dB", direction: .higher,
            summary: "Peak signal-to-noise ratio as in the SynthRAD 2025 metrics repository, range 4024 HU."),
        MetricDefinition(
            id: "psnr:synthrad2025-evaluation", name: "PSNR (SynthRAD 2025 evaluation)", unit: "dB",
            direction: .higher,
            summary: "Peak signal-to-noise ratio as in the SynthRAD 2025 evaluation repository, range 4095 HU."),
        MetricDefinition(
            id: "mae", name: "Mean absolute error", unit: "HU", direction: .lower,
            summary: "Mean absolute difference inside the structure."),
        MetricDefinition(
            id: "mae:synthrad2023", name: "MAE (SynthRAD 2023)", unit: "HU", direction: .lower,
            summary: "Mean absolute difference over the mask, not clipped."),
        MetricDefinition(
            id: "mae:synthrad2025", name: "MAE (SynthRAD 2025)", unit: "HU", direction: .lower,
            summary: "Mean absolute difference over the mask, not clipped."),
        MetricDefinition(
            id: "rmse", name: "Root mean square error", unit: "HU", direction: .lower,
            summary: "Root of the mean squared difference inside the structure."),
        MetricDefinition(
            id: "ncc", name: "Normalised cross-correlation", unit: "1", direction: .higher,
            summary: "Pearson's correlation of the voxel values inside the structure."),
        MetricDefinition(
            id: "mutual_information", name: "Mutual information", unit: "nat", direction: .higher,
            summary: "Mutual information of the voxel values, 64 bins over the data range, natural logarithm."),
        MetricDefinition(
            id: "nmi", name: "Normalised mutual information", unit: "1", direction: .higher,
            summary: "Sum of the marginal entropies over the joint entropy, 1 to 2 (Studholme et al. 1999)."),
        MetricDefinition(
            id: "hu_bias", name: "HU bias", unit: "HU", direction: .neutral,
            summary: "Mean difference, generated minus reference, inside the structure (CT)."),
        MetricDefinition(
            id: "slice_consistency", name: "Slice consistency", unit: "1", direction: .neutral,
            summary: "Mean absolute change from slice to slice, generated over reference; 1 is as in the truth."),
    ]
}
