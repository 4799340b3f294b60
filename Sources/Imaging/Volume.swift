/// Voxels on a grid, stored with i fastest, then j, then k.
///
/// A volume without geometry cannot be made; comparing two volumes starts with `requireSameGrid`.
public struct Volume<Scalar: Sendable>: Sendable {
    /// Where the voxels lie in the patient.
    public let geometry: Geometry
    /// Voxel values, `geometry.voxelCount` of them, i fastest.
    public var voxels: [Scalar]

    /// Makes a volume from values in storage order.
    ///
    /// - Throws: `GeometryError.voxelCount` when the values do not fill the grid.
    public init(geometry: Geometry, voxels: [Scalar]) throws(GeometryError) {
        guard voxels.count == geometry.voxelCount else {
            throw .voxelCount(expected: geometry.voxelCount, actual: voxels.count)
        }
        self.geometry = geometry
        self.voxels = voxels
    }

    // Inlinable: over millions of voxels of a scalar that other modules choose, the generic form takes fifty times as long.

    /// Makes a volume with one value everywhere.
    @inlinable
    public init(geometry: Geometry, repeating value: Scalar) {
        self.geometry = geometry
        self.voxels = Array(repeating: value, count: geometry.voxelCount)
    }

    /// The value at voxel (i, j, k).
    @inlinable
    public subscript(i: Int, j: Int, k: Int) -> Scalar {
        get { voxels[geometry.offset(i, j, k)] }
        set { voxels[geometry.offset(i, j, k)] = newValue }
    }

    /// A volume on the same grid with every value transformed.
    @inlinable
    public func map<Other: Sendable>(_ transform: (Scalar) -> Other) -> Volume<Other> {
        Volume<Other>(sameGridAs: geometry, voxels: voxels.map(transform))
    }
}

extension Volume {
    /// Makes a volume whose count is known to fit, because it came from the same grid.
    @usableFromInline
    init(sameGridAs geometry: Geometry, voxels: [Scalar]) {
        precondition(voxels.count == geometry.voxelCount)
        self.geometry = geometry
        self.voxels = voxels
    }
}

/// A binary mask: non-zero is inside.
public typealias Mask = Volume<UInt8>

/// Labelled structures: 0 is background, every other value one object.
public typealias LabelMap = Volume<Int32>
