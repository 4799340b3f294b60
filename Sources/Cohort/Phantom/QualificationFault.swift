import Phantom

/// A fault that metrics are qualified with, in rising sizes.
public enum QualificationFault: String, Sendable, CaseIterable {
    /// In-plane blur.
    case blur
    /// White noise in the body.
    case noise
    /// A constant added in the body.
    case bias
    /// Residual deformation of the liver.
    case deformation
    /// Lesions that are not shown.
    case erasedLesions = "erased lesions"
    /// Lesions that are not there.
    case inventedLesions = "invented lesions"
    /// Gaps in venous branches.
    case brokenBranches = "broken branches"
    /// Venous end branches that are not shown.
    case missingBranches = "missing branches"
    /// Venous branches that are not there.
    case falseBranches = "false branches"

    /// Unit of the sizes.
    public var unit: String {
        switch self {
        case .blur, .deformation: "mm"
        case .noise, .bias: "HU or signal"
        case .erasedLesions, .brokenBranches, .missingBranches: "share"
        case .inventedLesions, .falseBranches: "count"
        }
    }

    /// Sizes from small to large.
    public var sizes: [Double] {
        switch self {
        case .blur: [0.8, 1.6, 3.2]
        case .noise, .bias: [8, 16, 32]
        case .deformation: [0.5, 1, 2]
        case .erasedLesions: [0.3, 0.6, 1]
        case .inventedLesions: [1, 2, 4]
        case .brokenBranches, .missingBranches: [0.15, 0.3, 0.6]
        case .falseBranches: [4, 8, 16]
        }
    }

    /// The fault at a size.
    func faults(_ size: Double) -> PhantomFaults {
        var faults = PhantomFaults()
        switch self {
        case .blur: faults.blurMM = size
        case .noise: faults.noise = size
        case .bias: faults.bias = size
        case .deformation: faults.deformationMM = size
        case .erasedLesions: faults.erasedLesions = size
        case .inventedLesions: faults.inventedLesions = Int(size)
        case .brokenBranches: faults.brokenBranches = size
        case .missingBranches: faults.missingBranches = size
        case .falseBranches: faults.falseBranches = Int(size)
        }
        return faults
    }
}
