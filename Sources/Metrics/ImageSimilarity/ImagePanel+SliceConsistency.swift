import Imaging

extension ImagePanel {
    /// How much the image changes from slice to slice, against how much the truth does.
    ///
    /// Mean absolute difference of neighbouring voxels across the slices, generated over reference, over the pairs of
    /// voxels that both lie in the region: the flicker that coronal and sagittal reformats of a slice-wise generated
    /// volume show. 1 is as in the truth; above 1 the slices jump, below 1 they are smeared.
    mutating func measureSliceConsistency(_ refusal: NotComputedReason?) {
        guard wanted("slice_consistency") else { return }
        let axis = pair.geometry.sliceAxis(of: plane)
        let parameters = [MetricParameter("plane", .text(plane.rawValue))]
        guard refusal == nil else {
            add("slice_consistency", .notComputed(refusal ?? .emptyRegion), unit: "1", parameters)
            return
        }
        let d = pair.geometry.dimensions
        let step = [1, d.x, d.x * d.y][axis]
        let outer = d.x * d.y * d.z / (step * d[axis])
        var generated = 0.0
        var reference = 0.0
        var count = 0
        pair.withVoxels { x, y, region in
            for block in 0..<outer {
                for slice in 0..<d[axis] - 1 {
                    // One partial sum per row keeps the rounding small and the order fixed.
                    var rowGenerated = 0.0
                    var rowReference = 0.0
                    let start = (block * d[axis] + slice) * step
                    for at in start..<start + step {
                        if let region, region[at] == 0 || region[at + step] == 0 { continue }
                        rowGenerated += abs(Double(x[at + step]) - Double(x[at]))
                        rowReference += abs(Double(y[at + step]) - Double(y[at]))
                        count += 1
                    }
                    generated += rowGenerated
                    reference += rowReference
                }
            }
        }
        let value: MetricValue
        if count == 0 {
            value = .notComputed(.emptyRegion)
        } else if reference == 0 {
            value = .notComputed(.zeroVariance)
        } else {
            value = MetricValue(finite: generated / reference)
        }
        add("slice_consistency", value, unit: "1", parameters + [MetricParameter("voxel_pairs", .integer(count))])
    }
}
