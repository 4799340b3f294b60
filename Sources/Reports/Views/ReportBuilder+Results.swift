import Foundation
import Metrics
import Study

extension ReportBuilder {
    func results() throws(ReportError) -> ResultsView {
        if let publicResults { return publicResults }
        var items: [FigureItemView] = []
        for endpoint in plan.endpoints { items.append(try item(endpoint)) }
        return ResultsView(
            section: heading(.results),
            paragraphs: [
                "Each point is one case; boxes span the quartiles with the median as a line. Diamonds are cases that the protocol's "
                    + "rule flags as outliers: flagged, never dropped. Crosses are cases without a value."
            ], finder: finder, items: items, cases: [caseTable])
    }

    private func item(_ endpoint: StudyProtocol.Endpoint) throws(ReportError) -> FigureItemView {
        let values = values(endpoint)
        let summary = record.analyses(of: endpoint.oid).first { $0.kind == .descriptive }
        let outliers = Set((summary.flatMap { text("outliers", in: $0) } ?? "").components(separatedBy: ", "))
        // Thresholds and units of shares are not on the scale of single cases.
        let metricFormat = caseFormat(endpoint)
        let isShare = endpoint.estimator == .proportion
        var marks = plan.criteria(on: endpoint.oid).filter { _ in !isShare }.map {
            StripPlot.Mark(label: "threshold", value: $0.threshold, isThreshold: true)
        }
        if let limit = endpoint.caseLimit {
            marks.append(StripPlot.Mark(label: "limit", value: limit, isThreshold: true))
        }
        if !isShare {
            let claims = plan.claims(on: endpoint.oid).filter { claim in !marks.contains { $0.value == claim.value } }
            marks += claims.map { StripPlot.Mark(label: "claim", value: $0.value, isThreshold: false) }
        }
        let groups = groupsByCase
        let plot = StripPlot(
            points: values.entries.map { entry in
                StripPlot.Point(
                    caseID: entry.caseID, site: entry.site, value: entry.number,
                    isOutlier: outliers.contains(entry.caseID), reason: reason(entry.value),
                    group: groups[entry.caseID]?.name)
            }, sites: Set(values.entries.map(\.site)).sorted(), marks: marks,
            axisName: axisName(endpoint, metricFormat), format: metricFormat)
        var figures: [FigureView] = []
        if !values.numbers.isEmpty {
            figures.append(
                try FigureView(
                    plot.svg(), caption: "\(endpoint.name), every case by site (\(Words.better(endpoint.better)))."))
        }
        return FigureItemView(
            heading: endpoint.name, figures: figures, tables: [intervalTable(endpoint)],
            notes: notes(endpoint, summary, values))
    }

    private func axisName(_ endpoint: StudyProtocol.Endpoint, _ format: NumberText) -> String {
        let unit = format.suffix.isEmpty ? "" : " (\(format.unit))"
        return endpoint.name + unit
    }

    /// What a case without a number has instead.
    func reason(_ value: CaseValue) -> String {
        switch value {
        case .value, .imputed: ""
        case .trueNegative: "true negative: nothing there and nothing shown"
        case .missing(let code): Words.reason(code)
        }
    }

    func intervalTable(_ endpoint: StudyProtocol.Endpoint) -> TableView {
        let format = format(endpoint)
        var table = TableView(
            "Estimates of \(endpoint.name).", first: "Method", text: ["Analysis set"],
            numbers: ["n", "Missing", "Estimate", "\(confidence) CI"], after: ["Remark"])
        for line in record.analyses(of: endpoint.oid) where line.kind == .decision || line.kind == .interval {
            let counts = counts(line)
            table.add(
                (line.kind == .decision ? "Decision: " : "") + method(line.method),
                [
                    CellView(text: line.set == .fullAnalysis ? "full analysis" : "per protocol"),
                    .number(counts.evaluated), .number(counts.missing), .number(format.text(line.estimate)),
                    .number(format.interval(line.lower, line.upper)), CellView(text: line.note ?? "none"),
                ])
        }
        return table
    }

