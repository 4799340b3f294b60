extension MetricCatalog {
    /// Metrics of coronal deformation.
    static let deformation: [MetricDefinition] = []
}
