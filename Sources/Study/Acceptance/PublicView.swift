import Metrics

/// Why a run has no public view.
public enum PublicViewError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Fewer cases than the smallest count that is shown: every number would point to few people.
    case tooFewCases(found: Int, smallest: Int)
    /// A smallest count that protects nobody, or hides everything.
    case smallestCount(Int)

    /// One sentence.
    public var description: String {
        switch self {
        case .tooFewCases(let found, let smallest):
            "the run lists \(found) cases; a public view needs at least \(smallest), the smallest count that is shown"
        case .smallestCount(let value): "the smallest shown count has to lie between 3 and 1000, not \(value)"
        }
    }
}

/// What may be published about one run: no case, no pseudonym, no count from 1 to k − 1 and nothing that such a count could be computed from.
///
/// The record in it holds no case, no deviation and no event, so that nothing that is rendered from it can name one. Lines of the analysis
/// lose their counts; `counts(of:)` has those that may be shown. The rules, with N listed cases:
///
/// - N is shown; a run with fewer than k cases has no public view.
/// - Cases by outcome, covariates and deviations are partitions of N and go through `CellSuppression`.
/// - The number evaluated for an endpoint is shown where neither the cases without a result nor those without a value are few; else as the
///   least that it can be.
/// - Sites and levels show counts only where every case of theirs was evaluated, else `≥ k` or `<k`: listed and evaluated counts would
///   give the missing ones away. Where no count is shown because of its size there is no estimate either.
/// - Where few cases have no value, results under other rules for missing data are verdicts without numbers: two means would give their
///   share away. Shares of cases are shown where both parts are none or at least k, and never by group.
/// - A covariate with more levels than six, and than one for every k cases, is not split.
/// - Extremes, outliers and the spread of single cases are left out.
public struct PublicView: Sendable {
    /// Counts of a line as they may be read.
    public struct Counts: Sendable, Equatable {
        /// Cases with a value: `40`, `at least 30`, `≥ 11`, `<11`, `withheld`.
        public var evaluated: String
        /// Cases without, or `–` where only the evaluated ones are given.
        public var missing: String

        /// Makes counts.
        public init(evaluated: String, missing: String) {
            self.evaluated = evaluated
            self.missing = missing
        }
    }

    /// A level with its count as it may be read.
    public struct Level: Sendable, Equatable {
        /// Name of the level.
        public var name: String
        /// `23`, `<11` or `withheld`.
        public var count: String
    }

    /// A covariate, or another way to split the listed cases.
    public struct Partition: Sendable, Equatable {
        /// What the cases are split by.
        public var name: String
        /// Its levels in order.
        public var levels: [Level]
    }

    /// k: the smallest count that is shown.
    public let smallestCount: Int
    /// The run without cases, deviations and events; its lines without counts.
    public let record: RunRecord
    /// Listed cases.
    public let listed: Int
    /// Cases with a result, as text.
    public let evaluated: String
    /// Cases with a result where the number is shown.
    public let evaluatedCount: Int?
    /// Cases without a result, by step.
    public let lost: [Level]
    /// Whether any case has no result.
    public let hasLosses: Bool
    /// Listed cases by site, by code.
    public let sites: [Level]
    /// Sex, age band and the covariates that the protocol names.
    public let baseline: [Partition]
    /// How the truth was registered; reference masks that cases bring; deviations.
    public let registration: Partition, references: [Partition], deviations: Partition
    /// Inputs that the system refused, as text.
    public let refused: String
    /// Metrics with the versions that measured, in order.
    public let metricVersions: [(metric: String, version: Int)]
    private let shown: [LineKey: Counts]

    private struct LineKey: Hashable {
        var endpoint, criterion, kind, set, method, group: String

        init(_ line: AnalysisRecord) {
            (endpoint, criterion) = (line.endpointOID, line.criterionOID ?? "")
            (kind, set, method, group) = (line.kind.rawValue, line.set.rawValue, line.method, line.group)
        }
    }

