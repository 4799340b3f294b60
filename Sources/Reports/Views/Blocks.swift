internal import Mustache

// What sections are made of. Property names are the tags of the templates; nothing here is optional, because a tag without a value
// would render as nothing.

/// A heading cell of a table.
struct HeaderView {
    var text: String
    /// Numbers are set to the right.
    var isNumber: Bool
}

/// A word with a colour behind it; the word alone says all.
struct BadgeView {
    var text: String
    /// Class of the style sheet: `pass`, `fail`, `unsure`, `none`.
    var kind: String

    init(_ verdict: VerdictWords) {
        text = verdict.text
        kind = verdict.kind
    }
}

/// A cell of a table.
struct CellView {
    var text: String
    var isNumber = false
    /// Set in a fixed-width face, may break anywhere.
    var isCode = false
    /// One badge, or none.
    var badges: [BadgeView] = []

    static func number(_ text: String) -> CellView { CellView(text: text, isNumber: true) }
    static func badge(_ verdict: VerdictWords) -> CellView { CellView(text: "", badges: [BadgeView(verdict)]) }
}

/// A row of a table; its first cell names it.
struct RowView {
    var head: String
    var cells: [CellView]
    /// Class of the case that the row is about, or none.
    var groups: [String] = []
    /// Address of the page with all slices, or none.
    var pages: [String] = []
}

/// A table with a caption.
struct TableView {
    var caption: String
    /// Heading of the first column.
    var firstHeader: String
    var headers: [HeaderView]
    var rows: [RowView]
    /// Wide tables are set smaller.
    var isWide = false

    init(_ caption: String, first: String, text: [String] = [], numbers: [String] = [], after: [String] = []) {
        self.caption = caption
        firstHeader = first
        headers =
            text.map { HeaderView(text: $0, isNumber: false) } + numbers.map { HeaderView(text: $0, isNumber: true) }
            + after.map { HeaderView(text: $0, isNumber: false) }
        rows = []
    }

    mutating func add(
        _ head: String, _ cells: [CellView], groups: [String] = [], pages: [String] = []
    ) {
        rows.append(RowView(head: head, cells: cells, groups: groups, pages: pages))
    }
}

/// A name with its value.
struct FactView {
    var label: String
    var value: String
    var isCode = false
}

/// A drawing with its caption.
struct FigureView {
    /// Escaped markup without any template tag.
    var svg: MustacheTemplate
    var caption: String

    init(_ markup: String, caption: String) throws(ReportError) {
        do { svg = try MustacheTemplate(string: markup) } catch {
            throw .template(name: "figure", problem: "\(error)")
        }
        self.caption = caption
    }
}

/// The pictures of one plane.
struct PlaneView {
    var name: String
    var detail: String
    /// Fewer and larger pictures in a row.
    var isLarge = false
    var pictures: [PictureView]
}

/// The words of a verdict.
struct VerdictWords: Equatable {
    var text: String
    var kind: String
}
