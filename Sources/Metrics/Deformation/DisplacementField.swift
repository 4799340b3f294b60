public import Imaging

/// What the three components of a stored displacement mean.
///
/// A file does not tell, so the user has to.
public enum DisplacementFrame: String, Sendable, CaseIterable, Codable {
    /// Millimetres towards right, anterior, superior (NIfTI world).
    case ras
    /// Millimetres towards left, posterior, superior (ITK, ANTs, elastix, greedy).
    case lps
    /// Voxels along the axes of the grid (voxelmorph, convexAdam, Learn2Reg).
    case voxel
}

/// A displacement in RAS millimetres at every voxel of the reference grid.
///
/// Pull-back: the anatomy at reference point x is found at x + u(x) in the generated image.
public struct DisplacementField: Sendable, Equatable {
    /// Grid of the reference.
    public let geometry: Geometry
    /// Component towards R in units of `scaleMM`, i fastest.
    public private(set) var r: [Float]
    /// Component towards A in units of `scaleMM`.
    public private(set) var a: [Float]
    /// Component towards S in units of `scaleMM`.
    public private(set) var s: [Float]
    /// Millimetres of one stored unit: 1, or the quantum of a field kept as whole numbers, which stays exact so.
    public let scaleMM: Double

    /// Makes a field from three components whose frame is stated.
    ///
    /// - Throws: `GeometryError.voxelCount` when an array does not fill the grid.
    public init(
        geometry: Geometry, components: (x: [Float], y: [Float], z: [Float]), frame: DisplacementFrame,
        scaleMM: Double = 1
    ) throws(GeometryError) {
        for component in [components.x, components.y, components.z] where component.count != geometry.voxelCount {
            throw .voxelCount(expected: geometry.voxelCount, actual: component.count)
        }
        self.geometry = geometry
        self.scaleMM = scaleMM
        (r, a, s) = components
        switch frame {
        case .ras: break
        case .lps:
            for index in r.indices { r[index] = -r[index] }
            for index in a.indices { a[index] = -a[index] }
        case .voxel:
            for index in r.indices {
                let mm = geometry.affine.applyLinear(
                    SIMD3(Double(r[index]), Double(a[index]), Double(s[index])))
                r[index] = Float(mm.x)
                a[index] = Float(mm.y)
                s[index] = Float(mm.z)
            }
        }
    }

    /// Takes a field as it was read from a file, in the frame that the user named.
    public init(_ field: VectorField, frame: DisplacementFrame) throws(GeometryError) {
        try self.init(geometry: field.geometry, components: (field.x, field.y, field.z), frame: frame)
    }

    /// A field that moves nothing.
    public init(zeroOn geometry: Geometry) {
        self.geometry = geometry
        let zeros = [Float](repeating: 0, count: geometry.voxelCount)
        (r, a, s) = (zeros, zeros, zeros)
        scaleMM = 1
    }

    /// The displacement, in RAS mm, at a position in the arrays.
    public subscript(offset offset: Int) -> SIMD3<Double> {
        SIMD3(Double(r[offset]), Double(a[offset]), Double(s[offset])) * scaleMM
    }

    /// The field with its components in millimetres, for writing.
    public var vectorField: VectorField {
        get throws(GeometryError) {
            func millimetres(_ component: [Float]) -> [Float] {
                scaleMM == 1 ? component : component.map { Float(Double($0) * scaleMM) }
            }
            return try VectorField(
                geometry: geometry, x: millimetres(r), y: millimetres(a), z: millimetres(s))
        }
    }
}
