import ArgumentParser
import Study

/// The command `validate`: every subcommand stands in the list below, in the order of the help.
struct ValidateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Measures generated liver images against their registered truth.",
        discussion: """
            Start with one pair of files:
              validate measure --reference truth.nii.gz --generated generated.nii.gz --modality MR

            Exit codes: 0 every criterion passed; 1 a criterion failed or is inconclusive; 3 done in part; 64 wrong \
            usage; 65 malformed or inconsistent input; 66 input missing; 70 internal error; 73 output cannot be \
            created; 74 I/O error; 75 store in use, try later; 77 signature, permission or audit check failed; \
            78 protocol invalid.
            """,
        version: ToolVersion.current,
        subcommands: [
            DemoCommand.self,
            RunCommand.self,
            ReportCommand.self,
            MeasureCommand.self,
            InspectCommand.self,
            GenerateCommand.self,
            CohortCommand.self,
            EngineCommand.self,
            RegressCommand.self,
            PlanCommand.self,
            SiteCommand.self,
            MergeCommand.self,
            SubmitCommand.self,
            ProtocolCommand.self,
            StoreCommand.self,
            AuditCommand.self,
        ])
}
