import Cohort
import Metrics
import Study

extension ReportBuilder {
    func system() -> FactsSectionView {
        let model = record.model
        var facts = [
            FactView(label: "Name and version", value: "\(model.name) \(model.version)"),
            FactView(label: "Weights, SHA-256", value: model.weightsSHA256, isCode: true),
            FactView(label: "Configuration, SHA-256", value: model.configurationSHA256, isCode: true),
            FactView(label: "Parameters", value: model.parameters.map { "\($0)" } ?? "not stated"),
            FactView(label: "Input and output", value: plan.direction),
            FactView(label: "Seed of the run", value: "\(record.run.seed)"),
            FactView(label: "Hardware", value: "\(record.run.hostClass), \(record.run.processor)"),
            FactView(label: "Options of the run", value: record.run.arguments.joined(separator: " ")),
        ].filter { !$0.value.isEmpty }
        let refused = record.cases.count { $0.outcome.reasonCode == "input_refused" }
        facts.append(
            FactView(
                label: "Inputs refused by the system",
                value: publicView?.refused
                    ?? (refused == 0
                        ? "none" : Words.count(refused, "case") + ", see section \(Section.failures.rawValue)")))
        return FactsSectionView(
            section: heading(.system),
            paragraphs: [
                "The system saw the source image of each case and never its truth. The digest over all results "
                    + "(section \(Section.software.rawValue)) is the same for every run with the same inputs, model, protocol and seed."
            ], facts: facts, commands: [], tables: [])
    }

    func planSection() -> PlanView {
        let identity = plan.identity
        let file = record.protocolFile
        return PlanView(
            section: heading(.plan), methods: methods,
            facts: [
                FactView(
                    label: "Protocol",
                    value: "\(identity.studyOID), \(identity.metaDataVersionOID), version \(identity.version)"),
                FactView(label: "Protocol, SHA-256", value: file.sha256, isCode: true),
                FactView(label: "Schema, SHA-256", value: file.schemaSHA256, isCode: true),
                FactView(label: "Locked", value: "\(file.lockedUTC) (UTC)"),
                FactView(
                    label: "Sample size",
                    value: (plan.plannedCases.map { "\($0) cases planned. " } ?? "") + plan.sampleSizeJustification),
            ],
            tables: [endpointTable, criterionTable, edgeTable].filter { !$0.rows.isEmpty })
    }

    private var endpointTable: TableView {
        var table = TableView(
            "Endpoints.", first: "Endpoint",
            text: ["Role", "Metric", "Structure", "Per case", "Per study", "Direction"])
        for endpoint in plan.endpoints {
            var study = Words.estimator(endpoint)
            if let limit = endpoint.caseLimit { study += " at \(NumberText(unit: "").bare(limit)) or better" }
            table.add(
                endpoint.name,
                [
                    CellView(text: endpoint.role.rawValue), CellView(text: endpoint.metric, isCode: true),
                    CellView(text: endpoint.structure),
                    CellView(text: endpoint.caseSummary == .worstSlice ? "worst slice" : "value"),
                    CellView(text: study),
                    CellView(text: Words.better(endpoint.better)),
                ])
        }
        return table
    }

    private var criterionTable: TableView {
        var table = TableView(
            "Criteria, set before the data were seen.", first: "Endpoint", numbers: ["Threshold", "Minimum n"],
            after: ["Interval", "Clinical rationale"])
        for criterion in plan.criteria {
            guard let endpoint = plan.endpoint(criterion.endpointOID) else { continue }
            table.add(
                endpoint.name,
                [
                    .number("\(Words.relation(endpoint)) \(format(endpoint).text(criterion.threshold))"),
                    .number("\(criterion.minimumCases)"),
                    CellView(text: Words.interval(criterion.interval, endpoint.estimator)),
                    CellView(text: criterion.rationale),
                ])
        }
        return table
    }

    private var edgeTable: TableView {
        var table = TableView(
            "What a mask without a voxel means for a metric.", first: "Metric",
            text: ["Reference empty", "Generated empty", "Both empty"])
        for rule in plan.edgeCases {
            table.add(
                rule.metric == "*" ? "all others" : rule.metric,
                [
                    CellView(text: Words.action(rule.referenceEmpty)),
                    CellView(text: Words.action(rule.generatedEmpty)),
                    CellView(text: Words.action(rule.bothEmpty)),
                ])
        }
        return table
    }

