import Imaging
import CKernels

/// Mean, spread and percentiles of one scalar over voxels or landmarks.
public struct DeformationStatistics: Sendable, Equatable {
    /// Number of samples.
    public var count: Int
    /// Mean, mm.
    public var mean: Double
    /// Standard deviation over the samples (population), mm.
    public var sd: Double
    /// Root mean square, mm.
    public var rms: Double
    /// Median, mm.
    public var median: Double
    /// 95th percentile by linear interpolation (type 7), mm.
    public var p95: Double
    /// Largest value, mm.
    public var max: Double

    /// Statistics of finite values, nil when there are none.
    init?(_ values: consuming [Double]) {
        guard !values.isEmpty else { return nil }
        var result = ck_statistics()
        var scratch = values
        count = scratch.count
        scratch.withUnsafeMutableBufferPointer { ck_describe($0.baseAddress, Int64($0.count), &result) }
        (mean, sd, rms) = (result.mean, result.sd, result.rms)
        (median, p95, max) = (result.median, result.p95, result.max)
    }
}

/// Every projection of a set of error vectors.
public struct DeformationErrors: Sendable, Equatable {
    /// Length inside the coronal plane: the headline.
    public var coronal: DeformationStatistics
    /// Length in space.
    public var spatial: DeformationStatistics
    /// Length inside the axial plane.
    public var axial: DeformationStatistics
    /// Length inside the sagittal plane.
    public var sagittal: DeformationStatistics
    /// Amount along left–right.
    public var leftRight: DeformationStatistics
    /// Amount along anterior–posterior, which the coronal plane does not see.
    public var anteriorPosterior: DeformationStatistics
    /// Amount along superior–inferior.
    public var superiorInferior: DeformationStatistics
    /// Mean vector with its sign, RAS mm.
    public var signedMean: SIMD3<Double>

    /// Statistics of a list of vectors, nil when it is empty.
    init?(_ vectors: [SIMD3<Double>], projection: DisplacementProjection) {
        func statistics(_ scalar: (SIMD3<Double>) -> Double) -> DeformationStatistics? {
            DeformationStatistics(vectors.map(scalar))
        }
        guard let coronal = statistics(projection.coronal),
            let spatial = statistics(length),
            let axial = statistics({ ($0.x * $0.x + $0.y * $0.y).squareRoot() }),
            let sagittal = statistics({ ($0.y * $0.y + $0.z * $0.z).squareRoot() }),
            let leftRight = statistics({ abs($0.x) }),
            let anteriorPosterior = statistics({ abs($0.y) }),
            let superiorInferior = statistics({ abs($0.z) })
        else { return nil }
        self.coronal = coronal
        self.spatial = spatial
        self.axial = axial
        self.sagittal = sagittal
        self.leftRight = leftRight
        self.anteriorPosterior = anteriorPosterior
        self.superiorInferior = superiorInferior
        var sum = SIMD3<Double>()
        for vector in vectors { sum += vector }
        signedMean = sum / Double(vectors.count)
    }

    /// Name and statistics of each projection, in the order of reports.
    var named: [(String, DeformationStatistics)] {
        [
            ("coronal", coronal), ("3d", spatial), ("axial", axial), ("sagittal", sagittal),
            ("left_right", leftRight), ("anterior_posterior", anteriorPosterior),
            ("superior_inferior", superiorInferior),
        ]
    }
}
