public import Study

/// The report of one run: a pure function of its record, the templates and the version of the tool.
public struct StudyReport: Sendable {
    /// Largest page, in bytes.
    public static let byteLimit = 10 << 20

    /// The page, self-contained HTML.
    public let html: [UInt8]
    /// Identifies the report: a hash over results, protocol, templates, version and audit head.
    public let identifier: String

    /// Renders the page.
    ///
    /// Where pictures would make the page too large, fewer worst cases are shown.
    ///
    /// - Throws: `ReportError.template`, or `.tooLarge` when the page exceeds the limit even without pictures.
    public init(record: RunRecord, templates: ReportTemplates, options: ReportOptions) throws(ReportError) {
        var options = options
        options.templatesSHA256 = templates.sha256
        // The public view brings its own record, in which there is no case.
        let record = options.publicView?.record ?? record
        if options.publicView != nil { options.casePages = [] }
        while true {
            let builder = ReportBuilder(record: record, options: options)
            let page = StudyReport.printable(Array(try templates.render(builder.view()).utf8))
            if page.count <= StudyReport.byteLimit {
                html = page
                identifier = builder.reportID
                return
            }
            guard options.worstCaseCount > 0 else { throw .tooLarge(bytes: page.count, limit: StudyReport.byteLimit) }
            options.worstCaseCount /= 2
        }
    }

    /// Leaves out what a page may not hold, escaped or not: control characters, and marks that turn the direction of text around, with which
    /// a name can be made to read as another.
    static func printable(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte == 0xE2, index + 2 < bytes.count {
                let (second, third) = (bytes[index + 1], bytes[index + 2])
                let isTurning =
                    (second == 0x80 && (0xAA...0xAE).contains(third))
                    || (second == 0x81 && (0xA6...0xA9).contains(third))
                if isTurning {
                    index += 3
                    continue
                }
            }
            if byte >= 0x20 && byte != 0x7F || byte == 0x0A || byte == 0x09 { result.append(byte) }
            index += 1
        }
        return result
    }
}