    /// Counts of a line of `record`.
    public func counts(of line: AnalysisRecord) -> Counts {
        shown[LineKey(line)] ?? Counts(evaluated: "withheld", missing: "–")
    }

    /// Makes the view.
    ///
    /// - Parameters:
    ///   - full: The run with its cases and stored lines.
    ///   - smallestCount: k, 11 by default.
    /// - Throws: `PublicViewError`.
    public init(of full: RunRecord, smallestCount: Int = CellSuppression.defaultThreshold) throws(PublicViewError) {
        guard (3...1000).contains(smallestCount) else { throw .smallestCount(smallestCount) }
        guard full.cases.count >= smallestCount else {
            throw .tooFewCases(found: full.cases.count, smallest: smallestCount)
        }
        let partitions = CasePartitions(cases: full.cases, threshold: smallestCount)
        let outcomes = partitions.outcomes
        self.smallestCount = smallestCount
        listed = full.cases.count
        evaluated = outcomes.evaluatedText
        evaluatedCount = outcomes.evaluatedCount
        lost = outcomes.lost
        hasLosses = full.cases.contains { $0.outcome.status != .ok }
        sites = partitions.levels { $0.site }
        baseline = partitions.baseline(of: full.plan)
        registration = Partition(name: "registration", levels: partitions.registration)
        references = partitions.references
        let worst = Dictionary(full.deviations.map { ($0.caseID, $0.grade) }) { $0 == .major ? $0 : $1 }
        deviations = Partition(
            name: "deviations",
            levels: partitions.levels(["major", "minor only", "none"]) { item in
                worst[item.id].map { $0 == .major ? "major" : "minor only" } ?? "none"
            })
        let refusals = partitions.levels(["refused", "taken"]) {
            $0.outcome.reasonCode == "input_refused" ? "refused" : "taken"
        }
        refused = refusals[0].count
        let used = Set(
            full.cases.flatMap {
                $0.measurements.map { MetricVersion($0.measurement.metric, $0.implementationVersion) }
            })
        metricVersions = used.sorted().map { ($0.metric, $0.version) }
        var lines: [AnalysisRecord] = []
        var shown: [LineKey: Counts] = [:]
        for endpoint in full.plan.endpoints {
            for (line, counts) in PublicLines(
                record: full, endpoint: endpoint, evaluatedCases: outcomes.evaluatedCount, threshold: smallestCount
            ).all() {
                shown[LineKey(line)] = counts
                lines.append(line)
            }
        }
        self.shown = shown
        var record = full
        record.cases = []
        record.deviations = []
        record.audit.events = []
        record.audit.count = 0
        for index in record.sites.indices { record.sites[index].listedCases = 0 }
        record.analyses = lines
        self.record = record
    }

    private struct MetricVersion: Hashable, Comparable {
        var metric: String
        var version: Int

        init(_ metric: String, _ version: Int) { (self.metric, self.version) = (metric, version) }

        static func < (a: MetricVersion, b: MetricVersion) -> Bool { (a.metric, a.version) < (b.metric, b.version) }
    }

    /// The lines as a table for publication; counts are text.
    public func csv() -> [UInt8] {
        func number(_ value: Double?) -> String { value.map(Digits.text) ?? "" }
        var rows = [
            "endpoint,criterion,kind,set,method,group,evaluated,missing,estimate,lower,upper,p,p_holm,verdict,note"
        ]
        for line in record.analyses {
            let counts = counts(of: line)
            var holm: Double?
            if case .number(let value) = line.parameters.first(where: { $0.name == "holm_p" })?.value { holm = value }
            rows.append(
                ([
                    line.endpointOID, line.criterionOID ?? "", line.kind.rawValue, line.set.rawValue, line.method,
                    line.group, counts.evaluated, counts.missing,
                ].map(CSV.field)
                    + [number(line.estimate), number(line.lower), number(line.upper), number(line.p), number(holm)]
                    + [line.verdict?.rawValue ?? "", CSV.field(line.note ?? "")]).joined(separator: ","))
        }
        return Array((rows.joined(separator: "\r\n") + "\r\n").utf8)
    }
}
