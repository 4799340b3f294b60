import Cohort
import Engine
import Imaging
import Metrics

/// What a case brings to its evaluation, by the rules of the protocol.
struct CaseInputs {
    let plan: StudyProtocol
    let item: CohortCase
    let files: CaseFiles
    let generated: GeneratedCase

    /// The inputs; masks of the cohort come before those that the generator made, if the protocol takes them.
    func inputs() -> EvaluationInputs {
        var inputs = EvaluationInputs(modality: item.truth.series.modality)
        inputs.reference = files.truth
        inputs.generated = generated.volume
        inputs.body = files.body
        inputs.liver = files.liver
        inputs.lesions = files.lesions
        inputs.vessels = files.vessels
        inputs.generatedLiver = generated.liver
        inputs.generatedLesions = files.generatedLesions ?? generated.lesions
        inputs.generatedVessels = files.generatedVessels ?? vesselsOfGenerator
        inputs.landmarks = files.landmarks
        inputs.generatedLandmarks = files.generatedLandmarks
        inputs.displacement = files.displacement
        inputs.dataRange = dataRange()
        inputs.segmentation = segmentation
        return inputs
    }

    /// Vessels that the generator found in its own image; a protocol that names another method does not take them.
    private var vesselsOfGenerator: Mask? {
        guard let method = plan.measurement.segmentation, method != generated.segmentation else {
            return generated.vessels
        }
        return nil
    }

    /// The method behind masks that the generator made and the evaluation uses.
    private var segmentation: String? {
        let usesLesions = files.generatedLesions == nil && generated.lesions != nil
        let usesVessels = files.generatedVessels == nil && vesselsOfGenerator != nil
        return usesLesions || usesVessels ? generated.segmentation : nil
    }

    /// The range of the protocol; nil leaves the rule of the modality.
    private func dataRange() -> DataRange? {
        let rule = item.truth.series.modality == .ct ? plan.measurement.rangeCT : plan.measurement.rangeMR
        switch rule {
        case .fixed(let lower, let upper): return DataRange(low: lower, high: upper)
        case .percentiles(let lower, let upper):
            // 0.1 and 99.9 inside the body is the rule of the modality itself.
            if lower == 0.1, upper == 99.9 { return nil }
            return percentileRange(lower / 100, upper / 100)
        }
    }

    private func percentileRange(_ lower: Double, _ upper: Double) -> DataRange? {
        var values: [Double] = []
        for (offset, value) in files.truth.voxels.enumerated() where value.isFinite {
            if let body = files.body, body.voxels.indices.contains(offset), body.voxels[offset] == 0 { continue }
            values.append(Double(value))
        }
        guard values.count > 1 else { return nil }
        values.sort()
        let range = DataRange(
            low: percentile(lower, ofSorted: values), high: percentile(upper, ofSorted: values), clips: false,
            mapsLowToZero: true)
        return range.isUsable ? range : nil
    }
}
