extension MetricCatalog {
    /// Metrics of lesion detection.
    public static let lesionDetection: [MetricDefinition] = [
        MetricDefinition(
            id: "lesion_sensitivity", name: "Lesion sensitivity", unit: "1", direction: .higher,
            summary: "Share of the truth's lesions that the generated image shows."),
        MetricDefinition(
            id: "lesion_precision", name: "Lesion precision", unit: "1", direction: .higher,
            summary: "Share of the generated image's lesions that the truth has."),
        MetricDefinition(
            id: "lesion_f1", name: "Lesion F1", unit: "1", direction: .higher,
            summary: "Harmonic mean of lesion sensitivity and precision."),
        MetricDefinition(
            id: "lesions_missed", name: "Missed lesions", unit: "count", direction: .lower,
            summary: "Lesions of the truth without a match, listed with position and volume."),
        MetricDefinition(
            id: "lesions_hallucinated", name: "Hallucinated lesions", unit: "count", direction: .lower,
            summary: "Lesions of the generated image without a match, listed with position and volume."),
    ]
}
