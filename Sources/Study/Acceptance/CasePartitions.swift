// The listed cases split in ways whose counts a public view may show.

/// Partitions of the listed cases, their counts suppressed where they are small.
struct CasePartitions {
    let cases: [CaseRecord]
    let threshold: Int

    /// Cases by outcome.
    struct Outcomes {
        var evaluatedText: String
        /// Nil where the number is not shown.
        var evaluatedCount: Int?
        var lost: [PublicView.Level]
    }

    /// Cases with a result, and those without by the step at which they were lost; steps without a loss are left out.
    var outcomes: Outcomes {
        func step(_ item: CaseRecord) -> String {
            switch item.outcome.status {
            case .ok: return "evaluated"
            case .excluded: return "not eligible"
            case .failed, .missing: break
            }
            switch item.outcome.stage {
            case .input, nil: return "not readable, or not run"
            case .eligibility: return "not eligible"
            case .generation, .geometry: return "not generated"
            case .evaluation, .pictures, .storage: return "not evaluated"
            }
        }
        let names = ["evaluated", "not readable, or not run", "not eligible", "not generated", "not evaluated"]
        let counts = names.map { name in cases.count { step($0) == name } }
        let cells = CellSuppression.cells(counts, threshold: threshold)
        var result = Outcomes(evaluatedText: text(cells[0]), evaluatedCount: nil, lost: [])
        if case .shown(let count) = cells[0] {
            result.evaluatedCount = count
        } else if counts[0] >= threshold {
            // What a reader of the rule works out anyway.
            let known = cells.dropFirst().reduce(0) { sum, cell in
                if case .shown(let count) = cell { sum + count } else { sum }
            }
            let small = cells.dropFirst().count { $0 == .small }
            let isAlone = !cells.dropFirst().contains(.withheld)
            let least = isAlone ? cases.count - known - small * (threshold - 1) : threshold
            result.evaluatedText = "at least \(max(threshold, least))"
        }
        result.lost = zip(names, cells).dropFirst().filter { $0.1 != .shown(0) }.map {
            PublicView.Level(name: $0.0, count: text($0.1))
        }
        return result
    }

    /// Levels in the order of their names, or of a given list, with their counts.
    func levels(_ names: [String]? = nil, _ level: (CaseRecord) -> String) -> [PublicView.Level] {
        let counts = Dictionary(grouping: cases, by: level).mapValues(\.count)
        let names = names ?? counts.keys.sorted()
        let cells = CellSuppression.cells(names.map { counts[$0] ?? 0 }, threshold: threshold)
        return zip(names, cells).map { PublicView.Level(name: $0, count: text($1)) }
    }

    /// Sex, age band and the subgroups of the protocol; other covariates are not for the public.
    func baseline(of plan: StudyProtocol) -> [PublicView.Partition] {
        var result = [
            PublicView.Partition(
                name: "sex", levels: levels { $0.sex ?? $0.covariates["sex"] ?? SubgroupLevel.unknown }),
            PublicView.Partition(
                name: "age band", levels: levels { $0.ageBand ?? $0.covariates["age_band"] ?? SubgroupLevel.unknown }),
        ]
        for subgroup in plan.subgroups where !["sex", "age_band"].contains(subgroup.covariate) {
            let all = Set(cases.map { SubgroupLevel.name(of: $0.covariates, subgroup) })
            let names = all.sorted { $0.order < $1.order }.map(\.name)
            guard CasePartitions.mayList(names.count, of: cases.count, threshold: threshold) else { continue }
            result.append(
                PublicView.Partition(
                    name: subgroup.covariate.replacing("_", with: " "),
                    levels: levels(names) { SubgroupLevel.name(of: $0.covariates, subgroup).name }))
        }
        return result
    }

    /// Whether the levels of a covariate may be named: one with a level for nearly every case would be a list of cases.
    static func mayList(_ levels: Int, of cases: Int, threshold: Int) -> Bool { levels <= max(6, cases / threshold) }

    /// How the truth was registered; a text of its own for many cases is not given.
    var registration: [PublicView.Level] {
        let methods = levels { $0.registrationMethod ?? "not stated" }
        guard CasePartitions.mayList(methods.count, of: cases.count, threshold: threshold) else {
            return [PublicView.Level(name: "\(methods.count) methods", count: "\(cases.count)")]
        }
        return methods
    }

    /// Reference data that cases bring, each as a partition of its own.
    var references: [PublicView.Partition] {
        ["liver", "lesions", "vessels", "body", "landmarks", "displacement"].map { column in
            PublicView.Partition(
                name: column,
                levels: levels(["given", "not given"]) { item in
                    item.files.contains { $0.column == column } ? "given" : "not given"
                })
        }
    }

    private func text(_ cell: CellSuppression.Cell) -> String { CellSuppression.text(cell, threshold: threshold) }
}
