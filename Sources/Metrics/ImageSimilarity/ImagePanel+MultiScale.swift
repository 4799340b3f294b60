import CKernels
import Imaging

extension ImagePanel {
    /// The multi-scale presets of the SynthRAD 2025 challenge; its two repositories differ in the range alone.
    mutating func measureMultiScaleSimilarity(_ refusal: NotComputedReason?) {
        multiScale("ms_ssim:synthrad2025", SynthRAD.range2023, refusal)
        multiScale("ms_ssim:synthrad2025-evaluation", SynthRAD.range2025Evaluation, refusal)
    }

    private mutating func multiScale(
        _ metric: String, _ range: ClosedRange<Double>, _ refusal: NotComputedReason?
    ) {
        guard wanted(metric) else { return }
        let parameters = [
            MetricParameter("window", .text("uniform")), MetricParameter("window_size", .integer(7)),
            MetricParameter("dimensions", .integer(3)), MetricParameter("variance", .text("sample")),
            MetricParameter("scales", .integer(Int(CK_SCALES))),
            MetricParameter("data_range", .number(range.upperBound - range.lowerBound)),
            MetricParameter("data_range_low", .number(range.lowerBound)),
            MetricParameter("data_range_high", .number(range.upperBound)),
            MetricParameter("clipped", .flag(true)),
            MetricParameter("outside_value", .number(range.lowerBound)),
        ]
        if let refusal {
            add(metric, .notComputed(refusal), unit: "1", parameters)
            return
        }
        let d = pair.geometry.dimensions
        var means = [Double](repeating: 0, count: Int(CK_SCALES))
        var counts = [Int64](repeating: 0, count: Int(CK_SCALES))
        let status = pair.withVoxels { x, y, region in
            ck_ms_ssim(
                x, y, region, [Int64(d.x), Int64(d.y), Int64(d.z)], range.lowerBound, range.upperBound,
                Int32(pair.threads), &means, &counts)
        }
        precondition(status == 0, "out of memory")
        guard counts.allSatisfy({ $0 > 0 }) else {
            add(metric, .notComputed(.emptyRegion), unit: "1", parameters)
            return
        }
        let table = DetailTable(
            name: "per_scale", columns: ["scale", "windows", "mean"],
            rows: means.indices.map { [.integer($0 + 1), .integer(Int(counts[$0])), .number(means[$0])] })
        let product = means.reduce(1.0) { $0 * min(1, max(0, $1)) }
        add(metric, MetricValue(finite: product), unit: "1", parameters, details: [table])
    }
}
