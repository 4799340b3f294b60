import Metrics

/// The lines of one endpoint as the public may see them; `PublicView` states the rules.
struct PublicLines {
    let record: RunRecord
    let endpoint: StudyProtocol.Endpoint
    /// Cases with a result where that number is shown.
    let evaluatedCases: Int?
    let threshold: Int

    private typealias Cell = CellSuppression.Cell

    /// Groups of one covariate, or the sites.
    private struct Group {
        var counts: PublicView.Counts
        var showsEstimate: Bool
    }

    /// Every line with its counts, in the order of the record.
    func all() -> [(AnalysisRecord, PublicView.Counts)] {
        let sets = Dictionary(
            uniqueKeysWithValues: StudyProtocol.AnalysisSet.allCases.map {
                ($0, EndpointValues(record: record, endpoint: endpoint, set: $0))
            })
        let primary = record.plan.analysisSets.primary
        guard let values = sets[primary] else { return [] }
        let groups = groups(values)
        let wholes = sets.mapValues(totals)
        let hasFewMissing = sets.values.contains { isSmall($0.missing) } || wholes[primary]?.evaluated == nil
        let hasFewShares = sets.mapValues(isFewOfAShare)
        let lines = record.analyses(of: endpoint.oid).filter { $0.kind != .subgroup || groups[$0.group] != nil }
        return lines.map { line in
            let whole = wholes[line.set]?.counts ?? none
            let isFewOfAShare = hasFewShares[line.set] ?? true
            var result = bare(line)
            if isSmall(sets[line.set]?.evaluated ?? 0) { return (withheld(result), whole) }
            switch line.kind {
            case .site, .subgroup:
                guard let group = groups[line.group], group.showsEstimate, endpoint.estimator != .proportion else {
                    return (withheld(result), groups[line.group]?.counts ?? none)
                }
                return (result, group.counts)
            case .levels:
                return (compared(result, line, groups), none)
            case .heterogeneity where !line.group.isEmpty:
                return (groups[line.group]?.showsEstimate == true ? result : withheld(result), none)
            case .heterogeneity: return (result, whole)
            case .descriptive:
                result.parameters = line.parameters.filter { ["q1", "median", "q3"].contains($0.name) }
                let isHidden = rule != .completeCase && hasFewMissing || isFewOfAShare
                return (isHidden ? withheld(result) : result, whole)
            case .sensitivity: return (hasFewMissing || isFewOfAShare ? withheld(result) : result, whole)
            case .interval:
                let isHidden = rule != .completeCase && hasFewMissing || isFewOfAShare
                return (isHidden ? withheld(result) : result, whole)
            case .decision: return (isFewOfAShare ? withheld(result) : result, whole)
            }
        }
    }

    private var rule: StudyProtocol.MissingDataRule { record.plan.statistics.missingData }
    private var none: PublicView.Counts { PublicView.Counts(evaluated: "–", missing: "–") }
    private func isSmall(_ count: Int) -> Bool { (1..<threshold).contains(count) }

    /// A line without counts and without what single cases or counts stand in.
    private func bare(_ line: AnalysisRecord) -> AnalysisRecord {
        var line = line
        (line.planned, line.evaluated, line.missing) = (0, 0, 0)
        let allowed: Set<String> = [
            "level", "resamples", "seed", "unit", "estimator", "inference", "sites", "threshold", "minimum_cases",
            "missing_data", "prediction_lower", "prediction_upper", "prediction_degrees_of_freedom", "tau_squared",
            "tau_squared_lower", "tau_squared_upper", "i_squared_percent", "h_squared", "holm_family", "holm_step",
            "holm_level",
        ]
        line.parameters = line.parameters.filter { allowed.contains($0.name) }
        // Remarks count cases; those that stay are about verdicts and methods.
        if let note = line.note, !note.hasPrefix("the verdict changes"), !note.hasPrefix("passes on its own"),
            !note.hasPrefix("fewer than five sites")
        {
            line.note =
                line.verdict == .notEvaluable
                ? "fewer values than the protocol asks for, or none to stand for missing ones" : nil
        }
        return line
    }

    /// The line without its numbers; a verdict stays.
    private func withheld(_ line: AnalysisRecord) -> AnalysisRecord {
        var line = line
        (line.estimate, line.lower, line.upper, line.p) = (nil, nil, nil, nil)
        line.parameters = []
        if line.note == nil { line.note = "withheld in the public view" }
        return line
    }

