/// How a series of MR slices is made.
public enum MRSequence: String, Sendable, CaseIterable, Codable {
    /// Fat-suppressed three-dimensional spoiled gradient echo after gadolinium.
    case gradientEchoT1 = "T1-GRE-FS"
    /// T2-weighted turbo spin echo.
    case turboSpinEchoT2 = "T2-TSE"

    /// Modality as the manifest writes it.
    public var modality: String { self == .gradientEchoT1 ? "MR-T1" : "MR-T2" }
}

/// A hospital: its scanners and its patients.
public struct PhantomSite: Sendable {
    /// Code of the site in the manifest.
    public let code: String
    /// Vendor (fictitious) of both scanners.
    public let vendor: String
    /// Model of the CT scanner.
    public let ctModel: String
    /// Model of the MR scanner.
    public let mrModel: String
    /// Name of the reconstruction kernel.
    public let kernel: String
    /// Standard deviation of the kernel's point spread function, in mm.
    public let kernelSigmaMM: Double
    /// Edge enhancement of the kernel: 0 is a smooth one.
    public let kernelSharpness: Double
    /// Standard deviation of the CT noise in the middle of an average patient, in HU.
    public let noiseHU: Double
    /// Pixel size range, in mm.
    public let pixelMM: ClosedRange<Double>
    /// Distance and thickness of the slices, in mm.
    public let sliceMM: Double
    /// Phase of the contrast medium in CT.
    public let contrast: ContrastPhase
    /// Field strength, in tesla.
    public let fieldT: Double
    /// Sequence of the MR series.
    public let sequence: MRSequence
    /// Signal-to-noise ratio of the liver in MR.
    public let mrSNR: Double
    /// Share of acquired to reconstructed MR matrix; smaller rings more.
    public let acquiredFraction: Double
    /// Strength of the coil's shading.
    public let coilShading: Double
    /// Probability of cirrhosis and of steatosis.
    public let cirrhosis: Double
    /// Probability of fatty liver.
    public let steatosis: Double
    /// Mean number of lesions.
    public let lesionMean: Double

    /// The four sites of the embedded cohort.
    public static let embedded: [PhantomSite] = [
        PhantomSite(
            code: "A", vendor: "Alder", ctModel: "Alder CT 64", mrModel: "Alder MR 3", kernel: "soft",
            kernelSigmaMM: 0.62, kernelSharpness: 0, noiseHU: 11, pixelMM: 0.72...0.82, sliceMM: 2.8,
            contrast: .portalVenous, fieldT: 3, sequence: .gradientEchoT1, mrSNR: 38, acquiredFraction: 0.72,
            coilShading: 0.35, cirrhosis: 0.2, steatosis: 0.2, lesionMean: 2.2),
        PhantomSite(
            code: "B", vendor: "Birch", ctModel: "Birch 128", mrModel: "Birch 1.5", kernel: "standard",
            kernelSigmaMM: 0.52, kernelSharpness: 0.25, noiseHU: 14, pixelMM: 0.74...0.86, sliceMM: 3,
            contrast: .portalVenous, fieldT: 1.5, sequence: .gradientEchoT1, mrSNR: 26, acquiredFraction: 0.62,
            coilShading: 0.2, cirrhosis: 0.1, steatosis: 0.35, lesionMean: 2.8),
        PhantomSite(
            code: "C", vendor: "Cedar", ctModel: "Cedar Dual", mrModel: "Cedar 3T", kernel: "sharp",
            kernelSigmaMM: 0.45, kernelSharpness: 0.55, noiseHU: 17, pixelMM: 0.7...0.8, sliceMM: 2,
            contrast: .arterial, fieldT: 3, sequence: .gradientEchoT1, mrSNR: 32, acquiredFraction: 0.8,
            coilShading: 0.5, cirrhosis: 0.45, steatosis: 0.1, lesionMean: 1.8),
        PhantomSite(
            code: "D", vendor: "Elm", ctModel: "Elm Advance", mrModel: "Elm 1.5", kernel: "medium",
            kernelSigmaMM: 0.56, kernelSharpness: 0.15, noiseHU: 13, pixelMM: 0.76...0.9, sliceMM: 3,
            contrast: .portalVenous, fieldT: 1.5, sequence: .gradientEchoT1, mrSNR: 22, acquiredFraction: 0.6,
            coilShading: 0.28, cirrhosis: 0.15, steatosis: 0.3, lesionMean: 2.5),
    ]

    /// The same hospital with another MR sequence.
    public func with(sequence: MRSequence) -> PhantomSite {
        PhantomSite(
            code: code, vendor: vendor, ctModel: ctModel, mrModel: mrModel, kernel: kernel,
            kernelSigmaMM: kernelSigmaMM, kernelSharpness: kernelSharpness, noiseHU: noiseHU, pixelMM: pixelMM,
            sliceMM: sliceMM, contrast: contrast, fieldT: fieldT, sequence: sequence, mrSNR: mrSNR,
            acquiredFraction: acquiredFraction, coilShading: coilShading, cirrhosis: cirrhosis, steatosis: steatosis,
            lesionMean: lesionMean)
    }
}
