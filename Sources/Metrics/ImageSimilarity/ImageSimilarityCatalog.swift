extension MetricCatalog {
    /// Metrics of image similarity.
    static let imageSimilarity: [MetricDefinition] = []
}
