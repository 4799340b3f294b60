import Foundation
import Imaging
public import Study

/// Writes a report with everything beside it into a folder: `report.html`, `report.pdf`, `results.json`, CSV tables, `protocol.xml`.
public struct ReportFolder: Sendable {
    /// The folder.
    public let path: String

    /// Creates the folder where it is missing.
    ///
    /// - Throws: `ReportError.cannotWrite`.
    public init(path: String) throws(ReportError) {
        self.path = path
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw .cannotWrite(path: path, reason: "the folder cannot be created")
        }
    }

    /// Path of the page.
    public var html: String { path + "/report.html" }
    /// Path of the printed page.
    public var pdf: String { path + "/report.pdf" }
    /// Path of the results.
    public var results: String { path + "/results.json" }
    /// Path of the protocol.
    public var protocolFile: String { path + "/protocol.xml" }

    /// Writes the page, the protocol and the tables.
    ///
    /// - Throws: `ReportError.cannotWrite`.
    public func write(_ report: StudyReport, record: RunRecord, export: ResultsExport) throws(ReportError) {
        try write(report.html, to: html)
        try write(record.protocolFile.xml, to: protocolFile)
        try write(export.json(), to: results)
        for name in ResultsExport.tableNames { try write(export.csv(table: name) ?? [], to: path + "/\(name).csv") }
    }

    /// Path of the lines that may be published.
    public var publicTable: String { path + "/analyses.csv" }

    /// Writes the page of a public view, the protocol and the table of its lines: nothing that names a case.
    ///
    /// - Throws: `ReportError.notForPublication` when files of the full report lie in the folder, `.cannotWrite`.
    public func write(_ report: StudyReport, view: PublicView) throws(ReportError) {
        try requirePublic()
        try write(report.html, to: html)
        try write(view.record.protocolFile.xml, to: protocolFile)
        try write(view.csv(), to: publicTable)
    }

    /// Refuses a folder with files of a full report: whoever publishes the folder would publish them.
    public func requirePublic() throws(ReportError) {
        let names =
            ["results.json", CaseViewer.folder]
            + ResultsExport.tableNames.filter { $0 != "analyses" }.map { $0 + ".csv" }
        if let found = names.first(where: { FileManager.default.fileExists(atPath: path + "/" + $0) }) {
            throw .notForPublication(folder: path, file: found)
        }
    }

    /// Copies the pages of cases from another folder, where one is named.
    ///
    /// - Returns: Cases of the run whose page lies beside the report now; pages of other runs stay unlinked.
    /// - Throws: `ReportError.cannotWrite`, or `.noPages` when the named folder holds no page of this run.
    public func takePages(of record: RunRecord, from source: String?) throws(ReportError) -> Set<String> {
        let target = path + "/" + CaseViewer.folder
        guard let source else { return CaseViewerFolder.cases(of: record, in: target) }
        let found = CaseViewerFolder.cases(of: record, in: source)
        guard !found.isEmpty else { throw .noPages(folder: source) }
        let isSame =
            URL(fileURLWithPath: source).standardizedFileURL.path
            == URL(fileURLWithPath: target).standardizedFileURL.path
        guard !isSame else { return found }
        _ = try ReportFolder(path: target)
        for caseID in found.sorted() {
            let name = "/" + CaseViewer.fileName(of: caseID)
            guard let bytes = FileManager.default.contents(atPath: source + name) else {
                throw .cannotWrite(path: target + name, reason: "'\(source + name)' cannot be read")
            }
            try write(Array(bytes), to: target + name)
        }
        return found
    }

    private func write(_ bytes: [UInt8], to path: String) throws(ReportError) {
        do throws(ImagingError) { try AtomicFile.write(bytes, to: path) } catch {
            if case .cannotWrite(_, let reason) = error { throw .cannotWrite(path: path, reason: reason) }
            throw .cannotWrite(path: path, reason: error.description)
        }
    }
}
