import Glibc
import Imaging

/// Whether two images of one body lie on each other: mutual information where they are, and a few millimetres aside.
///
/// Images that are registered share most information where they lie. If moving one of them aside by `stepMM` shares
/// clearly more, the registration deserves a look.
struct RegistrationCheck {
    /// How far one image is moved aside, in mm.
    static let stepMM = 6.0
    /// How much more information has to be shared aside, as a share.
    static let margin = 0.05
    /// Normalised mutual information, (H(a) + H(b)) / H(a, b), below which two images have hardly anything in common.
    static let hardlyAnything = 1.02
    private static let bins = 32
    private static let samples = 120_000

    /// Normalised mutual information where the images lie.
    let nmi: Double
    /// Where more is shared, in mm along the voxel axes, or nil.
    let better: (offsetMM: SIMD3<Double>, gain: Double)?

    /// Compares two images on one grid; nil when one does not vary.
    init?(source: Volume<Float>, truth: Volume<Float>) {
        let geometry = source.geometry
        guard let a = Quantised(source), let b = Quantised(truth) else { return nil }
        let spacing = geometry.spacingMM
        func steps(_ axis: Int) -> Int { Int((RegistrationCheck.stepMM / spacing[axis]).rounded()) }
        let zero = SIMD3(0, 0, 0)
        var best: (offset: SIMD3<Double>, gain: Double)?
        for axis in 0..<3 where steps(axis) > 0 && 4 * steps(axis) < geometry.dimensions[axis] {
            for sign in [-1, 1] {
                var offset = SIMD3(0, 0, 0)
                offset[axis] = sign * steps(axis)
                // Both where they lie and aside over the same voxels of the source: a cut changes the share of air.
                let here = RegistrationCheck.information(a, b, geometry.dimensions, within: offset, offset: zero)
                let aside = RegistrationCheck.information(a, b, geometry.dimensions, within: offset, offset: offset)
                let gain = aside.mutual / max(here.mutual, 1e-9) - 1
                if gain > best?.gain ?? RegistrationCheck.margin { best = (SIMD3<Double>(offset) * spacing, gain) }
            }
        }
        nmi = RegistrationCheck.information(a, b, geometry.dimensions, within: zero, offset: zero).normalised
        better = best.map { (offsetMM: $0.offset, gain: $0.gain) }
    }

    /// An image in `bins` steps between its 1st and 99th percentile; 255 where it is not finite.
    private struct Quantised {
        var steps: [UInt8]

        init?(_ volume: Volume<Float>) {
            let stride = max(1, volume.voxels.count / 50_000)
            var sample = Swift.stride(from: 0, to: volume.voxels.count, by: stride).map { volume.voxels[$0] }
                .filter(\.isFinite)
            sample.sort()
            guard let first = sample.first, let last = sample.last else { return nil }
            var low = sample[sample.count / 100]
            var high = sample[sample.count - 1 - sample.count / 100]
            if high <= low { (low, high) = (first, last) }
            guard high > low else { return nil }
            let scale = Float(RegistrationCheck.bins) / (high - low)
            let top = Float(RegistrationCheck.bins - 1)
            steps = volume.voxels.map { $0.isFinite ? UInt8(max(0, min(top, ($0 - low) * scale))) : 255 }
        }
    }

    /// Mutual information in nat and its normalised form, over a lattice of samples.
    ///
    /// - Parameters:
    ///   - margin: Only voxels of `a` whose neighbour at this offset lies in the grid.
    ///   - offset: Where `b` is looked at; zero or `margin`.
    private static func information(
        _ a: Quantised, _ b: Quantised, _ size: SIMD3<Int>, within margin: SIMD3<Int>, offset: SIMD3<Int>
    ) -> (mutual: Double, normalised: Double) {
        let step = max(1, Int(pow(Double(size.x * size.y * size.z) / Double(samples), 1.0 / 3).rounded(.down)))
        var joint = [Double](repeating: 0, count: bins * bins)
        var total = 0.0
        for k in stride(from: max(0, -margin.z), to: size.z - max(0, margin.z), by: step) {
            for j in stride(from: max(0, -margin.y), to: size.y - max(0, margin.y), by: step) {
                for i in stride(from: max(0, -margin.x), to: size.x - max(0, margin.x), by: step) {
                    let x = a.steps[i + size.x * (j + size.y * k)]
                    let y = b.steps[i + offset.x + size.x * (j + offset.y + size.y * (k + offset.z))]
                    guard x != 255, y != 255 else { continue }
                    joint[Int(x) * bins + Int(y)] += 1
                    total += 1
                }
            }
        }
        guard total > 0 else { return (0, 1) }
        func entropy(_ counts: [Double]) -> Double {
            counts.reduce(0) { sum, count in count > 0 ? sum - count / total * log(count / total) : sum }
        }
        let rows = (0..<bins).map { row in joint[row * bins..<(row + 1) * bins].reduce(0, +) }
        let columns = (0..<bins).map { column in (0..<bins).reduce(0) { $0 + joint[$1 * bins + column] } }
        let both = entropy(joint)
        let single = entropy(rows) + entropy(columns)
        return (single - both, both > 0 ? single / both : 1)
    }
}
