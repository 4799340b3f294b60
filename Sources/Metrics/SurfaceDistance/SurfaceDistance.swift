internal import CKernels
public import Imaging

/// Distances between the surfaces of two masks, and the overlaps that are read beside them.
///
/// The surface of a mask is its voxels with a face neighbour outside it; outside of the image counts as outside.
/// Distances are exact Euclidean distances between voxel centres in mm. Forms named `surfel` and the headline `nsd` use
/// surface elements instead: corners between unlike voxels, weighted by the area of the surface around them (Nikolov et
/// al. 2021, doi:10.2196/26151).
public enum SurfaceDistance {
    /// Measures overlaps and surface distances of a pair of masks in one pass.
    ///
    /// - Parameters:
    ///   - generated: Mask of the generated image; non-zero is inside.
    ///   - reference: Mask of the truth, on the same grid.
    ///   - structure: Name of what the masks show, for the result.
    ///   - nsdToleranceMM: Distance, in mm, up to which surfaces agree in the normalised surface distance.
    ///   - metrics: Identifiers to measure; nil: all of the family.
    ///   - worstCaseMM: Distance, in mm, that a sensitivity analysis takes where one mask is empty (the diagonal of the
    ///     union of the liver's boxes); nil: none.
    ///   - threads: Threads to use; the result does not depend on it.
    /// - Returns: One measurement per metric, in the order of the catalogue. Exactly one empty mask is a total miss:
    ///   overlaps are 0 and distances are not computed. Both empty is a true negative: nothing is computed.
    /// - Throws: `MetricError.gridMismatch`, or `.invalidParameter` for a tolerance that is not positive.
    public static func measure(
        generated: Mask, reference: Mask, structure: String, nsdToleranceMM: Double, metrics: Set<String>? = nil,
        worstCaseMM: Double? = nil, threads: Int = 1
    ) throws(MetricError) -> [Measurement] {
        try reference.geometry.requireForMetric(sameAs: generated.geometry)
        guard nsdToleranceMM > 0, nsdToleranceMM.isFinite else {
            throw .invalidParameter(name: "nsd_tolerance_mm", problem: "\(nsdToleranceMM) is not a positive distance")
        }
        let wanted = { (id: String) in metrics?.contains(id) ?? true }
        var parts: Int32 = 0
        if ["hausdorff", "hausdorff_95", "hausdorff_95:pooled", "assd", "nsd:voxel"].contains(where: wanted) {
            parts |= Int32(CK_SURFACE_VOXELS)
        }
        if ["hausdorff_95:surfel", "assd:surfel", "nsd"].contains(where: wanted) {
            parts |= Int32(CK_SURFACE_SURFELS)
        }
        let result = kernel(generated, reference, toleranceMM: nsdToleranceMM, parts: parts, threads: threads)
        let panel = SurfacePanel(
            result: result, structure: structure, toleranceMM: nsdToleranceMM, worstCaseMM: worstCaseMM,
            voxelVolumeMM3: reference.geometry.voxelVolumeMM3)
        return panel.measurements.filter { wanted($0.metric) }
    }

    private static func kernel(
        _ generated: Mask, _ reference: Mask, toleranceMM: Double, parts: Int32, threads: Int
    ) -> ck_surface_result_t {
        let d = reference.geometry.dimensions
        let s = reference.geometry.spacingMM
        let spacing = [s.x, s.y, s.z]
        var result = ck_surface_result_t()
        let status = ck_surface(
            generated.voxels, reference.voxels, Int64(d.x), Int64(d.y), Int64(d.z), spacing, toleranceMM, parts,
            Int32(threads), &result)
        precondition(status == 0, "out of memory")
        return result
    }
}
