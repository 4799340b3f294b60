/// A vector at every voxel, such as a displacement: three component arrays on one grid.
///
/// Each component array is in storage order, i fastest. Unit and frame (RAS, LPS or voxel axes) belong to
/// the data set and are not guessed: whoever makes the field says what they are.
public struct VectorField: Sendable, Equatable {
    /// Where the voxels lie in the patient.
    public let geometry: Geometry
    /// First component, `geometry.voxelCount` values.
    public var x: [Float]
    /// Second component, `geometry.voxelCount` values.
    public var y: [Float]
    /// Third component, `geometry.voxelCount` values.
    public var z: [Float]

    /// Makes a field from three component arrays in storage order.
    ///
    /// - Throws: `GeometryError.voxelCount` when an array does not fill the grid.
    public init(geometry: Geometry, x: [Float], y: [Float], z: [Float]) throws(GeometryError) {
        for component in [x, y, z] where component.count != geometry.voxelCount {
            throw .voxelCount(expected: geometry.voxelCount, actual: component.count)
        }
        self.geometry = geometry
        self.x = x
        self.y = y
        self.z = z
    }

    /// The vector at voxel (i, j, k).
    public subscript(i: Int, j: Int, k: Int) -> SIMD3<Float> {
        let offset = geometry.offset(i, j, k)
        return SIMD3(x[offset], y[offset], z[offset])
    }
}
