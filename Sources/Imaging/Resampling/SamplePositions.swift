/// Walks the voxels of a target grid and tells where each lies in the source grid.
struct SamplePositions {
    private let map: Affine
    private let source: SIMD3<Int>
    private let target: SIMD3<Int>

    /// A voxel reaches half a voxel beyond its centre; the margin takes up rounding of the affines.
    private static let reach = 0.5 + 1e-6

    init(source: Geometry, target: Geometry) {
        map = source.inverseAffine.composed(with: target.affine)
        self.source = source.dimensions
        self.target = target.dimensions
    }

    /// Calls the body with the offset of each target voxel that lies inside the source image, and its fractional source index.
    ///
    /// The index is clamped to the voxel centres: the outer half of the border voxels holds their value.
    func forEachInside(_ body: (Int, SIMD3<Double>) -> Void) {
        let last = SIMD3<Double>(SIMD3<Int>(source.x - 1, source.y - 1, source.z - 1))
        let low = SIMD3<Double>(repeating: -SamplePositions.reach)
        let high = last + SamplePositions.reach
        let step = map.column(0)
        var offset = 0
        for k in 0..<target.z {
            for j in 0..<target.y {
                let row = map(SIMD3(0, Double(j), Double(k)))
                for i in 0..<target.x {
                    let point = row + Double(i) * step
                    if all(point .>= low), all(point .<= high) {
                        body(offset, point.clamped(lowerBound: .zero, upperBound: last))
                    }
                    offset += 1
                }
            }
        }
    }
}
