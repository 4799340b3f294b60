import Glibc
import Imaging

/// Which plane "coronal" means in a projection of a displacement.
public enum CoronalPlane: String, Sendable, Codable {
    /// The patient's: left–right and superior–inferior.
    case patient
    /// The acquired one: perpendicular to the voxel axis that runs closest to anterior–posterior.
    case acquired
}

/// Splits a vector into the length inside three planes, the whole length and its components.
struct DisplacementProjection: Sendable {
    /// Unit normal of the coronal plane, RAS.
    let coronalNormal: SIMD3<Double>
    /// Angle between the acquired and the patient's coronal plane, in degrees.
    let obliquityDegrees: Double

    /// Angle from which on the choice of the plane is worth a warning.
    static let warningDegrees = 5.0
    /// Angle beyond which no acquired plane is coronal.
    static let limitDegrees = 45.0

    /// The patient's plane, when there is no grid.
    init() {
        coronalNormal = SIMD3(0, 1, 0)
        obliquityDegrees = 0
    }

    init(plane: CoronalPlane, geometry: Geometry) throws(DeformationError) {
        var closest = SIMD3<Double>(0, 1, 0)
        var cosine = -1.0
        for axis in 0..<3 {
            let column = geometry.affine.column(axis)
            let direction = column / length(column)
            if abs(direction.y) > cosine {
                cosine = abs(direction.y)
                closest = direction
            }
        }
        obliquityDegrees = acos(min(1, cosine)) * 180 / .pi
        switch plane {
        case .patient: coronalNormal = SIMD3(0, 1, 0)
        case .acquired:
            guard obliquityDegrees <= Self.limitDegrees else { throw .oblique(degrees: obliquityDegrees) }
            coronalNormal = closest
        }
    }

    /// Length of the part of a vector inside the coronal plane.
    func coronal(_ e: SIMD3<Double>) -> Double {
        if coronalNormal == SIMD3(0, 1, 0) { return (e.x * e.x + e.z * e.z).squareRoot() }
        return length(e - coronalNormal * (coronalNormal * e).sum())
    }
}