    /// Names of methods as the analysis writes them, in words.
    func method(_ name: String) -> String {
        switch name {
        case "mean_t": "mean, Student's t"
        case "mean_bca": "mean, BCa bootstrap"
        case "mean_random_effects": "mean, random effects over sites"
        case "median_order": "median, order statistics"
        case "median_bca": "median, BCa bootstrap"
        case "proportion_clopper_pearson": "share, Clopper–Pearson"
        case "proportion_bca": "share, BCa bootstrap"
        case "paired_t": "paired t"
        case "mixed_model": "mixed model with a random effect of the site"
        case "hodges_lehmann": "Hodges–Lehmann"
        case "paired_proportion": "paired share"
        case "welch_t": "Welch's t"
        case "welch_anova": "Welch's analysis of variance"
        case "kruskal_wallis": "Kruskal–Wallis"
        default: name.replacing("_", with: " ")
        }
    }

    private func notes(
        _ endpoint: StudyProtocol.Endpoint, _ summary: AnalysisRecord?, _ values: EndpointValues
    ) -> [String] {
        var notes: [String] = []
        let format = caseFormat(endpoint)
        if let summary {
            let parts = [("SD", "sd"), ("median", "median"), ("minimum", "minimum"), ("maximum", "maximum")].compactMap
            {
                label, name in number(name, in: summary).map { "\(label) \(format.text($0))" }
            }
            notes.append("Spread over cases: \(parts.joined(separator: ", ")).")
            let outliers = text("outliers", in: summary) ?? ""
            if !outliers.isEmpty { notes.append("Flagged as outliers: \(outliers).") }
        }
        let imputed = values.entries.count { if case .imputed = $0.value { true } else { false } }
        if imputed > 0 {
            notes.append("\(Words.count(imputed, "case")) got a value by the protocol's rule for empty masks.")
        }
        let negatives = values.entries.count { $0.value == .trueNegative }
        if negatives > 0 {
            notes.append("\(Words.count(negatives, "true negative")): nothing there and nothing shown.")
        }
        if let definition = MetricCatalog.definition(of: endpoint.metric) {
            notes.append("Metric \(definition.id), version \(definition.version): \(definition.summary)")
        }
        return notes
    }

    /// Every case with its primary endpoints.
    private var caseTable: TableView {
        let endpoints = primaryEndpoints.isEmpty ? Array(plan.endpoints.prefix(5)) : Array(primaryEndpoints.prefix(7))
        var table = TableView(
            "Every case with its primary endpoints.", first: "Case", text: ["Site", "Outcome"],
            numbers: endpoints.map(\.name))
        table.isWide = true
        let groups = groupsByCase
        let all = endpoints.map { endpoint in
            Dictionary(
                EndpointValues(record: record, endpoint: endpoint, set: .fullAnalysis).entries.map {
                    ($0.caseID, $0.value)
                },
                uniquingKeysWith: { first, _ in first })
        }
        for item in record.cases {
            let cells = zip(endpoints, all).map { endpoint, values -> CellView in
                let format = caseFormat(endpoint)
                switch values[item.id] {
                case .value(let number): return .number(format.text(number))
                case .imputed(let number): return .number("\(format.text(number)) (by rule)")
                case .trueNegative: return CellView(text: "true negative")
                case .missing(let code): return CellView(text: "no value: \(Words.reason(code))")
                case nil: return CellView(text: "not in the set")
                }
            }
            let group = groups[item.id]
            table.add(
                item.id, [CellView(text: item.site), CellView(text: item.outcome.status.rawValue)] + cells,
                groups: group.map { [$0.name] } ?? [], pages: pages(of: item.id))
        }
        return table
    }

    func sites() throws(ReportError) -> FiguresSectionView {
        var items: [FigureItemView] = []
        for endpoint in primaryEndpoints {
            if let item = try siteItem(endpoint) { items.append(item) }
        }
        var paragraphs = [
            "Claims about several sites rest on intervals that know about sites: ignoring them can turn a verdict."
        ]
        if record.sites.count < 5 {
            paragraphs.append(
                "With \(Words.count(record.sites.count, "site")), the spread between sites is poorly known"
                    + (record.sites.count < 3 ? " and no prediction for a further site is possible." : "."))
        }
        if items.isEmpty { paragraphs.append("There is nothing to compare between sites.") }
        return FiguresSectionView(section: heading(.sites), paragraphs: paragraphs, items: items)
    }

