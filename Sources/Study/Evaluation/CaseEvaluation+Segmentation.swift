import Imaging
import Metrics

extension Evaluation {
    /// Finds vessels in truth and generated image by one method where the mask of either is missing.
    ///
    /// Thresholds come from the truth. A mask of the truth that a person drew is then not compared with one that a method
    /// made; how far the method agrees with it is printed beside every value.
    mutating func segmentVessels() throws(EvaluationError) {
        guard let settings = self.settings.vesselSegmentation,
            inputs.vessels == nil || inputs.generatedVessels == nil,
            let reference = inputs.reference, let generated = inputs.generated, let liver = inputs.liver,
            self.settings.wantsAny(of: .vesselTopology) || self.settings.wantsAny(of: .surfaceDistance)
        else { return }
        do throws(VesselSegmentationError) {
            let segmentation = try VesselSegmentation(
                truth: reference, liver: liver, settings: settings, threads: self.settings.threads)
            let known = inputs.vessels
            let found = try segmentation.mask(of: reference)
            inputs.generatedVessels = try segmentation.mask(of: generated)
            inputs.vessels = found
            vesselMethod = segmentation.parameters + agreement(of: found, with: known)
        } catch {
            guard let reason = error.reason else {
                throw .parameter(.invalidParameter(name: "segmentation", problem: error.description))
            }
            inputs.vessels = nil
            inputs.generatedVessels = nil
            addVesselRows(reason, settings)
        }
    }

    /// The method behind the masks of a structure, as parameters of its measurements.
    func methods(of structure: String) -> [MetricParameter] {
        switch structure {
        case "liver": []
        case "vessels": vesselMethod ?? segmentation
        default: segmentation
        }
    }

    /// Overlap of the method's mask with the one that is known of the truth: what the method itself is worth.
    private func agreement(of found: Mask, with known: Mask?) -> [MetricParameter] {
        guard let known else { return [] }
        var both = 0
        var sum = 0
        for (a, b) in zip(found.voxels, known.voxels) {
            both += a != 0 && b != 0 ? 1 : 0
            sum += (a != 0 ? 1 : 0) + (b != 0 ? 1 : 0)
        }
        guard sum > 0 else { return [] }
        return [MetricParameter("segmentation_dice_of_truth", .number(2 * Double(both) / Double(sum)))]
    }

    private mutating func addVesselRows(_ reason: NotComputedReason, _ settings: VesselnessSettings) {
        let wanted = self.settings.wanted(.vesselTopology)
        for definition in MetricFamily.vesselTopology.definitions where wanted?.contains(definition.id) ?? true {
            add(
                [
                    Measurement(
                        metric: definition.id, structure: "vessels", value: .notComputed(reason),
                        unit: definition.unit)
                ], naming: settings.parameters)
        }
    }
}
