extension MetricCatalog {
    /// Metrics of lesion detection.
    static let lesionDetection: [MetricDefinition] = []
}
