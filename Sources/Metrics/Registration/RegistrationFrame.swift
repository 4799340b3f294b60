import Imaging

/// The part of a grid around a mask, with axes that run towards R, A and S as closely as voxels allow.
///
/// Storage order and flips of a file therefore do not reach the registration: the 48 ways to store an image give one frame.
struct RegistrationFrame: Sendable {
    /// The part as a grid of its own.
    let geometry: Geometry
    /// Offset of its first voxel in the source, and the source's steps along its axes.
    private let start: Int
    private let steps: SIMD3<Int>
    /// World direction of each axis.
    let directions: [SIMD3<Double>]

    var size: [Int64] { (0..<3).map { Int64(geometry.dimensions[$0]) } }
    var spacing: [Double] { (0..<3).map { geometry.spacingMM[$0] } }
    var count: Int { geometry.voxelCount }

    /// The box of the mask with a margin, cut at the border of the image; nil when the mask is empty.
    init?(around mask: Mask, marginMM: Double) {
        guard let box = RegistrationFrame.box(of: mask) else { return nil }
        let source = mask.geometry
        let axes = source.voxelAxisOfWorldAxis
        let strides = [1, source.dimensions.x, source.dimensions.x * source.dimensions.y]
        var corner = SIMD3<Int>(0, 0, 0)
        var size = SIMD3<Int>(0, 0, 0)
        var steps = SIMD3<Int>(0, 0, 0)
        var columns: [SIMD3<Double>] = []
        for world in 0..<3 {
            let axis = axes[world]
            let margin = Int((marginMM / source.spacingMM[axis]).rounded(.up))
            let low = max(0, box.lower[axis] - margin)
            let high = min(source.dimensions[axis] - 1, box.upper[axis] + margin)
            let forward = source.affine.column(axis)[world] >= 0
            corner[axis] = forward ? low : high
            size[world] = high - low + 1
            steps[world] = forward ? strides[axis] : -strides[axis]
            columns.append(forward ? source.affine.column(axis) : -source.affine.column(axis))
        }
        let origin = source.world(SIMD3<Double>(corner))
        func row(_ r: Int) -> SIMD4<Double> { SIMD4(columns[0][r], columns[1][r], columns[2][r], origin[r]) }
        guard let geometry = try? Geometry(dimensions: size, affine: Affine(row(0), row(1), row(2))) else { return nil }
        self.geometry = geometry
        self.steps = steps
        start = source.offset(corner.x, corner.y, corner.z)
        directions = columns.map { $0 / length($0) }
    }

    private static func box(of mask: Mask) -> (lower: SIMD3<Int>, upper: SIMD3<Int>)? {
        let d = mask.geometry.dimensions
        var lower = d
        var upper = SIMD3<Int>(-1, -1, -1)
        mask.voxels.withUnsafeBufferPointer { voxels in
            for k in 0..<d.z {
                for j in 0..<d.y {
                    let row = voxels[d.x * (j + d.y * k)..<d.x * (j + d.y * k + 1)]
                    guard let first = row.firstIndex(where: { $0 != 0 }),
                        let last = row.lastIndex(where: { $0 != 0 })
                    else { continue }
                    let base = row.startIndex
                    lower = SIMD3(min(lower.x, first - base), min(lower.y, j), min(lower.z, k))
                    upper = SIMD3(max(upper.x, last - base), max(upper.y, j), max(upper.z, k))
                }
            }
        }
        return upper.x < 0 ? nil : (lower, upper)
    }

    /// The values of the source within the frame, first axis fastest.
    func cut<Scalar>(_ voxels: [Scalar]) -> [Scalar] {
        let d = geometry.dimensions
        return voxels.withUnsafeBufferPointer { source in
            [Scalar](unsafeUninitializedCapacity: count) { target, filled in
                var at = 0
                for k in 0..<d.z {
                    for j in 0..<d.y {
                        var from = start + k * steps.z + j * steps.y
                        for _ in 0..<d.x {
                            target.initializeElement(at: at, to: source[from])
                            at += 1
                            from += steps.x
                        }
                    }
                }
                filled = at
            }
        }
    }

    /// Writes values of the frame to their places in an array of the source.
    func scatter<Scalar>(_ values: [Scalar], into voxels: inout [Scalar]) {
        let d = geometry.dimensions
        voxels.withUnsafeMutableBufferPointer { target in
            values.withUnsafeBufferPointer { source in
                var at = 0
                for k in 0..<d.z {
                    for j in 0..<d.y {
                        var to = start + k * steps.z + j * steps.y
                        for _ in 0..<d.x {
                            target[to] = source[at]
                            at += 1
                            to += steps.x
                        }
                    }
                }
            }
        }
    }

    /// A displacement along the axes of the frame, in mm, as a field in RAS mm.
    func field(_ u: AxisDisplacement) throws(GeometryError) -> DisplacementField {
        func component(_ world: Int) -> [Float] {
            let a = Float(directions[0][world])
            let b = Float(directions[1][world])
            let c = Float(directions[2][world])
            return [Float](unsafeUninitializedCapacity: count) { target, filled in
                for at in 0..<count { target.initializeElement(at: at, to: a * u.x[at] + b * u.y[at] + c * u.z[at]) }
                filled = count
            }
        }
        return try DisplacementField(
            geometry: geometry, components: (component(0), component(1), component(2)), frame: .ras)
    }
}

/// A displacement along the axes of a frame, in mm.
struct AxisDisplacement {
    var x: [Float]
    var y: [Float]
    var z: [Float]

    init(zeros count: Int) {
        x = [Float](repeating: 0, count: count)
        y = x
        z = x
    }
}
