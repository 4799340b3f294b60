import Metrics
import Statistics

/// Old against new on one endpoint.
struct EndpointComparison {
    let plan: StudyProtocol
    let endpoint: StudyProtocol.Endpoint
    let margin: StudyProtocol.RegressionMargin
    let baseline: EndpointValues
    let candidate: EndpointValues

    private var level: Double { 1 - plan.statistics.alpha }
    /// Fewest cases of a site or subgroup that is looked at on its own.
    static let assessableCases = 10

    func result() -> RegressionReport.Endpoint {
        var result = RegressionReport.Endpoint(
            endpoint: endpoint, margin: margin, method: "none", pairs: [], missing: 0, verdict: .notEvaluable,
            newlyFailing: [], newlyFixed: [], sites: [], subgroups: [])
        let (pairs, missing) = paired()
        result.pairs = pairs.map(\.pair)
        result.missing = missing
        crossings(pairs, &result)
        parts(pairs, &result)
        let minimum = max(2, plan.criteria(on: endpoint.oid).map(\.minimumCases).max() ?? 2)
        let evaluated = pairs.count { !$0.pair.isCompleted }
        guard evaluated >= minimum else {
            result.note = "\(evaluated) cases have both values, \(minimum) are needed"
            return result
        }
        if [baseline, candidate].contains(where: {
            $0.missing > 0 && $0.completed(by: plan.statistics.missingData) == nil
        }) {
            result.note = "\(missing) cases have no value, and the metric names no worst value to put in their place"
            return result
        }
        do throws(StatisticsError) { try decide(pairs, &result) } catch {
            result.verdict = .notEvaluable
            result.note = "no interval: \(error)"
        }
        return result
    }

    // MARK: - Pairs

    private struct Entry {
        var pair: RegressionReport.Pair
        var covariates: [String: String]
    }

    /// Pairs by the protocol's rule for missing data; a case that is a true negative on both sides is in none.
    private func paired() -> (pairs: [Entry], missing: Int) {
        let rule = plan.statistics.missingData
        let old = completed(baseline, rule)
        let new = completed(candidate, rule)
        var pairs: [Entry] = []
        var missing = 0
        for entry in baseline.entries {
            switch (old[entry.caseID], new[entry.caseID]) {
            case (let first?, let second?):
                let numbers = baseline.scored([first.number, second.number])
                pairs.append(
                    Entry(
                        pair: RegressionReport.Pair(
                            caseID: entry.caseID, site: entry.site, baseline: numbers[0], candidate: numbers[1],
                            isCompleted: first.isCompleted || second.isCompleted), covariates: entry.covariates))
            case (nil, nil):
                if entry.isMissing { missing += 1 }
            default: missing += 1
            }
        }
        return (pairs, missing)
    }

    private func completed(
        _ values: EndpointValues, _ rule: StudyProtocol.MissingDataRule
    ) -> [String: (number: Double, isCompleted: Bool)] {
        var numbers: [String: (number: Double, isCompleted: Bool)] = [:]
        let completed =
            values.completed(by: rule) ?? values.entries.compactMap { entry in entry.number.map { (entry, $0) } }
        for (entry, number) in completed { numbers[entry.caseID] = (number, entry.number == nil) }
        return numbers
    }

    // MARK: - Decision

    private func decide(_ entries: [Entry], _ result: inout RegressionReport.Endpoint) throws(StatisticsError) {
        let pairs = entries.map(\.pair)
        let differences = try PairedDifferences(
            candidate: pairs.map(\.candidate), reference: pairs.map(\.baseline))
        let old = try Sample(pairs.map(\.baseline))
        let new = try Sample(pairs.map(\.candidate))
        result.baseline = endpoint.estimator == .median ? old.median : old.mean
        result.candidate = endpoint.estimator == .median ? new.median : new.mean
        let better = result.better
        switch endpoint.estimator {
        case .mean: try judgeMean(differences, entries, &result)
        case .median:
            let centre = try HodgesLehmann(differences, level: level)
            (result.method, result.difference, result.interval) = ("hodges_lehmann", centre.estimate, centre.interval)
        case .proportion:
            result.method = "paired_proportion"
            result.difference = differences.sample.mean
            result.interval = try pairedShares(differences)
        }
        if endpoint.estimator == .proportion {
            let worse = differences.values.count { $0 < 0 }
            let fixed = differences.values.count { $0 > 0 }
            result.secondaryP = try McNemarTest(newlyFailing: worse, newlyFixed: fixed).exact
            result.secondaryTest = "mcnemar"
        } else if let wilcoxon = try? SignedRankTest(differences) {
            (result.secondaryP, result.secondaryTest) = (wilcoxon.p, "wilcoxon")
        }
        guard let interval = result.interval, let difference = result.difference else { return }
        let paired = try? NonInferiority(
            differences, margin: margin.nonInferiority, better: better, level: level)
        if endpoint.estimator == .mean { result.p = paired?.p }
        let decision = try NonInferiority(
            estimate: difference, interval: interval, margin: margin.nonInferiority, better: better)
        result.verdict = decision.isNonInferior ? .pass : decision.isInferior ? .fail : .inconclusive
        if let range = margin.equivalence {
            result.isEquivalent = try Equivalence(differences, margin: range, alpha: plan.statistics.alpha).isEquivalent
        }
    }

