/// An affine map from voxel indices to world millimetres (RAS+), the upper three rows of a 4×4 matrix.
///
/// Row `r` holds `(a_r0, a_r1, a_r2, translation_r)`: `world_r = Σ_c a_rc · index_c + translation_r`.
public struct Affine: Sendable, Equatable, Hashable {
    /// Row that gives R (x), in mm.
    public var row0: SIMD4<Double>
    /// Row that gives A (y), in mm.
    public var row1: SIMD4<Double>
    /// Row that gives S (z), in mm.
    public var row2: SIMD4<Double>

    /// Makes an affine from its three rows.
    public init(_ row0: SIMD4<Double>, _ row1: SIMD4<Double>, _ row2: SIMD4<Double>) {
        self.row0 = row0
        self.row1 = row1
        self.row2 = row2
    }

    /// Makes an axis-aligned RAS affine from a spacing and the world position of voxel (0, 0, 0), both in mm.
    public init(spacingMM: SIMD3<Double>, originMM: SIMD3<Double> = .zero) {
        self.init(
            SIMD4(spacingMM.x, 0, 0, originMM.x),
            SIMD4(0, spacingMM.y, 0, originMM.y),
            SIMD4(0, 0, spacingMM.z, originMM.z))
    }

    /// The affine that changes nothing: one millimetre per voxel.
    public static let identity = Affine(spacingMM: SIMD3(1, 1, 1))

    /// Column `axis` (0, 1, 2) of the linear part: the world step, in mm, of one voxel along that axis.
    public func column(_ axis: Int) -> SIMD3<Double> {
        SIMD3(row0[axis], row1[axis], row2[axis])
    }

    /// World position, in mm, of voxel (0, 0, 0).
    public var translation: SIMD3<Double> { column(3) }

    /// Maps a (fractional) voxel index to world millimetres.
    public func callAsFunction(_ index: SIMD3<Double>) -> SIMD3<Double> {
        applyLinear(index) + translation
    }

    /// Maps a difference of voxel indices to a world vector in mm, without the translation.
    public func applyLinear(_ vector: SIMD3<Double>) -> SIMD3<Double> {
        SIMD3(
            row0.x * vector.x + row0.y * vector.y + row0.z * vector.z,
            row1.x * vector.x + row1.y * vector.y + row1.z * vector.z,
            row2.x * vector.x + row2.y * vector.y + row2.z * vector.z)
    }

    /// Determinant of the linear part: signed voxel volume in mm³.
    public var determinant: Double {
        row0.x * (row1.y * row2.z - row1.z * row2.y)
            - row0.y * (row1.x * row2.z - row1.z * row2.x)
            + row0.z * (row1.x * row2.y - row1.y * row2.x)
    }

    /// The map from world millimetres to voxel indices, or nil when the linear part cannot be inverted.
    public var inverse: Affine? {
        let det = determinant
        let scale = length(column(0)) * length(column(1)) * length(column(2))
        guard det.isFinite, scale > 0, abs(det) > 1e-6 * scale else { return nil }
        let r = 1 / det
        let i0 = SIMD3(
            (row1.y * row2.z - row1.z * row2.y) * r,
            (row0.z * row2.y - row0.y * row2.z) * r,
            (row0.y * row1.z - row0.z * row1.y) * r)
        let i1 = SIMD3(
            (row1.z * row2.x - row1.x * row2.z) * r,
            (row0.x * row2.z - row0.z * row2.x) * r,
            (row0.z * row1.x - row0.x * row1.z) * r)
        let i2 = SIMD3(
            (row1.x * row2.y - row1.y * row2.x) * r,
            (row0.y * row2.x - row0.x * row2.y) * r,
            (row0.x * row1.y - row0.y * row1.x) * r)
        let t = translation
        func dot(_ a: SIMD3<Double>) -> Double { -(a.x * t.x + a.y * t.y + a.z * t.z) }
        return Affine(SIMD4(i0, dot(i0)), SIMD4(i1, dot(i1)), SIMD4(i2, dot(i2)))
    }

    /// The composition `self ∘ other`: first `other`, then `self`.
    public func composed(with other: Affine) -> Affine {
        let columns = (0..<3).map { applyLinear(other.column($0)) }
        let t = self(other.translation)
        return Affine(
            SIMD4(columns[0].x, columns[1].x, columns[2].x, t.x),
            SIMD4(columns[0].y, columns[1].y, columns[2].y, t.y),
            SIMD4(columns[0].z, columns[1].z, columns[2].z, t.z))
    }

    /// Whether every entry is a finite number.
    public var isFinite: Bool {
        for row in [row0, row1, row2] {
            for entry in 0..<4 where !row[entry].isFinite { return false }
        }
        return true
    }
}

/// Euclidean length of a vector, in the unit of its components.
public func length(_ v: SIMD3<Double>) -> Double { (v * v).sum().squareRoot() }
