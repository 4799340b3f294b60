import Imaging
import Metrics

extension Evaluation {
    /// Overlaps and surface distances of liver, lesions (all together) and vessels.
    mutating func measureSurfaces() throws(EvaluationError) {
        guard settings.wantsAny(of: .surfaceDistance) else { return }
        if let reference = inputs.liver, let generated = inputs.generatedLiver {
            try measureSurfaces(generated, reference, structure: "liver")
        }
        if let reference = inputs.lesions, let generated = inputs.generatedLesions {
            try measureSurfaces(
                generated.map { $0 == 0 ? 0 : 1 }, reference.map { $0 == 0 ? 0 : 1 }, structure: "lesions")
        }
        if let reference = inputs.vessels, let generated = inputs.generatedVessels {
            try measureSurfaces(generated, reference, structure: "vessels")
        }
    }

    private mutating func measureSurfaces(
        _ generated: Mask, _ reference: Mask, structure: String
    ) throws(EvaluationError) {
        var wanted = settings.wanted(.surfaceDistance) ?? Set(MetricCatalog.surfaceDistance.map(\.id))
        wanted = wanted.filter { MetricFamily.isMeasured($0, on: structure) }
        guard !wanted.isEmpty else { return }
        do throws(MetricError) {
            let measurements = try SurfaceDistance.measure(
                generated: generated, reference: reference, structure: structure,
                nsdToleranceMM: settings.nsdToleranceMM, metrics: wanted, worstCaseMM: worstCaseMM,
                threads: settings.threads)
            add(measurements, naming: methods(of: structure))
        } catch { throw .parameter(error) }
    }

    /// Lesions found, missed and invented, and the boundary of each.
    mutating func measureLesions() throws(EvaluationError) {
        guard let reference = inputs.lesions, let generated = inputs.generatedLesions else { return }
        let detection = settings.wanted(.lesionDetection)
        let surface = settings.wanted(.surfaceDistance)
        guard settings.wantsAny(of: .lesionDetection) || settings.wantsAny(of: .surfaceDistance) else { return }
        let metrics: Set<String>? = settings.metrics == nil ? nil : (detection ?? []).union(surface ?? [])
        do throws(MetricError) {
            let measurements = try LesionDetection.measure(
                generated: generated, reference: reference, separation: settings.lesionSeparation,
                nsdToleranceMM: settings.nsdToleranceMM, metrics: metrics, worstCaseMM: worstCaseMM,
                threads: settings.threads)
            add(measurements, naming: segmentation)
        } catch { throw .parameter(error) }
    }

    /// Continuity of the vessel tree, accuracy of its branches, and their companions.
    mutating func measureVessels() throws(EvaluationError) {
        guard let reference = inputs.vessels, let generated = inputs.generatedVessels,
            settings.wantsAny(of: .vesselTopology)
        else { return }
        do throws(MetricError) {
            let topology = try VesselTopology.measure(
                generated: generated, reference: reference, parameters: settings.vessels,
                metrics: settings.wanted(.vesselTopology), threads: settings.threads)
            add(topology.measurements, naming: methods(of: "vessels"))
            result.vesselDrawing = topology.drawing
        } catch { throw .parameter(error) }
    }
}
