/// A slice as it is shown: which voxels lie under which pixels.
///
/// Radiological orientation, found from the affine: the patient's right is on the left of axial and coronal pictures,
/// anterior on top of axial and on the left of sagittal ones, superior on top of the others. Pixels are square in mm.
struct SliceView {
    let geometry: Geometry
    let plane: AnatomicalPlane
    /// Slice number along the voxel axis that is stacked.
    let index: Int
    let pixelMM: Double
    let width: Int
    let height: Int
    private let sliceAxis: Int
    private let column: Direction
    private let row: Direction

    /// A voxel axis with the sense in which it is shown, and where the picture starts on it.
    private struct Direction {
        var axis: Int
        var sign: Double
        var start: Double
        var voxelsPerPixel: Double
    }

    /// Range of voxel indices that is shown, along i, j, k.
    struct Crop {
        var lower: SIMD3<Int>
        var upper: SIMD3<Int>

        static func all(_ geometry: Geometry) -> Crop { Crop(lower: .zero, upper: geometry.dimensions &- 1) }

        /// The box around the non-zero voxels with a margin, or everything when there is none.
        static func around(_ mask: Mask, marginMM: Double) -> Crop {
            let geometry = mask.geometry
            let d = geometry.dimensions
            var lower = d
            var upper = SIMD3(-1, -1, -1)
            var offset = 0
            for k in 0..<d.z {
                for j in 0..<d.y {
                    for i in 0..<d.x {
                        if mask.voxels[offset] != 0 {
                            lower = pointwiseMin(lower, SIMD3(i, j, k))
                            upper = pointwiseMax(upper, SIMD3(i, j, k))
                        }
                        offset += 1
                    }
                }
            }
            guard upper.x >= 0 else { return all(geometry) }
            for axis in 0..<3 {
                let margin = Int((marginMM / geometry.spacingMM[axis]).rounded(.up))
                lower[axis] = max(0, lower[axis] - margin)
                upper[axis] = min(d[axis] - 1, upper[axis] + margin)
            }
            return Crop(lower: lower, upper: upper)
        }
    }

    /// Makes a view whose longer side has about `longestSide` pixels, but none smaller than half a voxel.
    init(_ geometry: Geometry, plane: AnatomicalPlane, index: Int, crop: Crop, longestSide: Int) {
        self.geometry = geometry
        self.plane = plane
        sliceAxis = geometry.sliceAxis(of: plane)
        self.index = max(0, min(geometry.dimensions[sliceAxis] - 1, index))
        let axes = geometry.voxelAxisOfWorldAxis
        let spacing = geometry.spacingMM
        let worldColumn = plane == .sagittal ? 1 : 0
        let worldRow = plane == .axial ? 1 : 2
        let columnAxis = axes[worldColumn]
        let rowAxis = axes[worldRow]
        let widthMM = Double(crop.upper[columnAxis] - crop.lower[columnAxis] + 1) * spacing[columnAxis]
        let heightMM = Double(crop.upper[rowAxis] - crop.lower[rowAxis] + 1) * spacing[rowAxis]
        let finest = min(spacing[columnAxis], spacing[rowAxis]) / 2
        let pixel = max(max(widthMM, heightMM) / Double(max(8, longestSide)), finest)
        pixelMM = pixel
        width = max(1, Int((widthMM / pixel).rounded()))
        height = max(1, Int((heightMM / pixel).rounded()))
        // Both axes are shown in the sense of falling world coordinates: to the left, backwards, downwards.
        func direction(_ axis: Int, _ world: Int, _ extentMM: Double, _ pixels: Int) -> Direction {
            let sign: Double = geometry.affine.column(axis)[world] >= 0 ? -1 : 1
            let edge = sign > 0 ? Double(crop.lower[axis]) - 0.5 : Double(crop.upper[axis]) + 0.5
            return Direction(
                axis: axis, sign: sign, start: edge,
                voxelsPerPixel: extentMM / Double(pixels) / spacing[axis])
        }
        column = direction(columnAxis, worldColumn, widthMM, width)
        row = direction(rowAxis, worldRow, heightMM, height)
    }

    /// Fractional voxel index under a position in the picture; pixel (0, 0) has its centre at (0.5, 0.5).
    func voxel(x: Double, y: Double) -> SIMD3<Double> {
        var result = SIMD3<Double>.zero
        result[sliceAxis] = Double(index)
        result[column.axis] = column.start + column.sign * x * column.voxelsPerPixel
        result[row.axis] = row.start + row.sign * y * row.voxelsPerPixel
        return result
    }

    /// Position in the picture of a world position in mm, projected along the slices.
    func pixel(worldMM: SIMD3<Double>) -> (x: Double, y: Double) {
        let voxel = geometry.index(worldMM)
        return (
            (voxel[column.axis] - column.start) * column.sign / column.voxelsPerPixel,
            (voxel[row.axis] - row.start) * row.sign / row.voxelsPerPixel
        )
    }

    /// Row of the picture where the slices of another plane with this index are seen edge-on, if they run along rows.
    func row(ofSlice other: Int, in plane: AnatomicalPlane) -> Double? {
        guard geometry.sliceAxis(of: plane) == row.axis else { return nil }
        return (Double(other) - row.start) * row.sign / row.voxelsPerPixel
    }

    /// Where the slice lies, in words.
    var place: String {
        let centre = geometry.world(voxel(x: Double(width) / 2, y: Double(height) / 2))
        let mm = centre[plane.normalWorldAxis]
        let tenths = (mm * 10).rounded() / 10
        let letter = ["R", "A", "S"][plane.normalWorldAxis]
        let obliquity = geometry.obliquityDegrees(of: plane).rounded()
        let oblique = obliquity >= 1 ? ", acquired \(Int(obliquity))° oblique" : ""
        return "slice \(index + 1) of \(geometry.dimensions[sliceAxis]), \(letter) = \(tenths) mm\(oblique)"
    }
}
