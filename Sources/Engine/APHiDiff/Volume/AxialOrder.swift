import Imaging

/// A volume's axes in the order that scanners store: i towards the left, j towards the back, k towards the head.
///
/// Found from the affine; nothing is resampled, an oblique grid keeps its slices.
struct AxialOrder: Sendable {
    /// Voxels along k, j, i.
    let size: [Int]
    /// Voxel edges along k, j, i, in mm.
    let spacingMM: [Double]
    /// Step in memory along k, j, i; negative where the volume runs the other way.
    let step: [Int]
    /// Position in memory of voxel (0, 0, 0).
    let origin: Int

    init(_ geometry: Geometry) {
        let dimensions = geometry.dimensions
        let strides = [1, dimensions.x, dimensions.x * dimensions.y]
        let axisOfWorld = geometry.voxelAxisOfWorldAxis
        var size: [Int] = []
        var spacing: [Double] = []
        var step: [Int] = []
        var origin = 0
        // Head is +S; back is -A; left is -R.
        for (world, isPositive) in [(2, true), (1, false), (0, false)] {
            let axis = axisOfWorld[world]
            let runsAlong = (geometry.affine.column(axis)[world] >= 0) == isPositive
            size.append(dimensions[axis])
            spacing.append(geometry.spacingMM[axis])
            step.append(runsAlong ? strides[axis] : -strides[axis])
            if !runsAlong { origin += (dimensions[axis] - 1) * strides[axis] }
        }
        self.size = size
        self.spacingMM = spacing
        self.step = step
        self.origin = origin
    }

    /// Number of axial slices.
    var slices: Int { size[0] }
    /// Pixels of a slice.
    var pixels: Int { size[1] * size[2] }

    /// Copies slice `k` out of a volume, rows from front to back.
    func read<Scalar>(_ k: Int, of volume: UnsafePointer<Scalar>, into plane: UnsafeMutablePointer<Scalar>) {
        for j in 0..<size[1] {
            let row = volume + origin + k * step[0] + j * step[1]
            for i in 0..<size[2] { plane[j * size[2] + i] = row[i * step[2]] }
        }
    }

    /// Copies a slice back.
    func write<Scalar>(_ plane: UnsafePointer<Scalar>, to k: Int, of volume: UnsafeMutablePointer<Scalar>) {
        for j in 0..<size[1] {
            let row = volume + origin + k * step[0] + j * step[1]
            for i in 0..<size[2] { row[i * step[2]] = plane[j * size[2] + i] }
        }
    }
}

/// How a slice lies on the square frame of the network: same centre, the frame as wide as the slice's longer side.
struct FrameFit: Sendable {
    private let rows, columns: Int
    private let frame: FrameSize
    /// Edge of a frame pixel, in mm.
    let pixelMM: Double
    /// Frame rows and columns for one of the slice.
    private let rate: [Double]

    init(_ order: AxialOrder, frame: FrameSize) {
        rows = order.size[1]
        columns = order.size[2]
        self.frame = frame
        let fields = [Double(rows) * order.spacingMM[1], Double(columns) * order.spacingMM[2]]
        pixelMM = max(fields[0] / Double(frame.height), fields[1] / Double(frame.width))
        rate = [order.spacingMM[1] / pixelMM, order.spacingMM[2] / pixelMM]
    }

    /// Whether slice and frame have the same pixels.
    var isIdentity: Bool {
        rows == frame.height && columns == frame.width && abs(rate[0] - 1) < 1e-6 && abs(rate[1] - 1) < 1e-6
    }

    /// Step and origin, in slice pixels, of the frame's pixels.
    var fromSlice: (step: [Double], origin: [Double]) {
        let step = rate.map { 1 / $0 }
        return (
            step,
            [
                Double(rows - 1) / 2 - Double(frame.height - 1) / 2 * step[0],
                Double(columns - 1) / 2 - Double(frame.width - 1) / 2 * step[1],
            ]
        )
    }

    /// Step and origin of the slice's pixels on the frame, in pixels of a map that holds every n-th row and column of the frame, the first
    /// included: so are the labels taken that the anatomy head learns from.
    func fromFrame(every n: Int = 1) -> (step: [Double], origin: [Double]) {
        let n = Double(n)
        return (
            rate.map { $0 / n },
            [
                (Double(frame.height - 1) / 2 - Double(rows - 1) / 2 * rate[0]) / n,
                (Double(frame.width - 1) / 2 - Double(columns - 1) / 2 * rate[1]) / n,
            ]
        )
    }
}
