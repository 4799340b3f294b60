import Foundation
import Imaging
import Reports
import Study

/// `validate demo --qualify`: every metric against every fault of known size, on one page.
struct QualifyJob {
    /// Folder to write to.
    var output: String
    var phantoms: Int
    var seed: UInt64
    var size: Int
    var slices: Int
    var threads: Int
    var isSilent: Bool

    /// Measures, writes `qualification.html`, and returns its path with the result.
    func carryOut() throws -> (path: String, result: QualificationResult) {
        let templates = try ReportTemplates(folder: InstallationFolder.file("templates"))
        let progress = ProgressLine(
            "faults", total: phantoms * QualificationResult.faultCount, isSilent: isSilent)
        let result = try Qualification.run(
            phantoms: phantoms, seed: seed, size: size, slices: slices, threads: threads
        ) { progress.advance($0) }
        progress.finish()
        let report = try QualificationReport(result, templates: templates, toolVersion: ToolVersion.current)
        do {
            try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
        } catch { throw CommandFailure(.cannotCreate, "the folder for the report cannot be created") }
        let path = output + "/qualification.html"
        try AtomicFile.write(report.html, to: path)
        return (path, result)
    }

    /// The result for machines.
    static func json(_ result: QualificationResult, path: String) -> JSON {
        .object([
            ("schema", .string("validate.qualification/1")), ("verdict", .string(result.isPassed ? "pass" : "fail")),
            ("report", .string(path)), ("phantoms", .integer(result.phantoms)), ("seed", .string(String(result.seed))),
            ("grid", .string(result.grid)),
            (
                "cells",
                .array(
                    result.rows.flatMap { row in
                        row.cells.map { cell in
                            JSON.object([
                                ("metric", .string(row.metric)), ("structure", .string(row.structure)),
                                ("fault", .string(cell.faultName)), ("expectation", .string(cell.expectation.rawValue)),
                                ("met", .flag(cell.isMet)), ("slope", .optional(cell.slope)),
                                ("values", .array(cell.values.map { JSON.optional($0) })),
                            ])
                        }
                    })
            ),
        ])
    }

    /// The result for people.
    static func words(_ result: QualificationResult, path: String) -> String {
        let failed = result.failures.map {
            "not met: \($0.row.metric) on \($0.row.structure) under \($0.cell.faultName)"
        }
        let cells = result.rows.reduce(0) { $0 + $1.cells.count }
        return (["\(cells - failed.count) of \(cells) cells of the matrix are met"] + failed + ["report: \(path)"])
            .joined(separator: "\n")
    }
}
