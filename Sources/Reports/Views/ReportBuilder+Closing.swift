import Metrics
import Study

extension ReportBuilder {
    func missing() -> TablesSectionView {
        var table = TableView(
            "Cases without a value, by endpoint.", first: "Endpoint", numbers: ["Planned", "Evaluated", "Missing"],
            after: ["Reasons"])
        for endpoint in plan.endpoints where publicView == nil {
            let values = values(endpoint)
            var reasons: [String: Int] = [:]
            for entry in values.entries {
                if case .missing(let code) = entry.value { reasons[Words.reason(code), default: 0] += 1 }
            }
            let words = reasons.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) × \($0.key)" }
            table.add(
                endpoint.name,
                [
                    .number("\(values.planned)"), .number("\(values.evaluated)"), .number("\(values.missing)"),
                    CellView(text: words.isEmpty ? "none" : words.joined(separator: "; ")),
                ])
        }
        var sensitivity = TableView(
            "The decision under every rule for missing data and in the other analysis set.", first: "Endpoint",
            text: ["Rule"], numbers: ["n", "Estimate", "\(confidence) CI"], after: ["Verdict", "Remark"])
        for endpoint in plan.endpoints {
            for line in record.analyses(of: endpoint.oid) where line.kind == .sensitivity {
                let format = format(endpoint)
                sensitivity.add(
                    endpoint.name,
                    [
                        CellView(text: rule(line.method)), .number(counts(line).evaluated),
                        .number(format.text(line.estimate)),
                        .number(format.interval(line.lower, line.upper)), .badge(VerdictWords(line.verdict)),
                        CellView(text: line.note ?? "none"),
                    ])
            }
        }
        return TablesSectionView(
            section: heading(.missing),
            paragraphs: ["The verdict follows this rule of the protocol: \(Words.missing(statistics.missingData))."],
            tables: [table, sensitivity].filter { !$0.rows.isEmpty })
    }

    /// `missing:complete-case mean_t` and `set:per-protocol mean_t` in words.
    private func rule(_ method: String) -> String {
        let first = method.split(separator: " ").first.map(String.init) ?? method
        return first.replacing("missing:", with: "").replacing("set:", with: "set: ").replacing("-", with: " ")
    }

    func robustness() -> TablesSectionView {
        let ids = ["repeat_sd", "slice_consistency", "hu_bias", "contrast_ratio"]
        let measured = ids.compactMap { id -> (String, [Double])? in
            let values = record.cases.flatMap { item in
                item.measurements.filter { $0.measurement.metric == id }.compactMap { record -> Double? in
                    guard case .value(let value) = record.measurement.value else { return nil }
                    return value
                }
            }
            return values.isEmpty ? nil : (id, values.sorted())
        }
        var table = TableView(
            "Measures of uncertainty and consistency over cases.", first: "Measure", numbers: ["n", "Median", "Range"])
        for (id, values) in measured {
            let definition = MetricCatalog.definition(of: id)
            let format = NumberText(unit: definition?.unit ?? "1")
            table.add(
                definition?.name ?? id,
                [
                    .number("\(values.count)"), .number(format.text(StripPlot.quantile(values, 0.5))),
                    .number(format.interval(values.first, values.last)),
                ])
        }
        return TablesSectionView(
            section: heading(.robustness),
            paragraphs: [
                "The bootstrap intervals of section \(Section.results.rawValue) and the rules of section \(Section.missing.rawValue) "
                    + "show how far the estimates depend on single cases. "
                    + (measured.isEmpty
                        ? "Repeated generation with other seeds and disturbed inputs were not part of this run." : "")
            ], tables: table.rows.isEmpty ? [] : [table])
    }

    func limitations() -> TextSectionView {
        var points = plan.limitations
        let sites = record.sites.count
        if sites < 2 { points.append("One site: nothing can be said about other sites.") }
        if sites >= 2, sites < 5 { points.append("\(sites) sites: the spread between sites is poorly known.") }
        if record.sites.count < plan.minimumSites {
            points.append(
                "The protocol asks for \(plan.minimumSites) sites for a multi-site claim; there are \(sites).")
        }
        let evaluated = publicView.map { $0.evaluatedCount ?? 0 } ?? record.cases.count { $0.outcome.status == .ok }
        if evaluated < 20, publicView == nil {
            points.append("\(evaluated) evaluated cases: rare failures cannot have been seen.")
        }
        if evaluated > 0 {
            // Rule of three: upper 95 % bound of a rate of which nothing was seen.
            let bound = NumberText(unit: "%").text(min(100, 300 / Double(evaluated)))
            points.append("A kind of failure that did not occur here may still occur in up to about \(bound) of cases.")
        }
        for (covariate, words) in [("vendor", "scanner vendor"), ("field_t", "field strength")] {
            let levels = Set(record.cases.compactMap { $0.covariates[covariate] })
            if levels.count == 1 { points.append("All cases come from one \(words).") }
        }
        if !lostCases.isEmpty {
            points.append("\(Words.count(lostCases.count, "case")) without a result may differ from those with one.")
        }
        let withError = record.cases.count { $0.registrationErrorMM != nil }
        if publicView?.hasLosses == true { points.append("Cases without a result may differ from those with one.") }
        if withError < record.cases.count {
            points.append(
                "The residual error of registration is stated for \(withError) of \(record.cases.count) cases; it bounds every score."
            )
        }
        if plan.measurement.segmentation != nil {
            points.append(
                "Where masks are missing, structures were segmented automatically in both images, with errors of their own."
            )
        }
        points.append(
            "Published claims did not define their metrics; the definitions used here are stated in section \(Section.plan.rawValue)."
        )
        return TextSectionView(section: heading(.limitations), paragraphs: [], points: points, tables: [])
    }

    func usage() -> TextSectionView {
        TextSectionView(
            section: heading(.usage), paragraphs: [plan.identity.intendedUse],
            points: [
                "Generated images must be recognisable as such wherever they are shown.",
                "Inputs outside of what was studied here (section \(Section.participants.rawValue)) are not covered by these results.",
                "This report is evidence for a decision; it is not a clearance as a medical device.",
            ], tables: [])
    }

    func software() -> FactsSectionView {
        let run = record.run
        var libraries = TableView("Components.", first: "Component", text: ["Version"])
        for (name, version) in run.libraries.sorted(by: { $0.key < $1.key }) {
            libraries.add(name, [CellView(text: version)])
        }
        var metrics = TableView(
            "Versions of the metrics that were used; a change of any value changes the version.", first: "Metric",
            numbers: ["Version"])
        let used = Set(
            record.cases.flatMap { $0.measurements.map { "\($0.measurement.metric)\n\($0.implementationVersion)" } })
        for key in used.sorted() {
            let parts = key.split(separator: "\n")
            metrics.add(String(parts[0]), [.number(String(parts[1]))])
        }
        for (metric, version) in publicView?.metricVersions ?? [] { metrics.add(metric, [.number("\(version)")]) }
        var shards = TableView("Shards that the run was joined from.", first: "Shard", text: ["Status", "SHA-256"])
        for shard in record.shards {
            shards.add(
                "\(shard.index) of \(shard.count)",
                [CellView(text: shard.status.rawValue), CellView(text: shard.sha256 ?? "not stated", isCode: true)])
        }
        return FactsSectionView(
            section: heading(.software), paragraphs: [],
            facts: [
                FactView(
                    label: "AP-HiDiff Validate", value: run.toolVersion + (run.commit.map { ", commit \($0)" } ?? "")),
                FactView(label: "Report rendered by", value: "AP-HiDiff Validate \(options.toolVersion)"),
                FactView(label: "Templates, SHA-256", value: options.templatesSHA256, isCode: true),
                FactView(label: "Run", value: run.id, isCode: true),
                FactView(label: "Started, ended (UTC)", value: "\(run.startedUTC), \(run.endedUTC ?? "not ended")"),
                FactView(
                    label: "Machine",
                    value: "\(run.hostClass), \(run.processor), \(Words.count(run.jobs, "case")) at a time"),
                FactView(label: "Seed", value: "\(run.seed)"),
                FactView(label: "Cohort manifest, SHA-256", value: record.cohort.manifestSHA256, isCode: true),
                FactView(label: "Results, digest", value: run.resultsDigest, isCode: true),
            ], commands: [], tables: [libraries, shards, metrics].filter { !$0.rows.isEmpty })
    }

    func audit() -> FactsSectionView {
        var events = TableView("Events of this run.", first: "No.", text: ["UTC", "Who", "What", "Why", "Hash"])
        // A line per case would bury the rest; the chain itself has them all.
        let shown = record.audit.events.filter { !$0.action.hasPrefix("case") }.suffix(ReportOptions.longestList)
        for event in shown {
            events.add(
                "\(event.sequence)",
                [
                    CellView(text: event.utc), CellView(text: event.user),
                    CellView(text: event.action.replacing("_", with: " ")),
                    CellView(text: event.reason.isEmpty ? "none" : event.reason),
                    CellView(text: String(event.hash.prefix(16)) + "…", isCode: true),
                ])
        }
        let more = record.audit.events.count - shown.count
        return FactsSectionView(
            section: heading(.audit),
            paragraphs: [
                "Each row's hash covers its content and the hash before it; the rows bind every result. A changed value breaks the chain."
                    + (more > 0
                        ? " \(Words.count(more, "further event")), mostly one for each case, are in the store." : "")
            ],
            facts: [
                publicView == nil ? FactView(label: "Rows of the chain", value: "\(record.audit.count)") : nil,
                FactView(label: "Head of the chain", value: record.audit.head, isCode: true),
            ].compactMap(\.self),
            commands: ["validate audit verify --store STORE --head \(record.audit.head)"],
            tables: events.rows.isEmpty ? [] : [events])
    }

    func availability() -> FactsSectionView {
        func stated(_ text: String) -> String { text.isEmpty ? "not stated in the protocol" : text }
        return FactsSectionView(
            section: heading(.availability), paragraphs: [],
            facts: [
                FactView(label: "Data and code", value: stated(plan.identity.availability)),
                FactView(label: "Funding", value: stated(plan.identity.funding)),
                FactView(label: "Conflicts of interest", value: stated(plan.identity.conflicts)),
            ], commands: [], tables: [])
    }

    func checklist() -> TablesSectionView {
        var table = TableView(
            "Where topics of reporting guidelines are covered. The wording of the items is in the guidelines themselves.",
            first: "Topic", text: ["CLAIM", "TRIPOD+AI", "STARD-AI", "SPIRIT-AI", "Section"])
        for item in ChecklistItem.all {
            table.add(
                item.topic,
                [item.claim, item.tripod, item.stard, item.spirit].map { CellView(text: $0 ? "yes" : "–") }
                    + [CellView(text: item.place)])
        }
        return TablesSectionView(section: heading(.checklist), paragraphs: [], tables: [table])
    }
}

