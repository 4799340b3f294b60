import Imaging

/// What image-only deformation allows to say about a limit.
///
/// A registration has a floor: where it is high, a small deformation can be neither shown nor excluded.
public enum ImageDeformationVerdict: String, Sendable, Codable {
    /// The deformation is below the limit, and the registration could have shown more.
    case pass
    /// The deformation is above the limit even after the floor is taken off.
    case fail
    /// Neither can be said.
    case indeterminate

    /// Decides.
    ///
    /// - Parameters:
    ///   - limitMM: The limit.
    ///   - upperMM: Upper 95 % bound of the mean coronal deformation.
    ///   - debiasedLowerMM: Lower 95 % bound of the root mean square after the floor was taken off.
    ///   - floorMM: Mean coronal deformation that the registration prints when nothing moved; at most half the limit.
    ///   - slope: Slope of recovery, from 0.8 to 1.2.
    ///   - inverseConsistencyMM: Mean of forward and backward displacement; at most 0.5 mm.
    ///   - foldFraction: Has to be 0.
    public static func decide(
        limitMM: Double, upperMM: Double, debiasedLowerMM: Double, floorMM: Double, slope: Double,
        inverseConsistencyMM: Double, foldFraction: Double
    ) -> ImageDeformationVerdict {
        guard foldFraction == 0, inverseConsistencyMM <= 0.5 else { return .indeterminate }
        if debiasedLowerMM > limitMM { return .fail }
        let sensitive = floorMM <= limitMM / 2 && slope >= 0.8 && slope <= 1.2
        return upperMM <= limitMM && sensitive ? .pass : .indeterminate
    }
}

/// 95 % bounds of one case by a jackknife over cubes of 20 mm: neighbouring voxels err together.
struct BlockedBounds {
    private static let blockMM = 20.0
    /// Upper bound of the mean, mm.
    let upperMeanMM: Double
    /// Lower bound of the debiased root mean square, mm.
    let lowerDebiasedMM: Double

    init(lengths: [Double], offsets: [Int], geometry: Geometry, floorRMS: Double) {
        let d = geometry.dimensions
        let spacing = geometry.spacingMM
        func block(_ index: Int, _ axis: Int) -> Int { Int(Double(index) * spacing[axis] / Self.blockMM) }
        let nx = block(d.x - 1, 0) + 1
        let ny = block(d.y - 1, 1) + 1
        let nz = block(d.z - 1, 2) + 1
        var blocks = [(count: Double, sum: Double, square: Double)](repeating: (0, 0, 0), count: nx * ny * nz)
        for (value, offset) in zip(lengths, offsets) {
            let at =
                block(offset % d.x, 0) + nx * (block(offset / d.x % d.y, 1) + ny * block(offset / (d.x * d.y), 2))
            blocks[at].count += 1
            blocks[at].sum += value
            blocks[at].square += value * value
        }
        blocks.removeAll { $0.count == 0 }
        let count = blocks.reduce(0) { $0 + $1.count }
        let sum = blocks.reduce(0) { $0 + $1.sum }
        let square = blocks.reduce(0) { $0 + $1.square }
        func debiased(_ meanSquare: Double) -> Double { max(0, meanSquare - floorRMS * floorRMS).squareRoot() }
        let left = blocks.filter { $0.count < count }
        let n = Double(left.count)
        func halfWidth(_ values: [Double]) -> Double {
            guard values.count > 1 else { return .infinity }
            let mean = values.reduce(0, +) / n
            return 1.96 * ((n - 1) / n * values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }).squareRoot()
        }
        upperMeanMM = sum / count + halfWidth(left.map { (sum - $0.sum) / (count - $0.count) })
        lowerDebiasedMM =
            debiased(square / count) - halfWidth(left.map { debiased((square - $0.square) / (count - $0.count)) })
    }
}
