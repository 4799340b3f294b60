import Imaging

/// Grids and volumes with values that can be told apart.
enum Synthetic {
    /// A grid that is rotated about two axes, with unequal spacing, and flipped along i.
    static func oblique(_ dimensions: SIMD3<Int> = SIMD3(7, 6, 5)) throws -> Geometry {
        // Rotation by (cos, sin) pairs of 3-4-5 and 5-12-13 triangles: exact up to one rounding.
        let (c, s) = (0.8, 0.6)
        let (d, t) = (12.0 / 13, 5.0 / 13)
        let spacing = SIMD3(-1.25, 0.75, 2.5)
        return try Geometry(
            dimensions: dimensions,
            affine: Affine(
                SIMD4(c * spacing.x, -s * d * spacing.y, s * t * spacing.z, 12.5),
                SIMD4(s * spacing.x, c * d * spacing.y, -c * t * spacing.z, -33.25),
                SIMD4(0, t * spacing.y, d * spacing.z, 101)))
    }

    static func axisAligned(_ dimensions: SIMD3<Int> = SIMD3(7, 6, 5)) throws -> Geometry {
        try Geometry(
            dimensions: dimensions,
            affine: Affine(spacingMM: SIMD3(1.25, 0.75, 2.5), originMM: SIMD3(12.5, -33.25, 101)))
    }

    /// A volume with the value of a function of the voxel index.
    static func volume(_ geometry: Geometry, _ value: (Int, Int, Int) -> Float) throws -> Volume<Float> {
        var voxels: [Float] = []
        let size = geometry.dimensions
        for k in 0..<size.z {
            for j in 0..<size.y {
                for i in 0..<size.x { voxels.append(value(i, j, k)) }
            }
        }
        return try Volume(geometry: geometry, voxels: voxels)
    }

    /// Whole numbers without an order: the low bits of a multiplicative congruence.
    static func scattered(_ geometry: Geometry, from low: Int = -1000, to high: Int = 1000) throws -> Volume<Float> {
        var state: UInt64 = 0x9e37_79b9_7f4a_7c15
        return try volume(geometry) { _, _, _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(low + Int(state >> 33) % (high - low + 1))
        }
    }
}
