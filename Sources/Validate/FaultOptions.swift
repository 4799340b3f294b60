import ArgumentParser
import Phantom

/// Options that make generated volumes from the truth by controlled faults.
struct FaultOptions: ParsableArguments {
    @Option(name: .long, help: "Also write generated volumes with every fault at this level (0 is a perfect copy).")
    var generated: Double?

    @Option(name: .long, help: "Blur, standard deviation in mm.")
    var faultBlur: Double?

    @Option(name: .long, help: "Noise in the body, standard deviation in HU or MR units (liver is about 320).")
    var faultNoise: Double?

    @Option(name: .long, help: "Bias in the body, in the same units.")
    var faultBias: Double?

    @Option(name: .long, help: "Residual deformation of the liver, mean length in the coronal plane in mm.")
    var faultDeformation: Double?

    @Option(name: .long, help: "Share of the lesions that are erased.")
    var faultErasedLesions: Double?

    @Option(name: .long, help: "Number of lesions that are invented.")
    var faultInventedLesions: Int?

    @Option(name: .long, help: "Share of the long venous branches that have a gap.")
    var faultBrokenBranches: Double?

    @Option(name: .long, help: "Share of the venous end branches that are missing.")
    var faultMissingBranches: Double?

    @Option(name: .long, help: "Number of venous branches that are not in the truth.")
    var faultFalseBranches: Int?

    /// The faults, or nil when no option asks for generated volumes.
    var faults: PhantomFaults? {
        let isAsked =
            generated != nil || faultInventedLesions != nil || faultFalseBranches != nil
            || [
                faultBlur, faultNoise, faultBias, faultDeformation, faultErasedLesions, faultBrokenBranches,
                faultMissingBranches,
            ].contains { $0 != nil }
        guard isAsked else { return nil }
        var faults = PhantomFaults(level: generated ?? 0)
        if let faultBlur { faults.blurMM = faultBlur }
        if let faultNoise { faults.noise = faultNoise }
        if let faultBias { faults.bias = faultBias }
        if let faultDeformation { faults.deformationMM = faultDeformation }
        if let faultErasedLesions { faults.erasedLesions = faultErasedLesions }
        if let faultInventedLesions { faults.inventedLesions = faultInventedLesions }
        if let faultBrokenBranches { faults.brokenBranches = faultBrokenBranches }
        if let faultMissingBranches { faults.missingBranches = faultMissingBranches }
        if let faultFalseBranches { faults.falseBranches = faultFalseBranches }
        return faults
    }

    func validate() throws {
        if let generated, !(0...6).contains(generated) {
            throw ValidationError("--generated has to lie in 0...6")
        }
        if let problem = faults?.problem { throw ValidationError(problem) }
    }
}
