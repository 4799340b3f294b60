import ArgumentParser
import Cohort
import Study

/// `validate cohort assemble`: makes a cohort folder from a table of files that lie anywhere.
struct CohortAssembleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "assemble",
        abstract: "Make a cohort folder from a table of NIfTI files that lie anywhere.",
        discussion: """
            The table has the columns of cohort.tsv; its paths are absolute or relative to the table. Files are copied \
            under neutral names and without header text. Where source and truth are crops of one lattice, \
            --grid common-lattice cuts both, and the masks, to the voxels that they share, without interpolation.

            Example:
              validate cohort assemble pairs.tsv --output cohort/ --name 'Limb, CT to MR' --grid common-lattice
            """)

    @Argument(help: "The table, TSV or CSV.")
    var table: String

    @Option(name: .long, help: "Folder to make; it has to be absent or empty.")
    var output: String

    @Option(name: .long, help: "Name of the cohort.")
    var name: String

    @Option(name: .long, help: "Licence of the data.")
    var license: String?

    @Option(name: .long, help: "keep the grids, or cut source and truth to their common-lattice.")
    var grid: CohortAssembly.GridRule = .keep

    @OptionGroup var options: OutputOptions

    func run() async throws {
        let progress = ProgressLine("cases", total: nil, isSilent: options.quiet)
        let cohort = try CohortAssembly.assemble(
            table: table, into: output,
            description: DatasetDescription(
                name: name, license: license, generatedBy: "validate \(ToolVersion.current) cohort assemble"),
            grid: grid
        ) { item in progress.advance(item.id) }
        progress.finish()
        if options.json {
            try Terminal.result(
                JSON.object([
                    ("schema", .string("validate.cohort-assemble/1")), ("cases", .integer(cohort.cases.count)),
                    ("manifest_sha256", .string(cohort.manifestSHA256)),
                ]).text)
        } else {
            Terminal.error("wrote \(cohort.cases.count) cases; look at them with: validate cohort check \(output)")
        }
    }
}
