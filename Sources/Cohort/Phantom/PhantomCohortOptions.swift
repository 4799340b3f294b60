public import Phantom

/// Which image goes into the generator.
public enum PhantomDirection: String, Sendable, CaseIterable, Codable {
    /// CT is the source, MR the truth.
    case ctToMR = "ct-mr"
    /// MR is the source, CT the truth.
    case mrToCT = "mr-ct"

    var source: PhantomModality { self == .ctToMR ? .ct : .mr }
    var truth: PhantomModality { self == .ctToMR ? .mr : .ct }
}

/// What a phantom cohort is made of; the same options give the same bytes, whatever `jobs` is.
public struct PhantomCohortOptions: Sendable {
    /// Number of cases.
    public var cases: Int
    /// Number of sites; cases are dealt to them in turn.
    public var sites: Int
    /// Seed of the cohort.
    public var seed: UInt64
    /// Training or validation: the two never share a case.
    public var namespace: PhantomNamespace
    /// CT to MR or MR to CT.
    public var direction: PhantomDirection
    /// MR sequence of all sites.
    public var sequence: MRSequence
    /// Pixels along each side of a slice.
    public var size: Int
    /// Slices of a volume.
    public var slices: Int
    /// Cases made at the same time.
    public var jobs: Int
    /// Faults of the generated volumes; nil writes none.
    public var faults: PhantomFaults?

    /// Options of the embedded cohort; the rest is set afterwards.
    public init(cases: Int, seed: UInt64) {
        self.cases = cases
        self.seed = seed
        sites = 4
        namespace = .validation
        direction = .ctToMR
        sequence = .gradientEchoT1
        size = 512
        slices = 64
        jobs = 1
        faults = nil
    }

    /// Limits of the numbers, for parsers of arguments.
    public static let limits = (
        cases: 1...10_000, sites: 1...PhantomSite.embedded.count, size: 32...1024, slices: 4...512
    )

    /// What is wrong with the options, or nil.
    public var problem: String? {
        let limits = PhantomCohortOptions.limits
        if !limits.cases.contains(cases) { return "the number of cases has to lie in \(limits.cases)" }
        if !limits.sites.contains(sites) { return "the number of sites has to lie in \(limits.sites)" }
        if !limits.size.contains(size) { return "the size has to lie in \(limits.size)" }
        if !limits.slices.contains(slices) { return "the number of slices has to lie in \(limits.slices)" }
        return faults?.problem
    }
}
