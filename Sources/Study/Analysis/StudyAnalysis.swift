import Metrics
import Statistics

/// The statistics of a run by its protocol: for every endpoint the decisions, further intervals, sites, subgroups and what other rules for
/// missing data would have said.
public struct StudyAnalysis: Sendable {
    let record: RunRecord
    private let memory = EstimateMemory()

    /// Takes a run; its stored analyses are not looked at.
    public init(record: RunRecord) { self.record = record }

    var plan: StudyProtocol { record.plan }

    /// Every line, endpoint by endpoint; the same run gives the same lines.
    public func analyses() -> [AnalysisRecord] {
        // Collecting values walks over all cases: once for each set.
        let sets = StudyProtocol.AnalysisSet.allCases
        let values = Dictionary(
            uniqueKeysWithValues: sets.map { set in
                (set, plan.endpoints.map { EndpointValues(record: record, endpoint: $0, set: set) })
            })
        let scenarios = ParallelRows.map(Scenario.all(of: plan), share: 1) { decisions($1, values[$1.set] ?? []) }
        return ParallelRows.map(values[plan.analysisSets.primary] ?? [], share: 1) {
            index, primary -> [AnalysisRecord] in
            let own = scenarios.map { lines in lines.filter { $0.endpointOID == primary.endpoint.oid } }
            let both = sets.flatMap { set in intervals(values[set]?[index] ?? primary, set) }
            let parts = [
                own.first ?? [], both, descriptive(primary), sites(primary), heterogeneity(primary), subgroups(primary),
                levels(primary), sensitivity(own, primary),
            ]
            return parts.flatMap(\.self)
        }.flatMap(\.self)
    }

    // MARK: - Decisions

    /// A way to judge the criteria: one rule for missing data in one analysis set.
    struct Scenario {
        var set: StudyProtocol.AnalysisSet
        var rule: StudyProtocol.MissingDataRule
        var kind: AnalysisRecord.Kind
        /// Before the method's name in the lines.
        var prefix: String

        /// The protocol's own way, every rule for missing data, and the other analysis set.
        static func all(of plan: StudyProtocol) -> [Scenario] {
            let set = plan.analysisSets.primary
            let other: StudyProtocol.AnalysisSet = set == .fullAnalysis ? .perProtocol : .fullAnalysis
            let rule = plan.statistics.missingData
            return [Scenario(set: set, rule: rule, kind: .decision, prefix: "")]
                + StudyProtocol.MissingDataRule.allCases.map {
                    Scenario(set: set, rule: $0, kind: .sensitivity, prefix: "missing:\($0.rawValue) ")
                } + [Scenario(set: other, rule: rule, kind: .sensitivity, prefix: "set:\(other.rawValue) ")]
        }
    }

    /// The lines of all criteria under one scenario, those on secondary endpoints held to the protocol's multiplicity rule.
    private func decisions(_ scenario: Scenario, _ endpoints: [EndpointValues]) -> [AnalysisRecord] {
        var judged: [JudgedCriterion] = []
        for values in endpoints {
            for criterion in plan.criteria(on: values.endpoint.oid) {
                judged.append(
                    JudgedCriterion(
                        criterion: criterion, values: values,
                        line: decision(
                            values, criterion, rule: scenario.rule, kind: scenario.kind, set: scenario.set,
                            methodPrefix: scenario.prefix)))
            }
        }
        return heldToMultiplicity(judged, rule: scenario.rule)
    }

    /// The line of one criterion under one rule for missing data.
    private func decision(
        _ values: EndpointValues, _ criterion: StudyProtocol.Criterion, rule: StudyProtocol.MissingDataRule,
        kind: AnalysisRecord.Kind, set: StudyProtocol.AnalysisSet, methodPrefix: String
    ) -> AnalysisRecord {
        var line = AnalysisRecord(
            endpointOID: values.endpoint.oid, criterionOID: criterion.oid, kind: kind, set: set,
            method: methodPrefix + criterion.interval.rawValue, planned: values.planned, evaluated: values.evaluated,
            missing: values.missing)
        line.parameters = [
            MetricParameter("threshold", .number(criterion.threshold)),
            MetricParameter("minimum_cases", .integer(criterion.minimumCases)),
            MetricParameter("missing_data", .text(rule.rawValue)),
        ]
        guard values.evaluated >= criterion.minimumCases else {
            fill(
                &line, estimate(values, values.entries.compactMap { datum($0, $0.number) }, criterion.interval),
                methodPrefix)
            line.verdict = .notEvaluable
            line.note = "\(values.evaluated) cases have a value, the protocol asks for \(criterion.minimumCases)"
            return line
        }
        guard let completed = values.completed(by: rule) else {
            fill(
                &line, estimate(values, values.entries.compactMap { datum($0, $0.number) }, criterion.interval),
                methodPrefix)
            line.verdict = .notEvaluable
            line.note =
                "\(values.missing) cases have no value, and the metric names no worst value to put in their place"
            return line
        }
        let result = estimate(values, completed.compactMap { datum($0.entry, $0.number) }, criterion.interval)
        fill(&line, result, methodPrefix)
        line.verdict = verdict(result, criterion, values)
        return line
    }

