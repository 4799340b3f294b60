import Foundation
import Glibc

/// Prints the page as tagged PDF/A-3a through WeasyPrint in a Python environment of its own.
public struct PDFPrinter: Sendable {
    /// The program.
    public let program: String

    /// Finds the program: `.venv/bin/weasyprint` under one of the folders, or beside an installed command.
    ///
    /// - Parameter folders: Folders to look in, in order, such as the checkout and the share folder of an installation.
    /// - Throws: `ReportError.printerMissing` with what to do.
    public init(lookingIn folders: [String]) throws(ReportError) {
        let candidates = folders.flatMap { ["\($0)/.venv/bin/weasyprint", "\($0)/venv/bin/weasyprint"] }
        guard let found = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
            throw .printerMissing(
                hint:
                    "WeasyPrint is not installed; run script/setup (or script/install) and try again. The HTML report is there."
            )
        }
        program = found
    }

    /// The interpreter of the environment that the program lives in.
    private var python: String { (program as NSString).deletingLastPathComponent + "/python" }

    /// What the interpreter is told.
    ///
    /// WeasyPrint's own command dates attachments by the clock; its library takes the time that it is told. The page may
    /// load data addresses only.
    private static let script = """
        import datetime, sys
        from weasyprint import HTML, Attachment
        from weasyprint.urls import URLFetcher
        page, target, epoch, *files = sys.argv[1:]
        when = datetime.datetime.fromtimestamp(int(epoch), datetime.timezone.utc)
        added = [Attachment(filename=name, created=when, modified=when) for name in files]
        fetcher = URLFetcher(allowed_protocols=["data"])
        # Without a base, links to pages beside the report are left out: they would carry the folder's path.
        with open(page, encoding="utf-8") as file: text = file.read()
        HTML(string=text, base_url=None, url_fetcher=fetcher).write_pdf(
            target, attachments=added, pdf_variant="pdf/a-3a", pdf_tags=True)
        """

    /// Prints a page; the same page gives the same bytes.
    ///
    /// - Parameters:
    ///   - html: The page.
    ///   - pdf: Where the PDF goes, replaced at the end only.
    ///   - attachments: Files that go into the PDF.
    ///   - epoch: Time in the document's metadata, in seconds since 1970: that of the run, never now.
    ///   - timeoutSeconds: Longest time that printing may take.
    /// - Throws: `ReportError.printerFailed`.
    public func print(
        html: String, to pdf: String, attachments: [String], epoch: Int, timeoutSeconds: Int = 300
    ) throws(ReportError) {
        let process = Process()
        let part = pdf + ".part"
        // The limit is held by coreutils: a page that hangs the printer must not hang the report.
        process.executableURL = URL(fileURLWithPath: "/usr/bin/timeout")
        let files = ([html, part] + attachments).map { URL(fileURLWithPath: $0).path }
        process.arguments =
            ["--kill-after=5", "\(timeoutSeconds)", python, "-c", PDFPrinter.script, files[0], files[1], "\(epoch)"]
            + files.dropFirst(2)
        // Python would load modules from the current folder, where anybody may put a file.
        process.currentDirectoryURL = URL(fileURLWithPath: "/")
        // Nothing of the caller's environment is needed, and nothing of it should change the bytes.
        process.environment = [
            "SOURCE_DATE_EPOCH": "\(epoch)", "LC_ALL": "C.UTF-8", "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": "/nonexistent",
            "PYTHONDONTWRITEBYTECODE": "1",
            // The order of its sets reaches the bytes.
            "PYTHONHASHSEED": "0",
        ]
        let errors = Pipe()
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        do { try process.run() } catch { throw .printerFailed(problem: "'\(program)' does not start") }
        let said = (try? errors.fileHandleForReading.readToEnd()) ?? Data()
        process.waitUntilExit()
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            unlink(part)
            let lines = String(decoding: said.suffix(2000), as: UTF8.self).split(separator: "\n")
            let words =
                process.terminationStatus == 124
                ? "the limit of \(timeoutSeconds) s" : "code \(process.terminationStatus)"
            throw .printerFailed(problem: "WeasyPrint ended with \(words): \(lines.last ?? "no message")")
        }
        guard rename(part, pdf) == 0 else { throw .cannotWrite(path: pdf, reason: "it cannot be renamed into place") }
    }
}
