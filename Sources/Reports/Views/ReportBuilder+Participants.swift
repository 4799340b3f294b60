import Metrics
import Study

extension ReportBuilder {
    func participants() throws(ReportError) -> ParticipantsView {
        if let view = try publicParticipants() { return view }
        return ParticipantsView(
            section: heading(.participants),
            flow: try FigureView(
                FlowDiagram(steps: flow).svg(), caption: "From the cases that the cohort lists to those with results."),
            paragraphs: [
                "Cohort “\(record.cohort.name)”, manifest SHA-256 \(record.cohort.manifestSHA256). "
                    + (record.cohort.seedNamespace.map { "Computed phantoms, seed namespace “\($0)”. " } ?? "")
                    + "Subjects: \(Set(record.cases.map { $0.site + "\n" + $0.subject }).count)."
            ], tables: [siteTable, baseline].filter { !$0.rows.isEmpty })
    }

    /// Reasons of the cases that fulfil a condition, most frequent first.
    private func reasons(_ isIncluded: (CaseRecord) -> Bool) -> [(reason: String, count: Int)] {
        var counts: [String: Int] = [:]
        for item in record.cases where isIncluded(item) {
            counts[Words.reason(item.outcome.reasonCode ?? item.outcome.status.rawValue), default: 0] += 1
        }
        return counts.map { ($0.key, $0.value) }.sorted { ($1.1, $0.0) < ($0.1, $1.0) }
    }

    private var flow: [FlowDiagram.Step] {
        func lost(_ stages: [CaseStage]) -> (CaseRecord) -> Bool {
            { item in
                (item.outcome.status == .failed || item.outcome.status == .missing)
                    && item.outcome.stage.map { stages.contains($0) } ?? stages.contains(.input)
            }
        }
        let listed = record.cases.count
        let unread = record.cases.count(where: lost([.input]))
        let excluded = record.cases.count { $0.outcome.status == .excluded }
        let eligibilityFailed = record.cases.count(where: lost([.eligibility]))
        let ungenerated = record.cases.count(where: lost([.generation, .geometry]))
        let unmeasured = record.cases.count(where: lost([.evaluation, .pictures, .storage]))
        let readable = listed - unread
        let eligible = readable - excluded - eligibilityFailed
        let generated = eligible - ungenerated
        return [
            FlowDiagram.Step(label: "Listed in the cohort", count: listed, losses: []),
            FlowDiagram.Step(label: "Readable", count: readable, losses: reasons(lost([.input]))),
            FlowDiagram.Step(
                label: "Eligible", count: eligible,
                losses: reasons { $0.outcome.status == .excluded || lost([.eligibility])($0) }),
            FlowDiagram.Step(label: "Generated", count: generated, losses: reasons(lost([.generation, .geometry]))),
            FlowDiagram.Step(
                label: "Evaluated", count: generated - unmeasured,
                losses: reasons(lost([.evaluation, .pictures, .storage]))),
        ]
    }

    private var siteTable: TableView {
        var table = TableView(
            "Sites.", first: "Site", text: ["Country", "Ethics reference"], numbers: ["Planned", "Listed", "Evaluated"])
        for site in record.sites {
            let evaluated = record.cases.count { $0.site == site.code && $0.outcome.status == .ok }
            table.add(
                siteName(site.code),
                [
                    CellView(text: site.country ?? "not stated"), CellView(text: site.ethicsReference ?? "not stated"),
                    .number(site.plannedCases.map { "\($0)" } ?? "–"), .number("\(site.listedCases)"),
                    .number("\(evaluated)"),
                ])
        }
        return table
    }

