public import Imaging

/// Lengths of displacements inside the coronal plane, to be drawn over a slice.
public struct DeformationMap: Sendable {
    /// Where the displacement comes from.
    public let mode: DeformationMode
    /// Length in mm; NaN outside the region.
    public let magnitudeMM: Volume<Float>
    /// Where it was evaluated.
    public let region: Mask

    /// The lengths of a displacement that a registration found (mode I).
    init(of field: DisplacementField, in region: Mask, projection: DisplacementProjection) {
        self.init(.images, region, projection) { field[offset: $0] }
    }

    /// The lengths of the difference of two fields on the region's grid (mode D).
    ///
    /// - Throws: `DeformationError` when the acquired plane is not coronal.
    public init(
        errorOf estimated: DisplacementField, against known: DisplacementField, in region: Mask,
        plane: CoronalPlane = .patient
    ) throws(DeformationError) {
        let projection = try DisplacementProjection(plane: plane, geometry: region.geometry)
        self.init(.field, region, projection) { estimated[offset: $0] - known[offset: $0] }
    }

    private init(
        _ mode: DeformationMode, _ region: Mask, _ projection: DisplacementProjection,
        vector: (Int) -> SIMD3<Double>
    ) {
        self.mode = mode
        self.region = region
        var lengths = Volume<Float>(geometry: region.geometry, repeating: .nan)
        for offset in region.voxels.indices where region.voxels[offset] != 0 {
            lengths.voxels[offset] = Float(projection.coronal(vector(offset)))
        }
        magnitudeMM = lengths
    }
}

/// The measurements of a displacement, and the map that a report draws.
public struct DeformationResult: Sendable {
    /// Every row of the mode.
    public var measurements: [Measurement]
    /// Lengths of the displacement; nil where it could not be measured or is not trusted.
    public var map: DeformationMap?
}
