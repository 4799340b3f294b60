import CKernels
import Glibc
import Imaging

extension ImagePanel {
    /// Cells along each axis of the joint histogram.
    static let histogramBins = 64

    /// Correlation and mutual information: how well one image predicts the other, whatever the scale.
    mutating func measureDependence(_ sums: ck_error_sums_t, _ refusal: NotComputedReason?) {
        if wanted("ncc") {
            add("ncc", refusal.map { .notComputed($0) } ?? correlation(sums), unit: "1")
        }
        guard wanted("mutual_information") || wanted("nmi") else { return }
        let parameters = [
            MetricParameter("bins", .integer(Self.histogramBins)),
            MetricParameter("data_range_low", .number(dataRange.low)),
            MetricParameter("data_range_high", .number(dataRange.high)),
        ]
        let entropies = refusal == nil && dataRange.isUsable ? self.entropies() : nil
        let missing = MetricValue.notComputed(refusal ?? .dataRange)
        if wanted("mutual_information") {
            let value = entropies.map { MetricValue(finite: max(0, $0.generated + $0.reference - $0.joint)) }
            add("mutual_information", value ?? missing, unit: "nat", parameters)
        }
        if wanted("nmi") {
            let value = entropies.map { entropies -> MetricValue in
                guard entropies.joint > 0 else { return .notComputed(.zeroVariance) }
                return MetricValue(finite: (entropies.generated + entropies.reference) / entropies.joint)
            }
            add("nmi", value ?? missing, unit: "1", parameters)
        }
    }

    /// Pearson's correlation of the voxel values inside the region.
    private func correlation(_ sums: ck_error_sums_t) -> MetricValue {
        let count = Double(sums.count)
        var generated = 0.0
        var reference = 0.0
        var product = 0.0
        let status = pair.withVoxels { x, y, region in
            ck_central_moments(
                x, y, region, Int64(pair.geometry.voxelCount), sums.generated / count, sums.reference / count,
                Int32(pair.threads), &generated, &reference, &product)
        }
        precondition(status == 0, "out of memory")
        guard generated > 0, reference > 0 else { return .notComputed(.zeroVariance) }
        return MetricValue(finite: max(-1, min(1, product / (generated * reference).squareRoot())))
    }

    /// Entropies of the two marginals and of the joint histogram, in nats.
    private func entropies() -> (generated: Double, reference: Double, joint: Double) {
        let bins = Self.histogramBins
        var joint = [Int64](repeating: 0, count: bins * bins)
        let status = pair.withVoxels { x, y, region in
            ck_joint_histogram(
                x, y, region, Int64(pair.geometry.voxelCount), dataRange.low, dataRange.high, Int32(bins),
                Int32(pair.threads), &joint)
        }
        precondition(status == 0, "out of memory")
        var generated = [Int64](repeating: 0, count: bins)
        var reference = [Int64](repeating: 0, count: bins)
        for y in 0..<bins {
            for x in 0..<bins {
                generated[x] += joint[y * bins + x]
                reference[y] += joint[y * bins + x]
            }
        }
        let total = Double(joint.reduce(0, +))
        func entropy(_ counts: [Int64]) -> Double {
            var sum = 0.0
            for count in counts where count > 0 {
                let share = Double(count) / total
                sum -= share * log(share)
            }
            return sum
        }
        return (entropy(generated), entropy(reference), entropy(joint))
    }
}
