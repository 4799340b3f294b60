/// A plane through the patient.
public enum AnatomicalPlane: String, Sendable, CaseIterable, Codable {
    /// Left–right × anterior–posterior: normal along S.
    case axial
    /// Left–right × superior–inferior: normal along A.
    case coronal
    /// Anterior–posterior × superior–inferior: normal along R.
    case sagittal

    /// World component (0 = R, 1 = A, 2 = S) of the plane's normal.
    public var normalWorldAxis: Int {
        switch self {
        case .sagittal: 0
        case .coronal: 1
        case .axial: 2
        }
    }
}

extension Geometry {
    /// For each world axis R, A, S, the voxel axis that runs closest to it, always a permutation of 0, 1, 2.
    ///
    /// Found from the affine, never assumed: of the six assignments the one with the largest sum of |cosines|.
    public var voxelAxisOfWorldAxis: SIMD3<Int> {
        let permutations: [SIMD3<Int>] = [
            SIMD3(0, 1, 2), SIMD3(0, 2, 1), SIMD3(1, 0, 2), SIMD3(1, 2, 0), SIMD3(2, 0, 1), SIMD3(2, 1, 0),
        ]
        let spacing = spacingMM
        func alignment(_ p: SIMD3<Int>) -> Double {
            (0..<3).reduce(0) { sum, world in
                sum + abs(affine.column(p[world])[world]) / spacing[p[world]]
            }
        }
        var best = permutations[0]
        for candidate in permutations.dropFirst() where alignment(candidate) > alignment(best) + 1e-12 {
            best = candidate
        }
        return best
    }

    /// Voxel axis along which slices of the plane are stacked.
    public func sliceAxis(of plane: AnatomicalPlane) -> Int { voxelAxisOfWorldAxis[plane.normalWorldAxis] }

    /// Three letters for the directions in which i, j, k grow, such as `RAS` or `LPS`.
    public var orientationCode: String {
        let positive: [Character] = ["R", "A", "S"]
        let negative: [Character] = ["L", "P", "I"]
        let axes = voxelAxisOfWorldAxis
        var letters: [Character] = ["?", "?", "?"]
        for world in 0..<3 {
            let axis = axes[world]
            letters[axis] = affine.column(axis)[world] >= 0 ? positive[world] : negative[world]
        }
        return String(letters)
    }

    /// Angle, in degrees, between a plane of the patient and the acquired slices closest to it.
    public func obliquityDegrees(of plane: AnatomicalPlane) -> Double {
        let axis = sliceAxis(of: plane)
        let others = (0..<3).filter { $0 != axis }
        let u = affine.column(others[0])
        let v = affine.column(others[1])
        let normal = SIMD3(u.y * v.z - u.z * v.y, u.z * v.x - u.x * v.z, u.x * v.y - u.y * v.x)
        let cosine = min(1, abs(normal[plane.normalWorldAxis]) / length(normal))
        return arccosineDegrees(cosine)
    }
}
