public import Metrics

/// A group of metrics that need the same inputs.
public enum MetricFamily: String, Sendable, CaseIterable {
    /// Similarity of two images.
    case imageSimilarity = "image_similarity"
    /// Overlap and surface distance of two masks.
    case surfaceDistance = "surface_distance"
    /// Lesions found, missed and invented.
    case lesionDetection = "lesion_detection"
    /// Topology of two vessel masks.
    case vesselTopology = "vessel_topology"
    /// Displacement of anatomy.
    case deformation

    /// The metrics of the family.
    public var definitions: [MetricDefinition] {
        switch self {
        case .imageSimilarity: MetricCatalog.imageSimilarity
        case .surfaceDistance: MetricCatalog.surfaceDistance
        case .lesionDetection: MetricCatalog.lesionDetection
        case .vesselTopology: MetricCatalog.vesselTopology
        case .deformation: MetricCatalog.deformation
        }
    }

    /// Structures that a metric of the family is measured on, the usual one first.
    public var structures: [String] {
        switch self {
        case .imageSimilarity: ["body", "liver", "mask"]
        case .surfaceDistance: ["liver", "lesions", "vessels"]
        case .lesionDetection: ["lesions"]
        case .vesselTopology: ["vessels"]
        case .deformation: ["liver", "landmarks", "mask", "volume"]
        }
    }

    /// The family of an identifier, or nil when there is no such metric.
    public static func family(of metric: String) -> MetricFamily? { families[metric] }

    private static let families: [String: MetricFamily] = {
        var families: [String: MetricFamily] = [:]
        for family in MetricFamily.allCases {
            for definition in family.definitions { families[definition.id] = family }
        }
        return families
    }()

    /// Forms on surface elements, which halve the mean distance of vessels about a voxel thin.
    static let surfelForms: Set<String> = ["nsd", "hausdorff_95:surfel", "assd:surfel"]

    /// Whether a metric is measured on a structure.
    ///
    /// Single lesions (`lesion:3`) and the phases of landmarks (`landmarks:0.5`) count as their group.
    public static func isMeasured(_ metric: String, on structure: String) -> Bool {
        guard let family = family(of: metric) else { return false }
        if structure.hasPrefix("lesion:") {
            return ["dice", "hausdorff", "hausdorff_95", "assd"].contains(metric)
        }
        if structure.hasPrefix("landmarks:") { return family == .deformation }
        if structure == "vessels", surfelForms.contains(metric) { return false }
        return family.structures.contains(structure)
    }
}

/// A metric on a structure, as an endpoint names it.
public struct MetricTarget: Sendable, Hashable {
    /// Identifier of the metric, with its preset.
    public var metric: String
    /// Structure.
    public var structure: String

    /// Makes a target.
    public init(metric: String, structure: String) {
        self.metric = metric
        self.structure = structure
    }
}
