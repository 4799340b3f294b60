extension MetricCatalog {
    /// Metrics of surface distances.
    static let surfaceDistance: [MetricDefinition] = []
}