    func changes() -> TablesSectionView {
        var amendments = TableView(
            "Amendments of the protocol.", first: "Date",
            text: ["Before data lock", "Reason", "Replaced version, SHA-256"])
        for item in plan.amendments {
            amendments.add(
                item.date,
                [
                    CellView(text: item.isBeforeDataLock ? "yes" : "no"), CellView(text: item.reason),
                    CellView(text: item.previousSHA256, isCode: true),
                ])
        }
        var deviations = TableView(
            "Deviations from the protocol, case by case. A major one leaves the per-protocol set.", first: "Case",
            text: ["Grade", "Code", "What happened"])
        for item in record.deviations {
            deviations.add(
                item.caseID,
                [
                    CellView(text: item.grade.rawValue), CellView(text: item.code, isCode: true),
                    CellView(text: item.message),
                ])
        }
        var paragraphs: [String] = []
        if amendments.rows.isEmpty { paragraphs.append("The protocol was not amended.") }
        if let publicView {
            deviations = countTable("Cases with a deviation from the protocol.", "Weight", publicView.deviations.levels)
        }
        if deviations.rows.isEmpty { paragraphs.append("No deviation was recorded.") }
        return TablesSectionView(
            section: heading(.changes), paragraphs: paragraphs,
            tables: [amendments, deviations].filter { !$0.rows.isEmpty })
    }

    /// The Methods text, from the protocol.
    private var methods: [String] {
        let primary = primaryEndpoints.map(\.name).joined(separator: ", ")
        let sets = plan.analysisSets
        var eligibility: [String] = []
        if let limit = sets.maximumRegistrationErrorMM {
            eligibility.append("a residual registration error of at most \(NumberText(unit: "mm").text(limit))")
        }
        if let limit = sets.maximumSliceMM {
            eligibility.append("slices at most \(NumberText(unit: "mm").text(limit)) apart")
        }
        let measurement = plan.measurement
        let design =
            "Images of the series \(plan.targetSeries) were generated from \(plan.sourceSeries) by \(record.model.name) "
            + "\(record.model.version) and compared with registered, acquired images of the same subjects. "
            + (eligibility.isEmpty
                ? "Every listed case was eligible."
                : "A case was eligible with " + eligibility.joined(separator: " and ") + ".")
            + " The verdict rests on the \(Words.set(sets.primary))."
        let measuring =
            "Images were compared on the truth's grid (resampling: \(measurement.resampling.rawValue)). Data range of CT: "
            + "\(Words.range(measurement.rangeCT)); of MR: \(Words.range(measurement.rangeMR)). Surfaces were compared at a tolerance of "
            + "\(NumberText(unit: "mm").text(measurement.nsdToleranceMM)). Structures without given masks: "
            + "\(measurement.segmentation ?? "not segmented"); image registration: \(measurement.registration ?? "none")."
        let analysis =
            "Primary endpoints were \(primary.isEmpty ? "none" : primary) "
            + "(\(Words.multiplicity(statistics.primaryMultiplicity))); secondary ones: "
            + "\(Words.multiplicity(statistics.secondaryMultiplicity)). Intervals are two-sided at \(confidence). The bootstrap drew "
            + "\(statistics.bootstrapResamples) samples of subjects, seed \(statistics.bootstrapSeed). Missing values: "
            + "\(Words.missing(statistics.missingData)). Outliers were flagged "
            + "(\(statistics.outliers == .tukey ? "Tukey, 1.5 interquartile ranges" : "modified z beyond 3.5")) and never dropped. "
            + (plan.subgroups.isEmpty
                ? ""
                : "Exploratory subgroups: \(plan.subgroups.map(\.covariate).joined(separator: ", ")); levels with at least 10 "
                    + "cases were compared by Welch's test and by ranks (Kruskal–Wallis), p-values adjusted by Holm over the covariates "
                    + "of an endpoint.")
        return [design, measuring, analysis]
    }
}
