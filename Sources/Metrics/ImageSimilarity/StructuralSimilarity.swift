import CKernels
import Imaging

/// The window over which local means and variances are taken.
enum SimilarityWindow {
    /// 11 taps per axis, σ = 1.5 voxels, population variance (Wang et al. 2004).
    case gaussian11
    /// 7 equal taps per axis, sample variance (scikit-image's default).
    case uniform7

    var taps: Int { self == .gaussian11 ? 11 : 7 }

    /// Factor on variances and covariances, for windows of so many axes.
    func covarianceScale(axes: Int) -> Double {
        guard self == .uniform7 else { return 1 }
        let count = Double(axes == 3 ? 343 : 49)
        return count / (count - 1)
    }
}

/// What SSIM is computed of: the window and what happens to the values first.
struct SimilaritySettings {
    var window: SimilarityWindow
    /// Whether windows extend through the slices.
    var isVolumetric: Bool
    /// Axis along which slices are stacked.
    var sliceAxis: Int
    /// Width of the data range, `L` in C1 = (0.01 L)² and C2 = (0.03 L)².
    var rangeWidth: Double
    /// Values are clipped to this first; nil: not.
    var clip: ClosedRange<Double>?
    /// Value that counts as black in the luminance term.
    var origin: Double
    /// Value that replaces everything outside the region first; nil: nothing is replaced.
    var fill: Double?
}

/// Sums of the similarity map.
struct SimilaritySums {
    /// Sum of the map, per slice or one in total.
    var sums: [Double]
    /// Windows behind each sum.
    var counts: [Int64]
    /// Windows in the region that were left out because they see a value that is not a number.
    var dropped: [Int64]

    var windowCount: Int64 { counts.reduce(0, +) }
    var droppedCount: Int64 { dropped.reduce(0, +) }
    var mean: Double { sums.reduce(0, +) / Double(windowCount) }
}

extension ImagePair {
    /// Sums the structural similarity map over windows that lie in the volume and whose centre lies in the region.
    ///
    /// Source: Wang et al. 2004, doi:10.1109/TIP.2003.819861, eq. 13.
    func structuralSimilarity(_ settings: SimilaritySettings) -> SimilaritySums {
        let d = geometry.dimensions
        let steps = SIMD3(1, d.x, d.x * d.y)
        let plane = (0..<3).filter { $0 != settings.sliceAxis }
        let axes = [plane[0], plane[1], settings.sliceAxis]
        let count = settings.isVolumetric ? 1 : d[settings.sliceAxis]
        var result = SimilaritySums(
            sums: Array(repeating: 0, count: count), counts: Array(repeating: 0, count: count),
            dropped: Array(repeating: 0, count: count))
        let status = withVoxels { x, y, region in
            var problem = ck_ssim_t()
            problem.generated = x
            problem.reference = y
            problem.region = region
            problem.size = (Int64(d[axes[0]]), Int64(d[axes[1]]), Int64(d[axes[2]]))
            problem.stride = (Int64(steps[axes[0]]), Int64(steps[axes[1]]), Int64(steps[axes[2]]))
            problem.window = Int32(settings.window == .gaussian11 ? CK_WINDOW_GAUSSIAN_11 : CK_WINDOW_UNIFORM_7)
            problem.depth = settings.isVolumetric ? 1 : 0
            problem.clip_low = settings.clip?.lowerBound ?? -.infinity
            problem.clip_high = settings.clip?.upperBound ?? .infinity
            problem.origin = settings.origin
            problem.shift = middle(of: settings) - settings.origin
            problem.fill_outside = settings.fill != nil && region != nil ? 1 : 0
            problem.fill = settings.fill ?? 0
            problem.c1 = (0.01 * settings.rangeWidth) * (0.01 * settings.rangeWidth)
            problem.c2 = (0.03 * settings.rangeWidth) * (0.03 * settings.rangeWidth)
            problem.covariance_scale = settings.window.covarianceScale(axes: settings.isVolumetric ? 3 : 2)
            return ck_ssim(&problem, Int32(threads), &result.sums, &result.counts, &result.dropped)
        }
        precondition(status == 0, "out of memory")
        return result
    }

    /// A value near most others, taken out before squares are formed so that large offsets cost no digits.
    private func middle(of settings: SimilaritySettings) -> Double {
        if let clip = settings.clip { return (clip.lowerBound + clip.upperBound) / 2 }
        let centre = reference.voxels[geometry.voxelCount / 2]
        return centre.isFinite ? Double(centre) : 0
    }
}