    func verdict(_ result: EndpointEstimate, _ criterion: StudyProtocol.Criterion, _ values: EndpointValues) -> Verdict
    {
        var interval: Interval?
        if let lower = result.lower, let upper = result.upper {
            interval = Interval(lower: lower, upper: upper, level: 1 - plan.statistics.alpha)
        }
        // A share of cases at their limit is better when it is higher, whatever the metric.
        let isLower = values.endpoint.better == .lower && values.endpoint.estimator != .proportion
        let outcome = Acceptance(
            interval, threshold: criterion.threshold, better: isLower ? .lower : .higher, count: values.evaluated,
            minimum: criterion.minimumCases)
        return Verdict(rawValue: outcome.rawValue) ?? .notEvaluable
    }

    // MARK: - Lines

    func datum(_ entry: EndpointValues.Entry, _ number: Double?) -> EndpointEstimator.Datum? {
        number.map { EndpointEstimator.Datum(subject: entry.subject, site: entry.site, number: $0) }
    }

    /// An estimate with its interval.
    ///
    /// - Parameter alpha: Two-sided error rate of the interval; nil: that of the protocol.
    func estimate(
        _ values: EndpointValues, _ data: [EndpointEstimator.Datum], _ method: StudyProtocol.IntervalMethod,
        alpha: Double? = nil
    ) -> EndpointEstimate {
        var data = data
        let scored = values.scored(data.map(\.number))
        for index in data.indices { data[index].number = scored[index] }
        var statistics = plan.statistics
        if let alpha { statistics.alpha = alpha }
        let estimator = EndpointEstimator(endpoint: values.endpoint, statistics: statistics)
        return memory.estimate(estimator, data, method)
    }

    private func fill(_ line: inout AnalysisRecord, _ result: EndpointEstimate, _ methodPrefix: String) {
        line.method = methodPrefix + result.method
        line.estimate = result.estimate
        line.lower = result.lower
        line.upper = result.upper
        line.p = result.p
        line.parameters += result.parameters
        if line.note == nil { line.note = result.note }
    }

    /// Both intervals in an analysis set, from the cases that have a value.
    private func intervals(_ values: EndpointValues, _ set: StudyProtocol.AnalysisSet) -> [AnalysisRecord] {
        var methods: [StudyProtocol.IntervalMethod] = [.standard, .bca]
        if values.endpoint.estimator == .mean, record.sites.count > 1 { methods.append(.siteAware) }
        return methods.map { line(values, kind: .interval, set: set, method: $0) }
    }

    private func line(
        _ values: EndpointValues, kind: AnalysisRecord.Kind, set: StudyProtocol.AnalysisSet,
        method: StudyProtocol.IntervalMethod, group: String = ""
    ) -> AnalysisRecord {
        var line = AnalysisRecord(
            endpointOID: values.endpoint.oid, kind: kind, set: set, method: method.rawValue, group: group,
            planned: values.planned, evaluated: values.evaluated, missing: values.missing)
        fill(&line, estimate(values, values.entries.compactMap { datum($0, $0.number) }, method), "")
        return line
    }

    /// SD, quartiles, range and flagged outliers of the cases.
    private func descriptive(_ values: EndpointValues) -> [AnalysisRecord] {
        guard let sample = try? Sample(values.numbers) else { return [] }
        var line = AnalysisRecord(
            endpointOID: values.endpoint.oid, kind: .descriptive, set: plan.analysisSets.primary, method: "summary",
            planned: values.planned, evaluated: values.evaluated, missing: values.missing, estimate: sample.mean)
        let outliers = outliers(values)
        let sd = try? sample.standardDeviation
        line.parameters = [
            MetricParameter("sd", sd.map { .number($0) } ?? .none), MetricParameter("minimum", .number(sample.minimum)),
            MetricParameter("q1", .number(sample.firstQuartile)), MetricParameter("median", .number(sample.median)),
            MetricParameter("q3", .number(sample.thirdQuartile)), MetricParameter("maximum", .number(sample.maximum)),
            MetricParameter("outlier_rule", .text(plan.statistics.outliers.rawValue)),
            MetricParameter("outliers", .text(outliers.joined(separator: ", "))),
        ]
        return [line]
    }

    /// Identifiers of the cases that the protocol's rule flags.
    private func outliers(_ values: EndpointValues) -> [String] {
        let cases = values.entries.filter { $0.number != nil }
        guard let flags = try? OutlierFlags(cases.compactMap(\.number)) else { return [] }
        let flagged = plan.statistics.outliers == .tukey ? flags.mild : flags.beyondModifiedZ ?? []
        return flagged.map { cases[$0].caseID }
    }

