public import Imaging

/// Coronal deformation error: how far generated anatomy lies from where it should be, seen from the front.
///
/// Three modes, never mixed: landmarks that observers marked, a dense field that is known, and images alone
/// (registration `plk3d/1`). Every measurement names its mode.
public enum Deformation {
    /// Errors of landmark pairs (mode L), per phase and pooled.
    ///
    /// - Parameters:
    ///   - generated: Landmarks in the generated images, RAS mm.
    ///   - reference: Landmarks in the reference images, RAS mm; partners share name, phase and observer.
    ///   - plane: The acquired plane needs `geometry`.
    ///   - geometry: Grid of the reference image, when it is known.
    /// - Throws: `DeformationError` for landmarks without a partner, listed twice, or an oblique acquisition.
    public static func measureLandmarks(
        generated: [Landmark], reference: [Landmark], plane: CoronalPlane = .patient, geometry: Geometry? = nil
    ) throws(DeformationError) -> [Measurement] {
        var projection = DisplacementProjection()
        if let geometry { projection = try DisplacementProjection(plane: plane, geometry: geometry) }
        let errors = try LandmarkError.paired(generated: generated, reference: reference)
        let context = DeformationContext(mode: .landmarks, plane: plane, projection: projection)
        var measurements = context.errorPanel(
            structure: "landmarks", vectors: errors.map(\.error), minimumForP95: 10)
        measurements.append(
            context.measurement(
                "coronal_deformation_interobserver", structure: "landmarks",
                LandmarkError.interObserverMM(errors, projection: projection).map { MetricValue(finite: $0) }
                    ?? .notComputed(.inputMissing)))
        var phases: [String] = []
        for case let phase? in errors.map(\.phase) where !phases.contains(phase) { phases.append(phase) }
        for phase in phases {
            measurements += context.errorPanel(
                structure: "landmarks:\(phase)", vectors: errors.filter { $0.phase == phase }.map(\.error),
                minimumForP95: 10)
        }
        return measurements
    }

    /// Errors of an estimated against a known displacement field inside a mask (mode D).
    ///
    /// - Parameters:
    ///   - estimated: Field to be judged; its Jacobian is reported.
    ///   - known: The field that is true.
    ///   - mask: Where to evaluate, voxel centres, non-zero inside.
    ///   - structure: Name of the mask in the measurements.
    ///   - plane: Which plane is coronal.
    /// - Throws: `DeformationError` when grids differ or the acquired plane is not coronal.
    public static func measureField(
        estimated: DisplacementField, known: DisplacementField, mask: Mask, structure: String = "liver",
        plane: CoronalPlane = .patient
    ) throws(DeformationError) -> [Measurement] {
        let projection = try DisplacementProjection(plane: plane, geometry: mask.geometry)
        do throws(GeometryError) {
            try mask.geometry.requireSameGrid(as: estimated.geometry, toleranceMM: 0.01)
            try mask.geometry.requireSameGrid(as: known.geometry, toleranceMM: 0.01)
        } catch { throw .geometry(error) }
        let context = DeformationContext(mode: .field, plane: plane, projection: projection)
        let offsets = mask.voxels.indices.filter { mask.voxels[$0] != 0 }
        let vectors = offsets.map { estimated[offset: $0] - known[offset: $0] }
        return context.errorPanel(
            structure: structure, vectors: vectors,
            tables: { [APBins(offsets: offsets, vectors: vectors, geometry: mask.geometry, $0).table] })
            + context.jacobianPanel(structure: structure, field: estimated, mask: mask)
    }
}
