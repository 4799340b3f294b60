import Foundation
import Imaging
internal import Synchronization
public import Study

/// Writes the page of each case of a run into a folder.
public final class CaseViewerFolder: Sendable {
    /// The folder.
    public let path: String
    private let study: CaseViewer.Study
    private let templates: ReportTemplates
    private let failures = Mutex<[String: String]>([:])

    /// Creates the folder where it is missing.
    ///
    /// - Throws: `ReportError.cannotWrite`.
    public init(path: String, study: CaseViewer.Study, templates: ReportTemplates) throws(ReportError) {
        self.path = try ReportFolder(path: path).path
        self.study = study
        self.templates = templates
    }

    /// Writes a page; a failure is kept for the end, because the results of a case must not depend on it.
    public func write(_ shown: CaseShown) {
        let file = path + "/" + CaseViewer.fileName(of: shown.record.id)
        do {
            try AtomicFile.write(CaseViewer(shown, of: study, templates: templates).html, to: file)
        } catch {
            failures.withLock { $0[shown.record.id] = "\(error)" }
        }
    }

    /// Why pages are missing, by case.
    public var missing: [(caseID: String, reason: String)] {
        failures.withLock { $0 }.sorted { $0.key < $1.key }.map { (caseID: $0.key, reason: $0.value) }
    }

    /// Those cases of a run whose page lies in a folder and was made from the very image that was measured.
    public static func cases(of record: RunRecord, in folder: String) -> Set<String> {
        Set(
            record.cases.filter { item in
                item.outcome.outputSHA256 != nil
                    && CaseViewer.outputSHA256(ofPage: folder + "/" + CaseViewer.fileName(of: item.id))
                        == item.outcome.outputSHA256
            }.map(\.id))
    }
}
