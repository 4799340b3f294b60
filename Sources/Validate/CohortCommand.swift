import ArgumentParser

/// `validate cohort`: everything about the data that a study runs on.
struct CohortCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cohort",
        abstract: "Make, check and import cohorts.",
        discussion: """
            A cohort is a folder with cohort.tsv, dataset_description.json and the files that they name.

            Example:
              validate cohort check cohort/
            """,
        subcommands: [CohortPhantomCommand.self, CohortCheckCommand.self, CohortAssembleCommand.self])
}
