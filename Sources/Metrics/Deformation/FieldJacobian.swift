import CKernels
import Glibc
public import Imaging

/// How a displacement stretches and folds space inside a mask.
public struct FieldJacobian: Sendable, Equatable {
    /// Voxels evaluated: the mask eroded by two voxels.
    public var count: Int
    /// Share of voxels with a determinant of zero or less.
    public var foldFraction: Double
    /// Smallest determinant.
    public var minimum: Double
    /// Largest determinant.
    public var maximum: Double
    /// Mean determinant.
    public var mean: Double
    /// Standard deviation of ln det, with determinants below 1e-9 counted as 1e-9.
    public var sdLog: Double

    /// Determinants of I + du/dx, in mm, over the mask eroded by two voxels; nil when nothing is left of it.
    ///
    /// Nothing is added to the determinant before folds are counted or logarithms taken, unlike in the Learn2Reg
    /// evaluation, which counts folds of det + 3.
    public init?(of field: DisplacementField, in mask: Mask) {
        let offsets = Self.offsets(of: mask, erodedBy: 2)
        guard !offsets.isEmpty else { return nil }
        let d = mask.geometry.dimensions
        let inverse = field.geometry.inverseAffine
        let linear = [inverse.row0, inverse.row1, inverse.row2].flatMap { [$0.x, $0.y, $0.z] }
        var determinants = [Double](repeating: 0, count: offsets.count)
        ck_jacobian_determinants(
            field.r, field.a, field.s, field.scaleMM, [Int64(d.x), Int64(d.y), Int64(d.z)], linear, offsets,
            Int64(offsets.count), &determinants)
        count = offsets.count
        foldFraction = Double(determinants.count { !($0 > 0) }) / Double(count)
        minimum = determinants.reduce(determinants[0], min)
        maximum = determinants.reduce(determinants[0], max)
        mean = determinants.reduce(0, +) / Double(count)
        guard let logs = DeformationStatistics(determinants.map { log(max($0, 1e-9)) }) else { return nil }
        sdLog = logs.sd
    }

    /// Positions of the voxels that stay inside after so many erosions by face neighbours.
    static func offsets(of mask: Mask, erodedBy erosions: Int) -> [Int64] {
        let d = mask.geometry.dimensions
        var voxels = mask.voxels
        var eroded = voxels
        for _ in 0..<erosions {
            ck_erode_faces(voxels, &eroded, [Int64(d.x), Int64(d.y), Int64(d.z)])
            swap(&voxels, &eroded)
        }
        return voxels.indices.filter { voxels[$0] != 0 }.map(Int64.init)
    }
}