    /// Levels of the covariates by site; a covariate with many levels is given by its range or its number of levels.
    private var baseline: TableView {
        let codes = record.sites.map(\.code)
        var table = TableView("Baseline of the listed cases, by site.", first: "Covariate", text: codes + ["All"])
        table.isWide = codes.count > 3
        var names = Set(record.cases.flatMap { $0.covariates.keys })
        names.subtract(["sex", "age_band"])
        add("Sex", to: &table, codes) { $0.sex ?? $0.covariates["sex"] ?? "not stated" }
        add("Age band", to: &table, codes) { $0.ageBand ?? $0.covariates["age_band"] ?? "not stated" }
        for name in names.sorted().prefix(16) {
            add(name.replacing("_", with: " "), to: &table, codes) { $0.covariates[name] ?? "not stated" }
        }
        return table
    }

    private func add(_ name: String, to table: inout TableView, _ codes: [String], _ level: (CaseRecord) -> String) {
        func words(_ cases: [CaseRecord]) -> String {
            let levels = cases.map(level)
            guard !levels.isEmpty else { return "–" }
            let counts = Dictionary(grouping: levels) { $0 }.mapValues(\.count)
            let numbers = levels.compactMap { Double($0) }.filter(\.isFinite).sorted()
            if counts.count > 4, numbers.count == levels.count, let first = numbers.first, let last = numbers.last {
                let median = StripPlot.quantile(numbers, 0.5)
                let format = NumberText(unit: "mm")
                return "median \(format.bare(median)) (\(format.bare(first)) to \(format.bare(last)))"
            }
            guard counts.count <= 6 else { return "\(counts.count) levels" }
            return counts.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
        }
        let groups = Dictionary(grouping: record.cases, by: \.site)
        table.add(
            name, codes.map { CellView(text: words(groups[$0] ?? [])) } + [CellView(text: words(record.cases))])
    }

    func standard() -> TablesSectionView {
        var table = TableView(
            "How the acquired images were brought onto each other; the residual error bounds what any score can reach.",
            first: "Site", text: ["Method"], numbers: ["Cases", "Median residual error", "Largest residual error"])
        let groups = Dictionary(grouping: record.cases) { $0.site + "\n" + ($0.registrationMethod ?? "not stated") }
        for key in groups.keys.sorted() {
            guard let cases = groups[key], let first = cases.first else { continue }
            let errors = cases.compactMap(\.registrationErrorMM).sorted()
            let format = NumberText(unit: "mm")
            table.add(
                siteName(first.site),
                [
                    CellView(text: first.registrationMethod ?? "not stated"), .number("\(cases.count)"),
                    .number(errors.isEmpty ? "not stated" : format.text(StripPlot.quantile(errors, 0.5))),
                    .number(errors.last.map { format.text($0) } ?? "not stated"),
                ])
        }
        let masks = ["liver", "lesions", "vessels", "body", "landmarks", "displacement"]
        var inputs = TableView(
            "Reference data that cases bring; where masks are missing the protocol's segmentation is used on both images.",
            first: "Reference", numbers: ["Cases"])
        for mask in masks {
            let count = record.cases.count { item in item.files.contains { $0.column == mask } }
            inputs.add(mask, [.number("\(count) of \(record.cases.count)")])
        }
        return TablesSectionView(
            section: heading(.standard),
            paragraphs: ["The truth is the registered, acquired image of the same subject."], tables: [table, inputs])
    }

    func protection() -> TextSectionView {
        TextSectionView(
            section: heading(.protection),
            paragraphs: [
                "Store and report hold pseudonyms, site codes, age bands and covariates of the manifest; no names, dates of birth, "
                    + "device serials or file paths. Input files are known by their SHA-256 only."
            ],
            points: [
                plan.allowsPictures
                    ? "The protocol allows pictures of slices in the store and in this report."
                    : "The protocol does not allow pictures: none were made.",
                plan.allowsPictureExport
                    ? "The protocol allows pictures to leave a site."
                    : "Pictures do not leave a site.",
                publicView.map(publicPoint)
                    ?? "This view shows exact counts, also small ones, and is meant for board and regulator; it is not for publication as it is ('validate report --public' writes the one that is).",
                "The page loads nothing from a network and runs no program.",
            ], tables: [])
    }
}
