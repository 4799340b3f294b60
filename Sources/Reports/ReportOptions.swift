public import Study

/// What a report needs beside the record of the run.
public struct ReportOptions: Sendable {
    /// Version of the tool that renders.
    public var toolVersion: String
    /// SHA-256 over all templates.
    var templatesSHA256: String
    /// Most worst cases with pictures.
    public var worstCaseCount: Int
    /// Comparison with an earlier model, if there is one.
    public var regression: RegressionReport?

    /// What may be published, for a report that holds no more than that; nil: the view of board and regulator with exact counts.
    public var publicView: PublicView?

    /// Cases with a page of their own in the folder `CaseViewer.folder` beside the report.
    public var casePages: Set<String> = []

    /// Longest list of lesions, vessels or events on the page; the exported tables have all.
    static let longestList = 60

    /// Makes options.
    public init(toolVersion: String, worstCaseCount: Int = 8, regression: RegressionReport? = nil) {
        self.toolVersion = toolVersion
        self.worstCaseCount = worstCaseCount
        self.regression = regression
        templatesSHA256 = ""
    }
}
