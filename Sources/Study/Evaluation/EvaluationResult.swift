public import Imaging
public import Metrics

/// What was measured on one case, and what a report draws of it.
public struct EvaluationResult: Sendable {
    /// The measurements, image metrics first; no two share metric and structure.
    public var measurements: [Measurement] = []
    /// Centrelines of both vessel trees, where vessels were compared.
    public var vesselDrawing: VesselGraphDrawing?
    /// The vessels of the truth that were compared: the mask that was given, or what a method found.
    public var vessels: Mask?
    /// The vessels of the generated image that were compared.
    public var generatedVessels: Mask?
    /// Lengths of the displacement, where a field is known or a registration found one and the settings keep it.
    public var deformationMap: DeformationMap?
    /// The region that image metrics were measured in: the body or the given mask.
    public var region: Mask?
    /// How the body was found, in words; nil where a mask was given or there are no images.
    public var bodyMethod: String?
    /// The data range in force; nil without images, or where the reference holds no range.
    public var dataRange: DataRange?

    /// The measurement of a metric on a structure.
    public func measurement(_ metric: String, on structure: String) -> Measurement? {
        measurements.first { $0.metric == metric && $0.structure == structure }
    }
}