    /// A test between levels stands where every compared level shows its estimate.
    private func compared(_ bare: AnalysisRecord, _ line: AnalysisRecord, _ groups: [String: Group]) -> AnalysisRecord {
        var result = bare
        guard case .text(let names) = line.parameters.first(where: { $0.name == "levels" })?.value, !names.isEmpty,
            line.p != nil,
            names.split(separator: "; ").allSatisfy({ groups["\(line.group)=\($0)"]?.showsEstimate == true })
        else {
            result.method = "none"
            return withheld(result)
        }
        let kept: Set<String> = ["levels", "holm_p", "holm_tests", "kruskal_wallis_p"]
        result.parameters = line.parameters.filter { kept.contains($0.name) }
        return result
    }

    /// Whether the share's cases at their limit, or the others, are few.
    private func isFewOfAShare(_ values: EndpointValues) -> Bool {
        guard endpoint.estimator == .proportion else { return false }
        let scored = values.scored(values.numbers)
        let atLimit = scored.count { $0 == 1 }
        return isSmall(atLimit) || isSmall(scored.count - atLimit)
    }

    // MARK: - Counts

    /// Cases with and without a value in an analysis set: parts of the cases with a result.
    private func totals(_ values: EndpointValues) -> (evaluated: Int?, counts: PublicView.Counts) {
        let ok = record.cases.count { $0.outcome.status == .ok }
        let evaluated = values.evaluated
        let results = Set(record.cases.filter { $0.outcome.status == .ok }.map(\.id))
        let without = values.entries.count { $0.isMissing && results.contains($0.caseID) }
        let negatives = values.entries.count { $0.value == .trueNegative }
        let cells = CellSuppression.cells(
            [evaluated, without, negatives, ok - evaluated - without - negatives], threshold: threshold)
        if isSmall(evaluated) {
            return (nil, PublicView.Counts(evaluated: "<\(threshold)", missing: "withheld"))
        }
        guard case .shown = cells[0], evaluatedCases != nil else {
            let missing = values.missing
            return (
                nil,
                PublicView.Counts(
                    evaluated: evaluated == 0 ? "withheld" : "≥ \(threshold)",
                    missing: isSmall(missing) ? "<\(threshold)" : "withheld")
            )
        }
        let missing = values.missing
        let isExact = missing == 0 || missing >= threshold && cells[1] == .shown(without)
        return (
            evaluated,
            PublicView.Counts(
                evaluated: "\(evaluated)",
                missing: isExact ? "\(missing)" : isSmall(missing) ? "<\(threshold)" : "withheld")
        )
    }

    /// Sites and levels of covariates by the group of their lines.
    private func groups(_ values: EndpointValues) -> [String: Group] {
        var result: [String: Group] = [:]
        add(values, to: &result, all: record.cases.map(\.site), name: \.site)
        for subgroup in record.plan.subgroups {
            func level(_ covariates: [String: String]) -> String {
                "\(subgroup.covariate)=\(SubgroupLevel.name(of: covariates, subgroup).name)"
            }
            let all = record.cases.map { level($0.covariates) }
            guard CasePartitions.mayList(Set(all).count, of: all.count, threshold: threshold) else { continue }
            add(values, to: &result, all: all) { level($0.covariates) }
        }
        return result
    }

    private func add(
        _ values: EndpointValues, to result: inout [String: Group], all: [String],
        name: (EndpointValues.Entry) -> String
    ) {
        let listed = Dictionary(grouping: all) { $0 }.mapValues(\.count)
        let evaluated = Dictionary(grouping: values.entries.filter { $0.number != nil }, by: name).mapValues(\.count)
        let names = listed.keys.sorted()
        let cells = CellSuppression.cells(names.map { listed[$0] ?? 0 }, threshold: threshold)
        let isComplete = names.allSatisfy { listed[$0] == evaluated[$0] ?? 0 }
        for (name, cell) in zip(names, cells) {
            let count = evaluated[name] ?? 0
            let text =
                isComplete
                ? CellSuppression.text(cell, threshold: threshold)
                : count >= threshold ? "≥ \(threshold)" : "<\(threshold)"
            var isShown = count >= threshold
            if case .shown = cell {} else { isShown = false }
            result[name] = Group(
                counts: PublicView.Counts(evaluated: text, missing: "–"), showsEstimate: isShown)
        }
    }
}
