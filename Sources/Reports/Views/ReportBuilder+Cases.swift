import Study

// Cases as the page marks and links them.

extension ReportBuilder {
    /// Most cases that can be marked: each needs a rule of the style sheet, and nobody reads a longer list.
    private static let mostGroups = 500

    /// Classes and anchors in the order of the record; numbers, because names of cases are text from outside.
    var caseGroups: [CaseGroupView] {
        guard record.cases.count <= ReportBuilder.mostGroups else { return [] }
        return record.cases.indices.map { CaseGroupView(name: "c\($0 + 1)", anchor: "case-\($0 + 1)") }
    }

    /// The same, by case.
    var groupsByCase: [String: CaseGroupView] {
        Dictionary(zip(record.cases.map(\.id), caseGroups), uniquingKeysWith: { first, _ in first })
    }

    /// The list of cases to be marked.
    var finder: [FinderView] {
        let groups = caseGroups
        guard groups.count > 1 else { return [] }
        return [
            FinderView(
                entries: zip(record.cases, groups).map { FinderEntryView(name: $0.id, anchor: $1.anchor) })
        ]
    }

    /// Address of the page with all slices of a case, where there is one.
    func pages(of caseID: String) -> [String] {
        options.casePages.contains(caseID) ? ["\(CaseViewer.folder)/\(CaseViewer.fileName(of: caseID))"] : []
    }
}
