import Imaging
import Metrics

extension Evaluation {
    /// Deformation by landmarks (mode L), by a known field (mode D), or by the images alone (mode I); each row names its mode.
    mutating func measureDeformation() throws(EvaluationError) {
        guard settings.wantsAny(of: .deformation) else { return }
        do throws(DeformationError) {
            try measureLandmarks()
            try measureField()
            try measureRegistration()
        } catch { throw .deformation(error) }
    }

    private mutating func measureLandmarks() throws(DeformationError) {
        guard let reference = inputs.landmarks, let generated = inputs.generatedLandmarks else { return }
        let measurements = try Deformation.measureLandmarks(
            generated: generated, reference: reference, plane: settings.coronalPlane, geometry: inputs.geometry)
        addDeformation(measurements)
    }

    private mutating func measureField() throws(DeformationError) {
        guard let known = inputs.displacement, let estimated = inputs.estimatedDisplacement else { return }
        let structure: String
        let mask: Mask
        if let region = inputs.region {
            (mask, structure) = (region, "mask")
        } else if let liver = inputs.liver {
            (mask, structure) = (liver, "liver")
        } else {
            // Without a mask the whole grid is the region, and the row says so.
            (mask, structure) = (Mask(geometry: known.geometry, repeating: 1), "volume")
        }
        let measurements = try Deformation.measureField(
            estimated: estimated, known: known, mask: mask, structure: structure, plane: settings.coronalPlane)
        if settings.keepsMaps {
            result.deformationMap = try DeformationMap(
                errorOf: estimated, against: known, in: mask, plane: settings.coronalPlane)
        }
        addDeformation(measurements)
    }

    /// Images alone, where no field is known: a field that is known needs no registration.
    private mutating func measureRegistration() throws(DeformationError) {
        guard var registration = settings.imageDeformation, let reference = inputs.reference,
            let generated = inputs.generated, let mask = inputs.liver ?? inputs.region,
            inputs.displacement == nil || inputs.estimatedDisplacement == nil
        else { return }
        registration.threads = settings.threads
        let found = try Deformation.measureImages(
            generated: generated, reference: reference, liver: mask, structure: inputs.liver == nil ? "mask" : "liver",
            plane: settings.coronalPlane, settings: registration)
        if settings.keepsMaps { result.deformationMap = found.map }
        addDeformation(found.measurements)
    }

    private mutating func addDeformation(_ measurements: [Measurement]) {
        guard let wanted = settings.wanted(.deformation) else { return add(measurements) }
        add(measurements.filter { wanted.contains($0.metric) })
    }
}
