// The whole page, section by section, in the order of the templates.

/// The page of a study.
struct StudyView {
    var language = "en"
    var title: String
    /// DRAFT, PARTIAL or FINAL.
    var status: String
    /// Whether the status is written across every page.
    var isWatermarked: Bool
    var runningHead: String
    var reportID: String
    /// Cases that can be marked in all figures.
    var groups: [CaseGroupView]
    var contents: [ContentsView]
    var cover: CoverView
    var summary: SummaryView
    var system: FactsSectionView
    var plan: PlanView
    var changes: TablesSectionView
    var participants: ParticipantsView
    var standard: TablesSectionView
    var protection: TextSectionView
    var results: ResultsView
    var sites: FiguresSectionView
    var subgroups: TablesSectionView
    var failures: FailuresView
    var missing: TablesSectionView
    var robustness: TablesSectionView
    var regression: FiguresSectionView
    var limitations: TextSectionView
    var usage: TextSectionView
    var software: FactsSectionView
    var audit: FactsSectionView
    var availability: FactsSectionView
    var checklist: TablesSectionView
}

/// A line of the table of contents.
struct ContentsView {
    var number: String
    var heading: String
    var anchor: String
}

/// A case in figures and tables: its class, and the place whose link marks it.
struct CaseGroupView {
    var name: String
    var anchor: String
}

/// The list of cases to be marked.
struct FinderView {
    var entries: [FinderEntryView]
}

struct FinderEntryView {
    var name: String
    var anchor: String
}

/// What every section has.
struct HeadingView {
    var number: String
    var heading: String
    var anchor: String
}

struct CoverView {
    var purpose: String
    var title: String
    var status: String
    var statusWords: String
    var verdict: BadgeView
    var verdictWords: String
    var banner: [String]
    var intendedUse: String
    var facts: [FactView]
    var hashes: [FactView]
    var approvers: [ApproverView]
}

/// A line to be signed by hand.
struct ApproverView {
    var role: String
    var meaning: String
}

struct SummaryView {
    var section: HeadingView
    var plain: [String]
    var figures: [FactView]
    var criteria: TableView
    var secondary: [TableView]
    var notes: [String]
}

/// A section of names and values, with tables below.
struct FactsSectionView {
    var section: HeadingView
    var paragraphs: [String]
    var facts: [FactView]
    var commands: [String]
    var tables: [TableView]
}

/// A section of paragraphs and points.
struct TextSectionView {
    var section: HeadingView
    var paragraphs: [String]
    var points: [String]
    var tables: [TableView]
}

/// A section of tables.
struct TablesSectionView {
    var section: HeadingView
    var paragraphs: [String]
    var tables: [TableView]
}

/// A section of figures, each with its table.
struct FiguresSectionView {
    var section: HeadingView
    var paragraphs: [String]
    var items: [FigureItemView]
}

struct FigureItemView {
    var heading: String
    var figures: [FigureView]
    var tables: [TableView]
    var notes: [String]
}

struct PlanView {
    var section: HeadingView
    var methods: [String]
    var facts: [FactView]
    var tables: [TableView]
}

struct ParticipantsView {
    var section: HeadingView
    var flow: FigureView
    var paragraphs: [String]
    var tables: [TableView]
}

struct ResultsView {
    var section: HeadingView
    var paragraphs: [String]
    /// One list, or none where there are too many cases for it.
    var finder: [FinderView]
    var items: [FigureItemView]
    var cases: [TableView]
}

struct FailuresView {
    var section: HeadingView
    var paragraphs: [String]
    var failed: [TableView]
    var lesions: [TableView]
    var vessels: [TableView]
    var branchNotes: [String]
    /// Whether single cases are shown.
    var showsCases = true
    var worst: [WorstCaseView]
    var legend: [LegendView]
}

/// An outline colour with what it stands for.
struct LegendView {
    var structure: String
    var colour: String
}

/// A case that did worst, with pictures.
struct WorstCaseView {
    var caseID: String
    /// Address of the page with all slices, or none.
    var pages: [String]
    var site: String
    var reason: String
    var facts: [FactView]
    var planes: [PlaneView]
    var tables: [TableView]
    var curves: [FigureView]
    var absent: [String]
}
