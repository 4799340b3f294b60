import Imaging

/// A reference and a generated lesion that are taken for one another.
struct LesionMatch {
    var reference: Int
    var generated: Int
    var commonVoxels: Int
    /// Common volume over the volume of both together.
    var overlap: Double
}

/// Which lesions of the two images belong together.
struct LesionMatching {
    var matches: [LesionMatch]
    var missed: [Int]
    var hallucinated: [Int]

    /// A pair may match from this share of common volume on.
    static let minimumOverlap = 0.1
    /// Added to each pair's weight, so that a pair that meets only by its centre has one.
    static let centreWeight = 1e-6

    /// Matches one to one, with the largest total of common volume over united volume.
    ///
    /// A pair may match when that share is at least 0.1, or the centre of one lies inside the other.
    init(generated: LesionMap, reference: LesionMap) {
        var common: [UInt64: Int] = [:]
        var last: (key: UInt64, count: Int) = (0, 0)
        for (g, r) in zip(generated.labels, reference.labels) where g != 0 && r != 0 {
            let key = UInt64(UInt32(r)) << 32 | UInt64(UInt32(g))
            if key != last.key {
                if last.count > 0 { common[last.key, default: 0] += last.count }
                last = (key, 0)
            }
            last.count += 1
        }
        if last.count > 0 { common[last.key, default: 0] += last.count }

        // Centres that lie inside without any common voxel are pairs too.
        for (r, lesion) in reference.lesions.enumerated() {
            let g = generated.labels[generated.geometry.offset(of: lesion.centreVoxel)]
            if g != 0 { common[UInt64(r + 1) << 32 | UInt64(UInt32(g)), default: 0] += 0 }
        }
        for (g, lesion) in generated.lesions.enumerated() {
            let r = reference.labels[reference.geometry.offset(of: lesion.centreVoxel)]
            if r != 0 { common[UInt64(UInt32(r)) << 32 | UInt64(g + 1), default: 0] += 0 }
        }

        var candidates: [(row: Int, column: Int, weight: Double)] = []
        for (key, count) in common.sorted(by: { $0.key < $1.key }) {
            let r = Int(key >> 32) - 1
            let g = Int(key & 0xFFFF_FFFF) - 1
            let a = reference.lesions[r]
            let b = generated.lesions[g]
            let overlap = Double(count) / Double(a.voxelCount + b.voxelCount - count)
            let isCentred =
                generated.contains(a.centreVoxel, lesion: g) || reference.contains(b.centreVoxel, lesion: r)
            guard overlap >= Self.minimumOverlap || isCentred else { continue }
            candidates.append((r, g, overlap + Self.centreWeight))
        }
        let assigned = maximumWeightAssignment(
            rows: reference.lesions.count, columns: generated.lesions.count, weights: candidates)
        matches = assigned.map { pair in
            let count = common[UInt64(pair.row + 1) << 32 | UInt64(pair.column + 1)] ?? 0
            let both = reference.lesions[pair.row].voxelCount + generated.lesions[pair.column].voxelCount
            return LesionMatch(
                reference: pair.row, generated: pair.column, commonVoxels: count,
                overlap: Double(count) / Double(both - count))
        }
        let matchedReference = Set(matches.map(\.reference))
        let matchedGenerated = Set(matches.map(\.generated))
        missed = reference.lesions.indices.filter { !matchedReference.contains($0) }
        hallucinated = generated.lesions.indices.filter { !matchedGenerated.contains($0) }
    }
}

extension Geometry {
    /// Position of a voxel in a flat array.
    func offset(of voxel: SIMD3<Int>) -> Int { offset(voxel.x, voxel.y, voxel.z) }
}
