import Cohort
import Statistics

/// Compares a retrained model with the one before it, case by case, by the margins of the protocol.
public struct RegressionComparison {
    private let baseline: RunRecord
    private let candidate: RunRecord
    private let isIntersection: Bool

    /// Checks that two runs may be compared.
    ///
    /// - Parameters:
    ///   - baseline: Run of the old model.
    ///   - candidate: Run of the new model.
    ///   - protocolSHA256: SHA-256 of the protocol that the caller means.
    ///   - intersection: Whether different cohorts are compared on the cases that both have, with the same truth.
    /// - Throws: `RegressionError`.
    public init(
        baseline: RunRecord, candidate: RunRecord, protocolSHA256: String, intersection: Bool = false
    ) throws(RegressionError) {
        guard baseline.run.id != candidate.run.id else { throw .sameRun(baseline.run.id) }
        guard baseline.model.weightsSHA256 != candidate.model.weightsSHA256 else {
            throw .sameModel(weightsSHA256: baseline.model.weightsSHA256)
        }
        let (old, new) = (baseline.protocolFile.sha256, candidate.protocolFile.sha256)
        guard old == new else { throw .differentProtocols(baseline: old, candidate: new) }
        guard protocolSHA256 == new else { throw .otherProtocol(given: protocolSHA256, runs: new) }
        guard !candidate.plan.margins.isEmpty else { throw .noMargins }
        let cohorts = (baseline.cohort.manifestSHA256, candidate.cohort.manifestSHA256)
        guard intersection || cohorts.0 == cohorts.1 else {
            throw .differentCohorts(baseline: cohorts.0, candidate: cohorts.1)
        }
        let changed = RegressionComparison.changedTruth(baseline, candidate)
        if let changed, !intersection { throw .differentTruths(case: changed) }
        var (first, second) = (baseline, candidate)
        let isPartial = cohorts.0 != cohorts.1 || changed != nil
        let common = RegressionComparison.common(baseline, candidate, sameTruth: isPartial)
        guard !common.isEmpty else { throw .noCommonCases }
        first.cases = baseline.cases.filter { common.contains($0.id) }
        second.cases = candidate.cases.filter { common.contains($0.id) }
        self.baseline = first
        self.candidate = second
        isIntersection = isPartial
    }

    private static func truth(_ item: CaseRecord) -> String? { item.files.first { $0.column == "truth" }?.sha256 }

    /// A case whose truth has other bytes in the two runs: a manifest names files, not what is in them.
    private static func changedTruth(_ baseline: RunRecord, _ candidate: RunRecord) -> String? {
        let known = Dictionary(candidate.cases.map { ($0.id, truth($0)) }, uniquingKeysWith: { first, _ in first })
        return baseline.cases.first { item in
            guard let first = truth(item), let second = known[item.id] ?? nil else { return false }
            return first != second
        }?.id
    }

    /// Cases of both runs; in different cohorts the bytes of the truth have to be equal, where both runs read them.
    private static func common(_ baseline: RunRecord, _ candidate: RunRecord, sameTruth: Bool) -> Set<String> {
        let known = Dictionary(candidate.cases.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        return Set(
            baseline.cases.filter { item in
                guard let other = known[item.id] else { return false }
                guard sameTruth else { return true }
                guard let first = truth(item), let second = truth(other) else { return false }
                return first == second && item.site == other.site
            }.map(\.id))
    }

    /// Everything that the comparison finds; the same runs give the same report.
    public func report() -> RegressionReport {
        let plan = candidate.plan
        let (lost, gained) = coverage()
        return RegressionReport(
            title: plan.identity.title, protocolSHA256: candidate.protocolFile.sha256, baseline: side(baseline),
            candidate: side(candidate), isIntersection: isIntersection, commonCases: baseline.cases.count,
            lostCases: lost, gainedCases: gained,
            endpoints: plan.endpoints.flatMap { endpoint in
                plan.margins.filter { $0.endpointOID == endpoint.oid }.map { margin in
                    EndpointComparison(
                        plan: plan, endpoint: endpoint, margin: margin,
                        baseline: EndpointValues(record: baseline, endpoint: endpoint, set: plan.analysisSets.primary),
                        candidate: EndpointValues(record: candidate, endpoint: endpoint, set: plan.analysisSets.primary)
                    ).result()
                }
            }, criteria: criteria())
    }

    private func side(_ record: RunRecord) -> RegressionReport.Side {
        RegressionReport.Side(
            run: record.run.id, model: record.model, startedUTC: record.run.startedUTC,
            resultsDigest: record.run.resultsDigest)
    }

    /// Cases that only one of the runs could evaluate.
    private func coverage() -> (lost: [RegressionReport.Crossing], gained: [RegressionReport.Crossing]) {
        let other = Dictionary(candidate.cases.map { ($0.id, $0.outcome) }, uniquingKeysWith: { first, _ in first })
        func reason(_ outcome: CaseOutcome) -> String {
            outcome.status.rawValue + (outcome.reasonCode.map { ": \($0)" } ?? "")
        }
        var lost: [RegressionReport.Crossing] = []
        var gained: [RegressionReport.Crossing] = []
        for item in baseline.cases {
            guard let now = other[item.id], (item.outcome.status == .ok) != (now.status == .ok) else { continue }
            if item.outcome.status == .ok {
                lost.append(RegressionReport.Crossing(caseID: item.id, reason: reason(now)))
            } else {
                gained.append(RegressionReport.Crossing(caseID: item.id, reason: "was \(reason(item.outcome))"))
            }
        }
        return (lost, gained)
    }

    /// How both runs were judged by themselves, from their stored analyses.
    private func criteria() -> [RegressionReport.Criterion] {
        candidate.plan.criteria.map { criterion in
            let line = candidate.decision(of: criterion.oid)
            func text(_ number: Double?) -> String { number.map { String(describing: $0) } ?? "none" }
            return RegressionReport.Criterion(
                oid: criterion.oid, endpointOID: criterion.endpointOID,
                baseline: baseline.decision(of: criterion.oid)?.verdict ?? .notEvaluable,
                candidate: line?.verdict ?? .notEvaluable,
                detail: "estimate \(text(line?.estimate)), interval \(text(line?.lower)) to \(text(line?.upper)), "
                    + "threshold \(criterion.threshold)")
        }
    }
}
