import ArgumentParser
import Cohort
import Foundation
import Imaging
import Study

/// `validate store`: work on stores.
struct StoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store", abstract: "Export the results of a store.", subcommands: [StoreExportCommand.self])
}

/// `validate store export`: results in long format for other programs.
struct StoreExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Export the results of a store in long format.",
        discussion: """
            JSON holds all tables: runs, case_results, measurements, vessel_branches, analyses. CSV is one table on standard output \
            (measurements unless --table says otherwise), or one file a table in a folder.

            Examples:
              validate store export --store study.sqlite --format json > results.json
              validate store export --store study.sqlite --format csv --output tables/
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case csv, json
    }

    @Option(name: .long, help: "The store.")
    var store: String

    @Option(name: .long, help: "csv or json.")
    var format: Format

    @Option(name: .long, help: "Run to export, or the beginning of its identifier (default: all).")
    var run: String?

    @Option(name: .long, help: "Table for CSV on standard output: \(ResultsExport.tableNames.joined(separator: ", ")).")
    var table: String?

    @Option(name: .long, help: "Where to: a file for JSON, a folder for CSV (default: standard output).")
    var output: String?

    mutating func validate() throws {
        if let table, !ResultsExport.tableNames.contains(table) {
            throw ValidationError("--table has to be one of \(ResultsExport.tableNames.joined(separator: ", "))")
        }
        if table != nil, format == .json || output != nil {
            throw ValidationError("--table is for CSV on standard output")
        }
    }

    func run() async throws {
        try RunArgument.check(run, option: "--run", otherwise: "all")
        let opened = try Store.openForReading(path: store)
        let identifier = try run.map { try opened.run(matching: $0).id }
        let results = try ResultsExport(store: opened, run: identifier)
        switch format {
        case .json:
            let bytes = results.json()
            if let output { try AtomicFile.write(bytes, to: output) } else { try print(bytes) }
        case .csv:
            guard let output else { return try print(results.csv(table: table ?? "measurements") ?? []) }
            do {
                try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
            } catch {
                throw CommandFailure(.cannotCreate, "the folder '\(SafeText.printable(output))' cannot be created")
            }
            for name in ResultsExport.tableNames {
                try AtomicFile.write(results.csv(table: name) ?? [], to: output + "/\(name).csv")
            }
        }
    }

    private func print(_ bytes: [UInt8]) throws { try Terminal.result(String(decoding: bytes, as: UTF8.self)) }
}
