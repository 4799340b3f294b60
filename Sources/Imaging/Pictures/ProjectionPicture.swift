/// Lines in space drawn over a coronal projection of an image, such as the two vessel trees of a case.
public enum ProjectionPicture {
    /// A line in space.
    public struct Line: Sendable {
        /// Its points in order, in world mm (RAS+); a single point becomes a dot.
        public var pointsMM: [SIMD3<Double>]
        /// Its colour and dash.
        public var style: TreeLineStyle
        /// Its width, in mm; drawn at least one and a half pixels wide.
        public var widthMM: Double

        /// Makes a line.
        public init(pointsMM: [SIMD3<Double>], style: TreeLineStyle, widthMM: Double) {
            self.pointsMM = pointsMM
            self.style = style
            self.widthMM = widthMM
        }
    }

    /// Renders lines over the mean of the image along the anterior–posterior axis, darkened so that lines stand out.
    ///
    /// - Parameters:
    ///   - lines: Drawn in order, later ones on top.
    ///   - background: Image that gives the grid and the greys.
    ///   - region: Projected voxels, and what the picture is cut to with a margin of 10 mm; nil: everything.
    ///   - detail: Caption.
    ///   - longestSide: Pixels of the longer side.
    /// - Throws: `ImagingError.cannotWrite` when libpng refuses.
    public static func render(
        lines: [Line], background: Volume<Float>, region: Mask?, detail: String, longestSide: Int = 480
    ) throws(ImagingError) -> CasePicture {
        let geometry = background.geometry
        let fitting = region.flatMap { $0.geometry.dimensions == geometry.dimensions ? $0 : nil }
        let crop = fitting.map { SliceView.Crop.around($0, marginMM: 10) } ?? .all(geometry)
        let projected = projection(of: background, region: fitting)
        let view = SliceView(
            projected.geometry, plane: .coronal, index: 0, crop: clamp(crop, to: projected.geometry),
            longestSide: longestSide)
        var canvas = PictureCanvas(width: view.width, height: view.height)
        let window = PictureWindow.percentiles(of: projected)
        // The brightest grey of the ground is dark grey: lines carry the message.
        canvas.paint(
            SliceSampler(projected, view: view).values(),
            window: PictureWindow(
                lower: window.lower, upper: window.lower + 2.2 * (window.upper - window.lower), unit: window.unit))
        for line in lines {
            canvas.polyline(
                line.pointsMM.map { view.pixel(worldMM: $0) }, width: max(1.5, line.widthMM / view.pixelMM),
                dash: line.style.dash, colour: line.style.colour)
        }
        return CasePicture(
            content: .vesselGraph, plane: .coronal, detail: detail, scaleLower: window.lower,
            scaleUpper: window.upper, unit: window.unit, width: view.width, height: view.height,
            pixelMM: view.pixelMM, png: try canvas.encoded())
    }

    /// Mean along the coronal slice axis over the region, as a volume with one slice there; NaN where there is none.
    private static func projection(of volume: Volume<Float>, region: Mask?) -> Volume<Float> {
        let geometry = volume.geometry
        let axis = geometry.sliceAxis(of: .coronal)
        var flat = geometry.dimensions
        flat[axis] = 1
        guard let plane = try? Geometry(dimensions: flat, affine: geometry.affine) else { return volume }
        var sums = [Double](repeating: 0, count: plane.voxelCount)
        var counts = [Double](repeating: 0, count: plane.voxelCount)
        let d = geometry.dimensions
        var steps = SIMD3(1, flat.x, flat.x * flat.y)
        steps[axis] = 0
        var offset = 0
        for k in 0..<d.z {
            for j in 0..<d.y {
                var target = k * steps.z + j * steps.y
                for _ in 0..<d.x {
                    let value = volume.voxels[offset]
                    if value.isFinite, region == nil || region?.voxels[offset] != 0 {
                        sums[target] += Double(value)
                        counts[target] += 1
                    }
                    offset += 1
                    target += steps.x
                }
            }
        }
        return Volume(sameGridAs: plane, voxels: zip(sums, counts).map { $1 > 0 ? Float($0 / $1) : .nan })
    }

    private static func clamp(_ crop: SliceView.Crop, to geometry: Geometry) -> SliceView.Crop {
        SliceView.Crop(
            lower: pointwiseMin(crop.lower, geometry.dimensions &- 1),
            upper: pointwiseMin(crop.upper, geometry.dimensions &- 1))
    }
}