/// A topic of reporting guidelines with the section that covers it.
struct ChecklistItem {
    var topic: String
    var claim: Bool
    var tripod: Bool
    var stard: Bool
    var spirit: Bool
    var place: String

    private init(_ topic: String, _ guidelines: String, _ section: Section) {
        self.init(topic, guidelines, place: "\(section.rawValue). \(section.heading)")
    }

    private init(_ topic: String, _ guidelines: String, place: String) {
        self.topic = topic
        claim = guidelines.contains("C")
        tripod = guidelines.contains("T")
        stard = guidelines.contains("S")
        spirit = guidelines.contains("P")
        self.place = place
    }

    static let all: [ChecklistItem] = [
        ChecklistItem("Intended use and setting", "CTSP", .usage),
        ChecklistItem("Version and identity of the AI system", "CSP", .system),
        ChecklistItem("Acceptance and handling of inputs", "CSP", .system),
        ChecklistItem("Endpoints and thresholds set beforehand", "CTSP", .plan),
        ChecklistItem("Sample size", "CTSP", .plan),
        ChecklistItem("Handling of missing data", "CTS", .missing),
        ChecklistItem("Amendments and deviations", "P", .changes),
        ChecklistItem("Flow of participants", "CTS", .participants),
        ChecklistItem("Characteristics of participants", "CTS", .participants),
        ChecklistItem("Reference standard and its quality", "CTS", .standard),
        ChecklistItem("De-identification", "C", .protection),
        ChecklistItem("Performance with uncertainty", "CTS", .results),
        ChecklistItem("Differences between sites", "CT", .sites),
        ChecklistItem("Subgroups and fairness", "TS", .subgroups),
        ChecklistItem("Analysis of failures and errors", "CSP", .failures),
        ChecklistItem("Robustness", "C", .robustness),
        ChecklistItem("Update of the model", "T", .regression),
        ChecklistItem("Limitations", "CTS", .limitations),
        ChecklistItem("Software and hardware", "C", .software),
        ChecklistItem("Data and code availability", "CTSP", .availability),
        ChecklistItem("Funding and conflicts", "CTSP", .availability),
        ChecklistItem(
            "Training data and development", "CT", place: "not applicable: validation only; see the model card"),
        ChecklistItem("Annotators and their agreement", "CS", place: "with the cohort; not recorded by the suite"),
    ]
}
