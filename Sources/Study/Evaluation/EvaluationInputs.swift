public import Imaging
public import Metrics

/// What one case brings to an evaluation; any subset.
///
/// Everything lies on one grid, that of the reference.
public struct EvaluationInputs: Sendable {
    /// What made both images.
    public var modality: Modality
    /// The truth.
    public var reference: Volume<Float>?
    /// The image under test.
    public var generated: Volume<Float>?
    /// The range of intensities when the protocol or the user states one; nil: the rule of the modality.
    public var dataRange: DataRange?
    /// A region that takes the place of the body for image metrics; its structure is `mask`.
    public var region: Mask?
    /// The body, where it is known; otherwise it is found in the reference.
    public var body: Mask?
    /// The liver of the truth.
    public var liver: Mask?
    /// The liver of the generated image.
    public var generatedLiver: Mask?
    /// The lesions of the truth, one label each.
    public var lesions: LabelMap?
    /// The lesions of the generated image.
    public var generatedLesions: LabelMap?
    /// The vessels of the truth.
    public var vessels: Mask?
    /// The vessels of the generated image.
    public var generatedVessels: Mask?
    /// Landmarks in the truth.
    public var landmarks: [Landmark]?
    /// Landmarks in the generated image.
    public var generatedLandmarks: [Landmark]?
    /// The displacement that is true, on the grid of the reference.
    public var displacement: DisplacementField?
    /// The displacement that is judged against it.
    public var estimatedDisplacement: DisplacementField?
    /// How masks came about that no person drew, such as `vesselness/1`; printed with every metric of those masks.
    public var segmentation: String?

    /// Makes inputs of a modality; the rest is set afterwards.
    public init(modality: Modality) { self.modality = modality }

    /// The grid that everything has to lie on, nil when there are landmarks alone.
    public var geometry: Geometry? {
        reference?.geometry ?? liver?.geometry ?? lesions?.geometry ?? vessels?.geometry ?? displacement?.geometry
            ?? region?.geometry
    }

    /// Every gridded input with its name.
    var grids: [(name: String, geometry: Geometry)] {
        let named: [(String, Geometry?)] = [
            ("reference", reference?.geometry), ("generated image", generated?.geometry),
            ("mask", region?.geometry), ("body mask", body?.geometry), ("reference liver", liver?.geometry),
            ("generated liver", generatedLiver?.geometry), ("reference lesions", lesions?.geometry),
            ("generated lesions", generatedLesions?.geometry), ("reference vessels", vessels?.geometry),
            ("generated vessels", generatedVessels?.geometry), ("displacement", displacement?.geometry),
            ("estimated displacement", estimatedDisplacement?.geometry),
        ]
        return named.compactMap { name, geometry in geometry.map { (name, $0) } }
    }
}