    /// Cases of one site are alike: with several sites the interval has a random effect of the site.
    private func judgeMean(
        _ differences: PairedDifferences, _ entries: [Entry], _ result: inout RegressionReport.Endpoint
    ) throws(StatisticsError) {
        let paired = try differences.sample.meanInterval(level: level)
        (result.method, result.difference, result.interval) = ("paired_t", differences.sample.mean, paired)
        if paired.isDegenerate {
            result.note = "all cases changed by the same amount: the interval has no width"
            return
        }
        let sites = Dictionary(grouping: zip(entries, differences.values), by: \.0.pair.site)
            .sorted { $0.key < $1.key }.map { $0.value.map(\.1) }
        guard sites.count > 1 else { return }
        do throws(StatisticsError) {
            let model = try MixedModel(sites, level: level)
            result.method = "mixed_model"
            result.difference = model.intercept
            result.interval = model.interval
            result.pairedInterval = paired
        } catch {
            result.note = "no random effect of the site: \(error)"
        }
    }

    /// A conservative interval of the difference of two shares in the same cases.
    ///
    /// Exact bounds of both kinds of crossing, each at half the error rate; it keeps its width when no case crossed.
    private func pairedShares(_ differences: PairedDifferences) throws(StatisticsError) -> Interval {
        let inner = 1 - plan.statistics.alpha / 2
        let worse = try Proportion(successes: differences.values.count { $0 < 0 }, count: differences.count)
        let fixed = try Proportion(successes: differences.values.count { $0 > 0 }, count: differences.count)
        let harm = try worse.clopperPearson(level: inner)
        let gain = try fixed.clopperPearson(level: inner)
        return Interval(lower: gain.lower - harm.upper, upper: gain.upper - harm.lower, level: level)
    }

    // MARK: - Crossings and parts

    /// Line between acceptable and not for one case: the limit of a share, or the threshold of the endpoint's criterion.
    private var line: Double? {
        endpoint.estimator == .proportion ? endpoint.caseLimit : plan.criteria(on: endpoint.oid).first?.threshold
    }

    private func crossings(_ entries: [Entry], _ result: inout RegressionReport.Endpoint) {
        guard let line else { return }
        let old = Dictionary(baseline.entries.map { ($0.caseID, $0) }, uniquingKeysWith: { first, _ in first })
        let new = Dictionary(candidate.entries.map { ($0.caseID, $0) }, uniquingKeysWith: { first, _ in first })
        func isAcceptable(_ entry: EndpointValues.Entry) -> Bool {
            if entry.value == .trueNegative { return true }
            guard let number = entry.number else { return false }
            return endpoint.better == .lower ? number <= line : number >= line
        }
        func text(_ entry: EndpointValues.Entry) -> String {
            switch entry.value {
            case .value(let number): String(describing: number)
            case .imputed(let number): "\(number) (set for an empty mask)"
            case .trueNegative: "true negative"
            case .missing(let reason): "no value: \(reason)"
            }
        }
        for entry in baseline.entries {
            guard let before = old[entry.caseID], let after = new[entry.caseID] else { continue }
            let was = isAcceptable(before)
            let isNow = isAcceptable(after)
            guard was != isNow else { continue }
            let crossing = RegressionReport.Crossing(
                caseID: entry.caseID, reason: "\(text(before)) → \(text(after))")
            if was { result.newlyFailing.append(crossing) } else { result.newlyFixed.append(crossing) }
        }
    }

    private func parts(_ entries: [Entry], _ result: inout RegressionReport.Endpoint) {
        let sites = Dictionary(grouping: entries, by: \.pair.site).sorted { $0.key < $1.key }
        result.sites = sites.compactMap { part($0.key, $0.value) }
        result.subgroups = plan.subgroups.flatMap { subgroup in
            Dictionary(grouping: entries) { SubgroupLevel.name(of: $0.covariates, subgroup) }
                .sorted { $0.key.order < $1.key.order }
                .compactMap { part("\(subgroup.covariate)=\($0.key.name)", $0.value) }
        }
    }

    private func part(_ name: String, _ entries: [Entry]) -> RegressionReport.Part? {
        guard
            let differences = try? PairedDifferences(
                candidate: entries.map(\.pair.candidate), reference: entries.map(\.pair.baseline))
        else { return nil }
        return RegressionReport.Part(
            name: name, count: entries.count, difference: differences.sample.mean,
            interval: try? differences.sample.meanInterval(level: level),
            isAssessable: entries.count >= EndpointComparison.assessableCases)
    }
}
