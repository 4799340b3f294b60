import CKernels
import Glibc
import Imaging

extension ImagePanel {
    /// MAE, RMSE, PSNR and the mean difference, with the challenge presets.
    mutating func measureVoxelErrors(_ sums: ck_error_sums_t, _ refusal: NotComputedReason?) {
        let count = Double(sums.count)
        func value(_ compute: () -> Double) -> MetricValue {
            refusal.map { .notComputed($0) } ?? MetricValue(finite: compute())
        }
        let voxels = [MetricParameter("voxels", .integer(Int(sums.count)))]
        if wanted("psnr") {
            let result =
                refusal == nil && !dataRange.isUsable
                ? .notComputed(.dataRange)
                : signalToNoise(sums.squared_difference / count, range: dataRange.width, refusal)
            add("psnr", result, unit: "dB", [MetricParameter("data_range", .number(dataRange.width))] + voxels)
        }
        signalToNoisePreset("psnr:synthrad2023", SynthRAD.range2023, refusal)
        signalToNoisePreset("psnr:synthrad2025", SynthRAD.range2023, refusal)
        signalToNoisePreset("psnr:synthrad2025-evaluation", SynthRAD.range2025Evaluation, refusal)
        // The challenges take the mean over the mask without clipping, which is the plain definition.
        for metric in ["mae", "mae:synthrad2023", "mae:synthrad2025"] where wanted(metric) {
            add(metric, value { sums.absolute_difference / count }, unit: intensityUnit, voxels)
        }
        if wanted("rmse") {
            add("rmse", value { (sums.squared_difference / count).squareRoot() }, unit: intensityUnit, voxels)
        }
        if wanted("hu_bias") {
            if modality == .ct {
                add("hu_bias", value { sums.difference / count }, unit: "HU", voxels)
            } else {
                add("hu_bias", .notComputed(.inputMissing), unit: "HU", voxels)
            }
        }
    }

    private mutating func signalToNoisePreset(
        _ metric: String, _ range: ClosedRange<Double>, _ refusal: NotComputedReason?
    ) {
        guard wanted(metric) else { return }
        let width = range.upperBound - range.lowerBound
        var result = MetricValue.notComputed(refusal ?? .emptyRegion)
        if refusal == nil {
            let sums = pair.errorSums(clippedTo: range)
            result = signalToNoise(sums.squared_difference / Double(sums.count), range: width, nil)
        }
        add(
            metric, result, unit: "dB",
            [
                MetricParameter("data_range", .number(width)),
                MetricParameter("data_range_low", .number(range.lowerBound)),
                MetricParameter("data_range_high", .number(range.upperBound)),
                MetricParameter("clipped", .flag(true)),
            ])
    }

    /// Peak signal-to-noise ratio, 10 log₁₀(L² / MSE), in dB; identical images have none.
    private func signalToNoise(
        _ meanSquare: Double, range: Double, _ refusal: NotComputedReason?
    ) -> MetricValue {
        if let refusal { return .notComputed(refusal) }
        if meanSquare == 0 { return .notComputed(.identicalImages) }
        return MetricValue(finite: 10 * log10(range * range / meanSquare))
    }
}
