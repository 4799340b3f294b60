import ArgumentParser
import Cohort
import Phantom

/// `validate cohort phantom`: a multi-site cohort of digital abdomens whose truth is known.
struct CohortPhantomCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "phantom",
        abstract: "Make a cohort of digital abdomens whose truth is known exactly.",
        discussion: """
            The same options give the same bytes, whatever --jobs is. Each case has source, truth, noise-free truth, \
            masks of body, liver, vessels and lesions, landmarks at bifurcations, and the displacement between the \
            two breathing phases.

            Examples:
              validate cohort phantom --cases 58 --sites 4 --seed 7 --output cohort/
              validate cohort phantom --cases 4 --size 256 --slices 32 --output small/
              validate cohort phantom --cases 4 --generated 1 --output faulty/
              validate cohort phantom --cases 4 --fault-deformation 2 --output shifted/
            """)

    @Option(name: .long, help: "Number of cases.")
    var cases = 58

    @Option(name: .long, help: "Number of sites, dealt out in turn (1 to 4).")
    var sites = 4

    @Option(name: .long, help: "Seed of the cohort.")
    var seed: UInt64 = 1

    @Option(name: .long, help: "Folder to write to; it must not hold a cohort yet.")
    var output: String

    @Option(name: .long, help: "Pixels along each side of a slice.")
    var size = 512

    @Option(name: .long, help: "Slices of a volume.")
    var slices = 64

    @Option(name: .long, help: "Source and truth: ct-mr or mr-ct.")
    var direction = PhantomDirection.ctToMR

    @Option(name: .long, help: "MR sequence: T1-GRE-FS or T2-TSE.")
    var sequence = MRSequence.gradientEchoT1

    @Option(name: .long, help: "Family of cases: validation, or training. They share none.")
    var namespace = PhantomNamespace.validation

    @OptionGroup(title: "Faults of generated volumes")
    var faults: FaultOptions

    @OptionGroup var jobs: JobOptions
    @OptionGroup var results: OutputOptions

    /// What the arguments ask for.
    private var options: PhantomCohortOptions {
        var options = PhantomCohortOptions(cases: cases, seed: seed)
        options.sites = sites
        options.size = size
        options.slices = slices
        options.direction = direction
        options.sequence = sequence
        options.namespace = namespace
        options.jobs = jobs.jobs
        options.faults = faults.faults
        return options
    }

    func validate() throws {
        if let problem = options.problem { throw ValidationError(problem) }
    }

    func run() async throws {
        let progress = ProgressLine("cases", total: cases, isSilent: results.quiet)
        let made = try await PhantomCohort.write(options, to: output) { progress.advance($0) }
        progress.finish()
        let sitesMade = Set(made.map(\.site)).count
        let page = JSON.object([
            ("schema", .string("validate.cohort-phantom/1")), ("output", .string(output)),
            ("cases", .integer(made.count)), ("sites", .integer(sitesMade)), ("seed", .string(String(seed))),
            ("seed_namespace", .string(namespace.rawValue)),
        ])
        try Terminal.result(
            results.json ? page.text : "\(made.count) cases of \(sitesMade) sites in '\(SafeText.printable(output))'")
    }
}
