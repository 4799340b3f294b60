import Imaging
import Metrics

extension Evaluation {
    /// Image metrics in the body or the given region, and in the liver.
    mutating func measureImages() throws(EvaluationError) {
        guard let reference = inputs.reference, let generated = inputs.generated,
            settings.wantsAny(of: .imageSimilarity)
        else { return }
        // The range of MR is taken inside the body even where the metrics are measured elsewhere.
        let needsBody = inputs.region == nil || (inputs.modality == .mr && inputs.dataRange == nil)
        var body = inputs.body
        if body == nil, needsBody {
            let found = bodyMask(of: reference, modality: inputs.modality, threads: settings.threads)
            body = found.mask
            result.bodyMethod = found.method
        }
        let range = inputs.dataRange ?? usualRange(of: reference, body: body)
        result.dataRange = range
        // An empty range makes every metric that needs one say so.
        let usable = range ?? DataRange(low: 0, high: 0)
        if let region = inputs.region {
            result.region = region
            try measureImages(generated, reference, in: region, named: "mask", range: usable)
        } else {
            result.region = body
            try measureImages(
                generated, reference, in: body, named: "body", range: usable,
                method: MetricParameter("body_mask", .text(result.bodyMethod ?? "given")))
        }
        if let liver = inputs.liver {
            try measureImages(generated, reference, in: liver, named: "liver", range: usable)
        }
    }

    private func usualRange(of reference: Volume<Float>, body: Mask?) -> DataRange? {
        switch inputs.modality {
        case .ct: .ct
        case .mr: .magneticResonance(reference: reference, body: body)
        }
    }

    private mutating func measureImages(
        _ generated: Volume<Float>, _ reference: Volume<Float>, in region: Mask?, named structure: String,
        range: DataRange, method: MetricParameter? = nil
    ) throws(EvaluationError) {
        do throws(MetricError) {
            let measurements = try ImageSimilarity.measure(
                generated: generated, reference: reference, region: region, structure: structure,
                modality: inputs.modality, dataRange: range, metrics: settings.wanted(.imageSimilarity),
                plane: settings.plane, threads: settings.threads)
            add(measurements, naming: method.map { [$0] } ?? [])
        } catch { throw .parameter(error) }
    }
}