    private func siteItem(_ endpoint: StudyProtocol.Endpoint) throws(ReportError) -> FigureItemView? {
        let lines = record.analyses(of: endpoint.oid)
        let sites = lines.filter { $0.kind == .site }
        guard sites.contains(where: { $0.estimate != nil }) else { return nil }
        let format = format(endpoint)
        var rows = sites.map {
            ForestPlot.Row(
                label: $0.group, count: $0.evaluated, shownCount: counts($0).evaluated, estimate: $0.estimate,
                lower: $0.lower, upper: $0.upper,
                note: publicView != nil && $0.estimate == nil ? "withheld" : $0.evaluated == 0 ? "no value" : "")
        }
        let pooled = lines.first { $0.kind == .heterogeneity && $0.method == "random_effects" }
        if let pooled, pooled.estimate != nil {
            rows.append(
                ForestPlot.Row(
                    label: "All sites, pooled", count: pooled.evaluated, shownCount: counts(pooled).evaluated,
                    estimate: pooled.estimate, lower: pooled.lower, upper: pooled.upper, isPooled: true))
        }
        var prediction: (lower: Double, upper: Double)?
        if let pooled, let lower = number("prediction_lower", in: pooled),
            let upper = number("prediction_upper", in: pooled)
        {
            prediction = (lower, upper)
        }
        let criterion = plan.criteria(on: endpoint.oid).first
        let plot = ForestPlot(
            rows: rows, prediction: prediction, threshold: criterion.map { ("threshold", $0.threshold) },
            axisName: "\(Words.estimator(endpoint)) of \(endpoint.name)", format: format)
        let isHigher = endpoint.better == .higher || endpoint.estimator == .proportion
        let worst = sites.filter { $0.estimate != nil }.min { a, b in
            let (x, y) = (a.estimate ?? 0, b.estimate ?? 0)
            return isHigher ? x < y : x > y
        }
        var notes = worst.map { ["Worst site: \($0.group), \(format.text($0.estimate))."] } ?? []
        if let note = pooled?.note { notes.append("Pooling: \(note).") }
        return FigureItemView(
            heading: endpoint.name,
            figures: [
                try FigureView(
                    plot.svg(),
                    caption: "\(endpoint.name) by site"
                        + (publicView == nil ? "; squares grow with the number of cases." : "."))
            ],
            tables: [spreadTable(endpoint, lines, pooled)].filter { !$0.rows.isEmpty }, notes: notes)
    }

    private func spreadTable(
        _ endpoint: StudyProtocol.Endpoint, _ lines: [AnalysisRecord], _ pooled: AnalysisRecord?
    ) -> TableView {
        let format = format(endpoint)
        var table = TableView(
            "Spread between sites of \(endpoint.name).", first: "Quantity", numbers: ["Value", "\(confidence) CI"])
        if let pooled, pooled.estimate != nil {
            table.add(
                "Pooled estimate",
                [.number(format.text(pooled.estimate)), .number(format.interval(pooled.lower, pooled.upper))])
            if let tau = number("tau_squared", in: pooled) {
                let interval = (number("tau_squared_lower", in: pooled), number("tau_squared_upper", in: pooled))
                let root = format.text(max(0, tau).squareRoot())
                table.add(
                    "τ, standard deviation between sites",
                    [
                        .number(root),
                        .number(
                            format.interval(
                                interval.0.map { max(0, $0).squareRoot() }, interval.1.map { max(0, $0).squareRoot() })),
                    ])
            }
            if let share = number("i_squared_percent", in: pooled) {
                table.add(
                    "I², share of the spread beyond chance", [.number(NumberText(unit: "%").text(share)), .number("–")])
            }
            table.add(
                "Prediction for a further site",
                [
                    .number("–"),
                    .number(
                        format.interval(number("prediction_lower", in: pooled), number("prediction_upper", in: pooled))),
                ])
        }
        for line in lines where line.kind == .heterogeneity && line.method == "random_effects_without" {
            table.add(
                "Pooled without \(line.group)",
                [.number(format.text(line.estimate)), .number(format.interval(line.lower, line.upper))])
        }
        return table
    }

