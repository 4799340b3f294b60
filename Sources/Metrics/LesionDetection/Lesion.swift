import Glibc
import Imaging

/// One lesion of a label map.
struct Lesion {
    /// Its number: the given label, or the position of its component in storage order, from 1.
    var number: Int
    /// Voxels in it.
    var voxelCount: Int
    /// Mean voxel index.
    var centre: SIMD3<Double>
    /// First and last voxel along each axis.
    var low: SIMD3<Int>
    var high: SIMD3<Int>

    /// The voxel that the centre lies in.
    var centreVoxel: SIMD3<Int> {
        SIMD3(Int(centre.x.rounded()), Int(centre.y.rounded()), Int(centre.z.rounded()))
    }

    /// Diameter, in mm, of the ball of the same volume.
    func diameterMM(voxelVolumeMM3: Double) -> Double {
        cbrt(6 * Double(voxelCount) * voxelVolumeMM3 / .pi)
    }
}

/// Size of a lesion by the diameter of the ball of its volume.
enum LesionSize: String, CaseIterable {
    case small = "<10 mm"
    case medium = "10-20 mm"
    case large = ">20 mm"

    init(diameterMM: Double) {
        self = diameterMM < 10 ? .small : diameterMM <= 20 ? .medium : .large
    }
}

/// The lesions of one image, numbered from 0 in the order of `lesions`.
struct LesionMap {
    let geometry: Geometry
    /// 0 outside, else position in `lesions` plus one.
    let labels: [Int32]
    let lesions: [Lesion]
    /// Whether the labels of the input were taken as lesions, or its components.
    let usesGivenLabels: Bool

    init(_ map: LabelMap, separation: LesionSeparation) {
        geometry = map.geometry
        let values = LesionMap.distinctLabels(of: map.voxels)
        usesGivenLabels =
            switch separation {
            case .givenLabels: true
            case .components: false
            case .automatic: values.count > 1
            }
        var numbers: [Int]
        if usesGivenLabels {
            numbers = values.map(Int.init)
            labels = LesionMap.compacted(map.voxels, values)
        } else {
            let mask = map.voxels.map { UInt8($0 != 0 ? 1 : 0) }
            let found = labelComponents(of: mask, dimensions: map.geometry.dimensions, connectivity: .twentySix)
            labels = found.labels
            numbers = Array(1..<found.count + 1)
        }
        lesions = LesionMap.measure(labels, numbers, map.geometry.dimensions)
    }

    private static func distinctLabels(of voxels: [Int32]) -> [Int32] {
        var seen: Set<Int32> = []
        var last: Int32 = 0
        for value in voxels where value != 0 && value != last {
            seen.insert(value)
            last = value
        }
        return seen.sorted()
    }

    /// Labels replaced by their positions in `values`, from 1.
    private static func compacted(_ voxels: [Int32], _ values: [Int32]) -> [Int32] {
        var positions: [Int32: Int32] = [0: 0]
        for (index, value) in values.enumerated() { positions[value] = Int32(index + 1) }
        var last: (value: Int32, position: Int32) = (0, 0)
        return voxels.map { value in
            if value != last.value { last = (value, positions[value] ?? 0) }
            return last.position
        }
    }

    private static func measure(_ labels: [Int32], _ numbers: [Int], _ d: SIMD3<Int>) -> [Lesion] {
        var counts = [Int](repeating: 0, count: numbers.count)
        var sums = [SIMD3<Int>](repeating: .zero, count: numbers.count)
        var lows = [SIMD3<Int>](repeating: d, count: numbers.count)
        var highs = [SIMD3<Int>](repeating: SIMD3(-1, -1, -1), count: numbers.count)
        guard !numbers.isEmpty else { return [] }
        var at = 0
        for k in 0..<d.z {
            for j in 0..<d.y {
                for i in 0..<d.x {
                    let label = Int(labels[at])
                    at += 1
                    if label == 0 { continue }
                    let voxel = SIMD3(i, j, k)
                    counts[label - 1] += 1
                    sums[label - 1] &+= voxel
                    lows[label - 1] = pointwiseMin(lows[label - 1], voxel)
                    highs[label - 1] = pointwiseMax(highs[label - 1], voxel)
                }
            }
        }
        return numbers.indices.map { index in
            Lesion(
                number: numbers[index], voxelCount: counts[index],
                centre: SIMD3<Double>(sums[index]) / Double(counts[index]), low: lows[index], high: highs[index])
        }
    }

    /// Whether a voxel belongs to the lesion at a position.
    func contains(_ voxel: SIMD3<Int>, lesion: Int) -> Bool {
        labels[geometry.offset(voxel.x, voxel.y, voxel.z)] == Int32(lesion + 1)
    }
}
