extension MetricCatalog {
    /// Metrics of vessel topology.
    static let vesselTopology: [MetricDefinition] = []
}