    /// Spread between sites: pooled estimate with its interval, prediction interval, τ², I²; and the pooled estimate without each site.
    private func heterogeneity(_ values: EndpointValues) -> [AnalysisRecord] {
        guard values.endpoint.estimator == .mean, Set(values.entries.map(\.site)).count > 1 else { return [] }
        let estimator = EndpointEstimator(endpoint: values.endpoint, statistics: plan.statistics)
        let data = values.entries.compactMap { datum($0, $0.number) }
        var line = AnalysisRecord(
            endpointOID: values.endpoint.oid, kind: .heterogeneity, set: plan.analysisSets.primary,
            method: "random_effects", planned: values.planned, evaluated: values.evaluated, missing: values.missing)
        let pooled: PooledEstimate
        do throws(StatisticsError) { pooled = try estimator.pooled(data) } catch {
            line.note = "the sites cannot be pooled: \(error)"
            return [line]
        }
        line.estimate = pooled.estimate
        (line.lower, line.upper, line.p) = (pooled.interval.lower, pooled.interval.upper, pooled.qP)
        line.parameters = StudyAnalysis.parameters(of: pooled)
        return [line] + leavingOut(values, data, estimator)
    }

    private static func parameters(of pooled: PooledEstimate) -> [MetricParameter] {
        func number(_ value: Double?) -> ParameterValue { value.map { .number($0) } ?? .none }
        return [
            MetricParameter("sites", .integer(pooled.count)),
            MetricParameter("prediction_lower", number(pooled.prediction?.lower)),
            MetricParameter("prediction_upper", number(pooled.prediction?.upper)),
            MetricParameter("prediction_degrees_of_freedom", number(pooled.predictionDegreesOfFreedom)),
            MetricParameter("tau_squared", .number(pooled.tauSquared)),
            MetricParameter("tau_squared_lower", .number(pooled.tauSquaredInterval.lower)),
            MetricParameter("tau_squared_upper", .number(pooled.tauSquaredInterval.upper)),
            MetricParameter("i_squared_percent", .number(pooled.iSquaredPercent)),
            MetricParameter("h_squared", .number(pooled.hSquared)), MetricParameter("q", .number(pooled.q)),
            MetricParameter("estimator", .text(pooled.estimator.rawValue)),
            MetricParameter("inference", .text(pooled.inference.rawValue)),
        ]
    }

    private func leavingOut(
        _ values: EndpointValues, _ data: [EndpointEstimator.Datum], _ estimator: EndpointEstimator
    ) -> [AnalysisRecord] {
        let sites = Set(data.map(\.site)).sorted()
        guard sites.count > 2 else { return [] }
        return sites.map { site in
            let part = values.selecting { $0.site != site }
            var line = AnalysisRecord(
                endpointOID: values.endpoint.oid, kind: .heterogeneity, set: plan.analysisSets.primary,
                method: "random_effects_without", group: site, planned: part.planned, evaluated: part.evaluated,
                missing: part.missing)
            do throws(StatisticsError) {
                let pooled = try estimator.pooled(data.filter { $0.site != site })
                line.estimate = pooled.estimate
                (line.lower, line.upper) = (pooled.interval.lower, pooled.interval.upper)
            } catch { line.note = "the sites cannot be pooled: \(error)" }
            return line
        }
    }

    private func sites(_ values: EndpointValues) -> [AnalysisRecord] {
        Set(values.entries.map(\.site)).sorted().map { site in
            line(
                values.selecting { $0.site == site }, kind: .site, set: plan.analysisSets.primary, method: .standard,
                group: site)
        }
    }

    private func subgroups(_ values: EndpointValues) -> [AnalysisRecord] {
        plan.subgroups.flatMap { subgroup in
            let levels = Dictionary(grouping: values.entries) { SubgroupLevel.name(of: $0.covariates, subgroup) }
            return levels.keys.sorted { $0.order < $1.order }.map { level in
                let part = values.selecting { SubgroupLevel.name(of: $0.covariates, subgroup) == level }
                var line = line(
                    part, kind: .subgroup, set: plan.analysisSets.primary, method: .standard,
                    group: "\(subgroup.covariate)=\(level.name)")
                if part.evaluated < 10 { line.note = "fewer than 10 cases: not assessable" }
                return line
            }
        }
    }

    /// Each criterion under every rule for missing data and in the other analysis set, with a remark where the verdict changes.
    private func sensitivity(
        _ scenarios: [[AnalysisRecord]], _ values: EndpointValues
    ) -> [AnalysisRecord] {
        plan.criteria(on: values.endpoint.oid).flatMap { criterion in
            var lines = scenarios.compactMap { lines in lines.first { $0.criterionOID == criterion.oid } }
            guard !lines.isEmpty else { return [AnalysisRecord]() }
            let decided = lines.removeFirst()
            for index in lines.indices where lines[index].verdict != decided.verdict {
                lines[index].note =
                    "the verdict changes from \(decided.verdict?.rawValue ?? "none") to \(lines[index].verdict?.rawValue ?? "none")"
            }
            return lines
        }
    }
}
