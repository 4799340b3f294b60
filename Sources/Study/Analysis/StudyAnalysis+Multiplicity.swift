import Metrics
import Statistics

// What many tests at once cost: Holm's rule for the criteria on secondary endpoints, and for tests between the levels of covariates.

/// A criterion with its line before the multiplicity rule.
struct JudgedCriterion {
    var criterion: StudyProtocol.Criterion
    var values: EndpointValues
    var line: AnalysisRecord
}

extension StudyAnalysis {
    // MARK: - Criteria

    /// Criteria after the protocol's multiplicity rule.
    ///
    /// All primary criteria have to pass, so that each is judged at the full level (intersection-union). With Holm's rule for secondary
    /// endpoints their criteria are one family: while j of m have passed, the others are judged on intervals at 1 − α / (m − j). That is
    /// Holm's step-down on the p-values that belong to the intervals, for every method of interval. Criteria that cannot be evaluated count
    /// in m. The interval that is stored stays at 1 − α; what passes there but at no step of Holm is inconclusive.
    ///
    /// - Source: Holm 1979, doi:10.2307/4615733; intersection-union: Berger 1982, doi:10.1080/00401706.1982.10487790.
    func heldToMultiplicity(_ judged: [JudgedCriterion], rule: StudyProtocol.MissingDataRule) -> [AnalysisRecord] {
        var judged = judged
        let family = judged.indices.filter { judged[$0].values.endpoint.role == .secondary }
        guard plan.statistics.secondaryMultiplicity == .holm, family.count > 1 else { return judged.map(\.line) }
        let passing = family.filter { judged[$0].line.verdict == .pass }
        var passed: [Int: Int] = [:]
        var step = 0
        // Each step that lets a criterion pass widens the level of the next.
        while step < family.count {
            let alpha = plan.statistics.alpha / Double(family.count - step)
            let more = passing.filter { passed[$0] == nil && passes(judged[$0], rule: rule, alpha: alpha) }
            for index in more { passed[index] = step + 1 }
            guard !more.isEmpty else { break }
            step = passed.count
        }
        let last = step
        for index in family {
            let at = passed[index] ?? min(last + 1, family.count)
            judged[index].line.parameters += [
                MetricParameter("holm_family", .integer(family.count)), MetricParameter("holm_step", .integer(at)),
                MetricParameter("holm_level", .number(1 - plan.statistics.alpha / Double(family.count - at + 1))),
            ]
            guard judged[index].line.verdict == .pass, passed[index] == nil else { continue }
            judged[index].line.verdict = .inconclusive
            judged[index].line.note =
                "passes on its own interval, but not at step \(at) of Holm's rule over "
                + "\(family.count) secondary criteria"
        }
        return judged.map(\.line)
    }

    /// Whether a criterion passes on a wider interval.
    private func passes(_ item: JudgedCriterion, rule: StudyProtocol.MissingDataRule, alpha: Double) -> Bool {
        guard let completed = item.values.completed(by: rule) else { return false }
        let result = estimate(
            item.values, completed.compactMap { datum($0.entry, $0.number) }, item.criterion.interval, alpha: alpha)
        return verdict(result, item.criterion, item.values) == .pass
    }

    // MARK: - Levels

    /// Fewest evaluated cases of a level that is compared with others.
    static let fewestCasesOfALevel = 10

    /// Tests between the levels of every covariate, exploratory, with Holm's p-values over the covariates of the endpoint.
    ///
    /// Levels with fewer than `fewestCasesOfALevel` evaluated cases and cases whose level is unknown are left out. Cases of one subject
    /// are taken as independent.
    func levels(_ values: EndpointValues) -> [AnalysisRecord] {
        var lines = plan.subgroups.map { test(values, between: $0) }
        let tested = lines.indices.filter { lines[$0].p != nil }
        guard let adjusted = try? Multiplicity.holm(tested.compactMap { lines[$0].p }) else { return lines }
        for (index, p) in zip(tested, adjusted) {
            lines[index].parameters += [
                MetricParameter("holm_p", .number(p)), MetricParameter("holm_tests", .integer(tested.count)),
            ]
        }
        return lines
    }

    private func test(_ values: EndpointValues, between subgroup: StudyProtocol.Subgroup) -> AnalysisRecord {
        let grouped = Dictionary(grouping: values.entries) { SubgroupLevel.name(of: $0.covariates, subgroup) }
        let known = grouped.keys.filter { $0.name != SubgroupLevel.unknown }.sorted { $0.order < $1.order }
        func numbers(_ level: SubgroupLevel) -> [Double] {
            values.scored(grouped[level, default: []].compactMap(\.number))
        }
        let compared = known.filter { numbers($0).count >= StudyAnalysis.fewestCasesOfALevel }
        let part = values.selecting { compared.contains(SubgroupLevel.name(of: $0.covariates, subgroup)) }
        var line = AnalysisRecord(
            endpointOID: values.endpoint.oid, kind: .levels, set: plan.analysisSets.primary, method: "none",
            group: subgroup.covariate, planned: part.planned, evaluated: part.evaluated, missing: part.missing)
        line.parameters = [
            MetricParameter("levels", .text(compared.map(\.name).joined(separator: "; "))),
            MetricParameter(
                "left_out", .text(known.filter { !compared.contains($0) }.map(\.name).joined(separator: "; "))),
        ]
        guard compared.count > 1 else {
            line.note = "fewer than two levels with at least \(StudyAnalysis.fewestCasesOfALevel) cases"
            return line
        }
        fill(&line, compared.map(numbers))
        return line
    }

    /// Welch's test as the line's p with Kruskal and Wallis' beside it; where a level has no spread, the ranks alone.
    private func fill(_ line: inout AnalysisRecord, _ levels: [[Double]]) {
        var reason: StatisticsError?
        do throws(StatisticsError) {
            let test = try GroupTest(levels)
            (line.method, line.p) = (test.method.rawValue, test.p)
            line.parameters += [
                MetricParameter("statistic", .number(test.statistic)),
                MetricParameter("numerator_degrees_of_freedom", .number(test.numeratorDegreesOfFreedom)),
                MetricParameter("denominator_degrees_of_freedom", .number(test.denominatorDegreesOfFreedom)),
            ]
        } catch { reason = error }
        do throws(StatisticsError) {
            let ranks = try KruskalWallisTest(levels)
            if reason != nil {
                (line.method, line.p) = ("kruskal_wallis", ranks.p)
                line.note = "a level has equal values only: rank test"
            }
            line.parameters += [
                MetricParameter("kruskal_wallis_statistic", .number(ranks.statistic)),
                MetricParameter("kruskal_wallis_degrees_of_freedom", .number(ranks.degreesOfFreedom)),
                MetricParameter("kruskal_wallis_p", .number(ranks.p)),
            ]
        } catch { line.note = "no test: \(error)" }
    }
}
