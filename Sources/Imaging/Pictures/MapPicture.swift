/// A map of magnitudes, such as a displacement or its error, as colours on one slice.
public enum MapPicture {
    /// Renders the coronal slice of a map.
    ///
    /// - Parameters:
    ///   - map: Magnitude per voxel; NaN is not shown.
    ///   - unit: Its unit, normally `mm`.
    ///   - upper: Value of the last colour; nil: the largest value of the slice, at least 1.
    ///   - region: What is shown, and what the picture is cut to with a margin of 5 mm; nil: everything.
    ///   - index: Slice along the axis of coronal slices; nil: the one with the largest sum.
    ///   - detail: Caption; the place of the slice is added.
    ///   - longestSide: Pixels of the longer side.
    /// - Throws: `ImagingError.cannotWrite` when libpng refuses.
    public static func coronal(
        _ map: Volume<Float>, unit: String = "mm", upper: Double? = nil, region: Mask? = nil, index: Int? = nil,
        detail: String, longestSide: Int = 384
    ) throws(ImagingError) -> CasePicture {
        let geometry = map.geometry
        var shown = map
        if let region, region.geometry.dimensions == geometry.dimensions {
            for offset in shown.voxels.indices where region.voxels[offset] == 0 { shown.voxels[offset] = .nan }
        }
        let crop = region.map { SliceView.Crop.around($0, marginMM: 5) } ?? .all(geometry)
        let view = SliceView(
            geometry, plane: .coronal, index: index ?? sliceOfLargestSum(shown), crop: crop, longestSide: longestSide)
        let values = SliceSampler(shown, view: view).values()
        let largest = values.reduce(0.0) { $1.isFinite ? max($0, Double($1)) : $0 }
        let end = upper ?? max(1, largest)
        var canvas = PictureCanvas(width: view.width, height: view.height)
        canvas.paintRamp(values, upper: end)
        if let region {
            canvas.outline(
                SliceSampler(region.map { $0 == 0 ? 0 : 1 }, view: view).values(), colour: PictureColours.liver)
        }
        return CasePicture(
            content: .deformation, plane: .coronal, detail: "\(detail); \(view.place)", scaleLower: 0,
            scaleUpper: end, unit: unit, width: view.width, height: view.height, pixelMM: view.pixelMM,
            png: try canvas.encoded())
    }

    /// The slice with the largest sum: a few voxels at the tip of an organ would tell little, however large their value.
    private static func sliceOfLargestSum(_ map: Volume<Float>) -> Int {
        let axis = map.geometry.sliceAxis(of: .coronal)
        let d = map.geometry.dimensions
        var sums = [Double](repeating: 0, count: d[axis])
        var offset = 0
        for k in 0..<d.z {
            for j in 0..<d.y {
                for i in 0..<d.x {
                    let value = map.voxels[offset]
                    if value.isFinite { sums[axis == 0 ? i : axis == 1 ? j : k] += Double(value) }
                    offset += 1
                }
            }
        }
        guard let largest = sums.max(), largest > 0 else { return d[axis] / 2 }
        return sums.firstIndex(of: largest) ?? d[axis] / 2
    }
}
