/// Sizes of the controlled faults that make a generated image of a truth; zero leaves that fault out.
public struct PhantomFaults: Sendable, Equatable, Codable {
    /// Standard deviation of an in-plane Gaussian blur, mm.
    public var blurMM = 0.0
    /// Standard deviation of white noise in the body, HU or units of the MR image, whose liver is about 320.
    public var noise = 0.0
    /// Value added in the body, in the same units.
    public var bias = 0.0
    /// Mean length, mm, within the coronal plane, of a smooth displacement of the liver that is left over.
    public var deformationMM = 0.0
    /// Share of the lesions that are erased.
    public var erasedLesions = 0.0
    /// Number of lesions that are invented.
    public var inventedLesions = 0
    /// Share of the long venous branches that have a gap.
    public var brokenBranches = 0.0
    /// Share of the venous end branches that are missing.
    public var missingBranches = 0.0
    /// Number of branches that are not in the truth.
    public var falseBranches = 0

    /// No fault at all.
    public init() {}

    /// All faults together, growing with the level; 0 is none, 1 is what a careful reader would call visible.
    public init(level: Double) {
        blurMM = 0.6 * level
        noise = 8 * level
        bias = 8 * level
        deformationMM = level
        erasedLesions = min(1, 0.25 * level)
        inventedLesions = Int(level.rounded())
        brokenBranches = min(1, 0.08 * level)
        missingBranches = min(1, 0.08 * level)
        falseBranches = Int((3 * level).rounded())
    }

    /// What is wrong with the sizes, or nil.
    public var problem: String? {
        func outside(_ name: String, _ value: Double, _ range: ClosedRange<Double>) -> String? {
            range.contains(value) ? nil : "\(name) has to lie in \(range)"
        }
        return outside("the blur", blurMM, 0...20) ?? outside("the noise", noise, 0...2000)
            ?? outside("the bias", bias, -2000...2000) ?? outside("the deformation", deformationMM, 0...8)
            ?? outside("the share of erased lesions", erasedLesions, 0...1)
            ?? outside("the number of invented lesions", Double(inventedLesions), 0...20)
            ?? outside("the share of broken branches", brokenBranches, 0...1)
            ?? outside("the share of missing branches", missingBranches, 0...1)
            ?? outside("the number of false branches", Double(falseBranches), 0...100)
    }

    /// Whether nothing is changed.
    public var isNone: Bool { self == PhantomFaults() }
}

/// One fault as it was made.
public struct PhantomFaultRecord: Sendable, Equatable {
    /// Name of the fault, such as `erased_lesion`.
    public let fault: String
    /// What it was done to: a lesion's label, a branch, or `image`.
    public let target: String
    /// Its size.
    public let size: Double
    /// Unit of the size.
    public let unit: String
    /// Where, mm RAS in the reference anatomy; nil for the whole image.
    public let positionMM: SIMD3<Double>?

    init(_ fault: String, _ target: String, _ size: Double, _ unit: String, at positionMM: SIMD3<Double>? = nil) {
        self.fault = fault
        self.target = target
        self.size = size
        self.unit = unit
        self.positionMM = positionMM
    }
}