    func subgroups() -> TablesSectionView {
        var unknown: [String] = []
        let tables = plan.subgroups.compactMap { subgroup -> TableView? in
            let name = subgroup.covariate.replacing("_", with: " ")
            let prefix = subgroup.covariate + "="
            var table = TableView(
                "Primary endpoints by \(name).", first: "Level", text: ["Endpoint"],
                numbers: ["n", "Missing", "Estimate", "\(confidence) CI"], after: ["Remark"])
            for endpoint in primaryEndpoints {
                let lines = record.analyses(of: endpoint.oid).filter {
                    $0.kind == .subgroup && $0.group.hasPrefix(prefix)
                }
                for line in lines {
                    table.add(String(line.group.dropFirst(prefix.count)), subgroupCells(endpoint, line))
                }
            }
            guard table.rows.contains(where: { $0.head != "unknown" }) else {
                unknown.append(name)
                return nil
            }
            return table
        }
        var paragraphs = [
            plan.subgroups.isEmpty
                ? "The protocol names no subgroup."
                : "Exploratory: differences between levels can arise by chance and decide nothing. "
                    + (publicView.map {
                        "Counts below \($0.smallestCount), and what they could be computed from, are not shown."
                    }
                        ?? "Exact counts are shown, also small ones: this is the view of board and regulator.")
        ]
        if !unknown.isEmpty { paragraphs.append("The cohort does not state: \(unknown.joined(separator: ", ")).") }
        let tests = levelTable
        if !untested.isEmpty {
            let words =
                publicView == nil
                ? "Not tested between levels, as no endpoint has two levels with at least 10 evaluated cases"
                : "Not tested between levels, or not shown as counts are small"
            paragraphs.append(
                words + ": "
                    + untested.map { $0.replacing("_", with: " ") }.joined(separator: ", ") + ".")
        }
        if !tests.rows.isEmpty {
            paragraphs.append(
                "Levels with at least 10 evaluated cases are compared by Welch's test (more than two: Welch's analysis of variance), "
                    + "with the rank test of Kruskal and Wallis beside it. Adjusted p-values are Holm's over the covariates of an "
                    + "endpoint. Cases of one subject count as independent.")
        }
        return TablesSectionView(
            section: heading(.subgroups), paragraphs: paragraphs, tables: tables + [tests].filter { !$0.rows.isEmpty })
    }

    /// Covariates whose levels no endpoint was tested between: a row for each endpoint would say nothing.
    private var untested: [String] {
        let lines = record.analyses.filter { $0.kind == .levels }
        let tested = Set(lines.filter { $0.p != nil }.map(\.group))
        return Set(lines.map(\.group)).subtracting(tested).sorted()
    }

    /// Tests between levels; none in stores of tools before them.
    private var levelTable: TableView {
        var table = TableView(
            "Tests between levels, exploratory.", first: "Endpoint", text: ["Covariate", "Levels compared", "Test"],
            numbers: ["n", "p", "p, Holm", "p, ranks"], after: ["Remark"])
        table.isWide = true
        let untested = untested
        for endpoint in plan.endpoints {
            for line in record.analyses(of: endpoint.oid) where line.kind == .levels && !untested.contains(line.group) {
                let leftOut = text("left_out", in: line) ?? ""
                let remarks = [line.note, leftOut.isEmpty ? nil : "left out: \(leftOut)"].compactMap(\.self)
                let levels = text("levels", in: line) ?? ""
                table.add(
                    endpoint.name,
                    [
                        CellView(text: line.group.replacing("_", with: " ")),
                        CellView(text: levels.isEmpty ? "none" : levels),
                        CellView(text: line.p == nil ? "no test" : method(line.method)),
                        .number(counts(line).evaluated), .number(NumberText.p(line.p)),
                        .number(NumberText.p(number("holm_p", in: line))),
                        .number(NumberText.p(number("kruskal_wallis_p", in: line))),
                        CellView(text: remarks.isEmpty ? "none" : remarks.joined(separator: "; ")),
                    ])
            }
        }
        return table
    }

    private func subgroupCells(_ endpoint: StudyProtocol.Endpoint, _ line: AnalysisRecord) -> [CellView] {
        let format = format(endpoint)
        let isSmall = publicView == nil && line.evaluated < 10
        let counts = counts(line)
        return [
            CellView(text: endpoint.name), .number(counts.evaluated), .number(counts.missing),
            .number(format.text(line.estimate)),
            .number(isSmall ? "not assessable" : format.interval(line.lower, line.upper)),
            CellView(text: line.note ?? (isSmall ? "fewer than 10 cases: not assessable" : "none")),
        ]
    }
}
