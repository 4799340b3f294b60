/// Which way a metric improves.
public enum Direction: String, Sendable, Codable {
    /// Larger is better.
    case higher
    /// Smaller is better.
    case lower
    /// Neither: the metric describes.
    case neutral
}

/// What is known about a metric before anything is measured.
public struct MetricDefinition: Sendable, Equatable {
    /// Identifier, with its preset where there is one.
    public var id: String
    /// Name for people.
    public var name: String
    /// Unit of its values.
    public var unit: String
    /// Which way is better.
    public var direction: Direction
    /// Version of the implementation; a change of any value changes it.
    public var version: Int
    /// One sentence: what it says, with the source.
    public var summary: String

    /// Makes a definition.
    public init(id: String, name: String, unit: String, direction: Direction, version: Int = 1, summary: String) {
        self.id = id
        self.name = name
        self.unit = unit
        self.direction = direction
        self.version = version
        self.summary = summary
    }
}

/// Every metric of the suite; each family lists its own in its folder.
public enum MetricCatalog {
    /// All definitions, in the order of reports.
    public static let all: [MetricDefinition] =
        imageSimilarity + surfaceDistance + lesionDetection + vesselTopology + deformation

    /// The definition of an identifier, or nil when there is no such metric.
    public static func definition(of id: String) -> MetricDefinition? { byIdentifier[id] }

    private static let byIdentifier: [String: MetricDefinition] = Dictionary(
        all.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
}
