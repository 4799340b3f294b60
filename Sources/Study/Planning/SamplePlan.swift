import Metrics
public import Statistics

/// How many cases the endpoints of a protocol need.
public struct SamplePlan: Sendable, Equatable {
    /// What is assumed about one endpoint.
    public struct Assumption: Sendable, Equatable {
        /// Standard deviation between cases; of paired differences for margins.
        public var standardDeviation: Double?
        /// Expected value; for margins no change is expected.
        public var expected: Double?

        /// Makes an assumption.
        public init(standardDeviation: Double? = nil, expected: Double? = nil) {
            self.standardDeviation = standardDeviation
            self.expected = expected
        }
    }

    /// What holds for all endpoints.
    public struct Settings: Sendable, Equatable {
        /// Two-sided error rate.
        public var alpha: Double
        /// Probability of success that is asked for.
        public var power: Double
        /// Intraclass correlation of cases of one site.
        public var intraclassCorrelation: Double
        /// Cases per site, for the design effect; nil: sites are ignored.
        public var casesPerSite: Double?
        /// Share of cases that is expected to be without a value.
        public var dropout: Double

        /// Makes settings.
        public init(
            alpha: Double = 0.05, power: Double = 0.9, intraclassCorrelation: Double = 0, casesPerSite: Double? = nil,
            dropout: Double = 0
        ) {
            self.alpha = alpha
            self.power = power
            self.intraclassCorrelation = intraclassCorrelation
            self.casesPerSite = casesPerSite
            self.dropout = dropout
        }
    }

    /// The number of cases for one question.
    public struct Line: Sendable, Equatable {
        /// OID of the criterion or of the margin's endpoint; empty for questions without a protocol.
        public var oid: String
        /// What is to be shown, in words.
        public var question: String
        /// Cases if all were independent and none missing; nil: see `note`.
        public var independentCases: Int?
        /// Cases after design effect and dropout.
        public var cases: Int?
        /// Why there is no number.
        public var note: String?
    }

    /// Questions in the order of the protocol.
    public var lines: [Line]
    /// Factor for cases of one site being alike.
    public var designEffect: Double
    /// Cases for all questions; nil when one of them has no number.
    public var cases: Int? {
        let numbers = lines.compactMap(\.cases)
        return numbers.count == lines.count ? numbers.max() : nil
    }

    /// Plans for every criterion on a mean and every margin of a protocol.
    ///
    /// - Parameters:
    ///   - plan: The protocol.
    ///   - assumptions: By OID of criterion or endpoint.
    ///   - settings: Power, design effect, dropout; alpha is the protocol's.
    /// - Throws: `StatisticsError.invalidParameter` for settings outside their range.
    public init(
        _ plan: StudyProtocol, assumptions: [String: Assumption], settings: Settings
    ) throws(StatisticsError) {
        var settings = settings
        settings.alpha = plan.statistics.alpha
        designEffect = try SamplePlan.effect(settings)
        lines = []
        for criterion in plan.criteria {
            guard let endpoint = plan.endpoint(criterion.endpointOID) else { continue }
            let assumed = assumptions[criterion.oid] ?? assumptions[endpoint.oid]
            lines.append(SamplePlan.line(criterion, endpoint, assumed, settings, designEffect))
        }
        for margin in plan.margins {
            guard let endpoint = plan.endpoint(margin.endpointOID) else { continue }
            lines.append(SamplePlan.line(margin, endpoint, assumptions[endpoint.oid], settings, designEffect))
        }
    }

    /// Plans for one question without a protocol.
    ///
    /// - Parameter count: The number of cases if all were independent.
    public init(question: String, settings: Settings, count: () throws(StatisticsError) -> Int) throws(StatisticsError)
    {
        designEffect = try SamplePlan.effect(settings)
        let independent = try count()
        lines = [
            Line(
                oid: "", question: question, independentCases: independent,
                cases: SamplePlan.inflated(independent, settings, designEffect), note: nil)
        ]
    }

    private static func effect(_ settings: Settings) throws(StatisticsError) -> Double {
        guard settings.dropout >= 0, settings.dropout < 1 else {
            throw .invalidParameter("the share of missing cases lies in [0, 1), not \(settings.dropout)")
        }
        guard let perSite = settings.casesPerSite else { return 1 }
        return try SampleSize.designEffect(
            casesPerSite: perSite, intraclassCorrelation: settings.intraclassCorrelation)
    }

    private static func inflated(_ cases: Int, _ settings: Settings, _ effect: Double) -> Int {
        Int((Double(cases) * effect / (1 - settings.dropout) - 1e-9).rounded(.up))
    }

    private static func line(
        _ criterion: StudyProtocol.Criterion, _ endpoint: StudyProtocol.Endpoint, _ assumed: Assumption?,
        _ settings: Settings, _ effect: Double
    ) -> Line {
        let better = endpoint.estimator == .proportion || endpoint.better != .lower ? Better.higher : .lower
        var line = Line(
            oid: criterion.oid,
            question:
                "\(endpoint.name): \(better == .higher ? "lower bound ≥" : "upper bound ≤") \(criterion.threshold)")
        do throws(StatisticsError) {
            if endpoint.estimator == .proportion {
                line.question += ", no case below its limit"
                try fill(&line, settings, effect) { () throws(StatisticsError) in
                    try SampleSize.zeroFailures(share: criterion.threshold, level: 1 - settings.alpha / 2)
                }
            } else if let sd = assumed?.standardDeviation, let expected = assumed?.expected {
                let distance = better == .higher ? expected - criterion.threshold : criterion.threshold - expected
                line.question += ", expected \(expected), SD \(sd)"
                try fill(&line, settings, effect) { () throws(StatisticsError) in
                    try SampleSize.bound(
                        distance: distance, standardDeviation: sd, alpha: settings.alpha / 2, power: settings.power)
                }
            } else {
                line.note = "give the expected value and the standard deviation of \(criterion.oid)"
            }
        } catch { line.note = error.description }
        line.raise(to: criterion.minimumCases)
        return line
    }

    private static func line(
        _ margin: StudyProtocol.RegressionMargin, _ endpoint: StudyProtocol.Endpoint, _ assumed: Assumption?,
        _ settings: Settings, _ effect: Double
    ) -> Line {
        var line = Line(
            oid: endpoint.oid, question: "\(endpoint.name): retrained model not worse by \(margin.nonInferiority)")
        guard let sd = assumed?.standardDeviation else {
            line.note = "give the standard deviation of the paired differences of \(endpoint.oid)"
            return line
        }
        line.question += ", no change expected, SD of differences \(sd)"
        do throws(StatisticsError) {
            try fill(&line, settings, effect) { () throws(StatisticsError) in
                try SampleSize.bound(
                    distance: margin.nonInferiority, standardDeviation: sd, alpha: settings.alpha / 2,
                    power: settings.power)
            }
        } catch { line.note = error.description }
        return line
    }

    private static func fill(
        _ line: inout Line, _ settings: Settings, _ effect: Double, _ count: () throws(StatisticsError) -> Int
    ) throws(StatisticsError) {
        let independent = try count()
        line.independentCases = independent
        line.cases = inflated(independent, settings, effect)
    }
}

extension SamplePlan.Line {
    init(oid: String, question: String) {
        self.init(oid: oid, question: question, independentCases: nil, cases: nil, note: nil)
    }

    /// A protocol's smallest number of cases counts as well.
    fileprivate mutating func raise(to minimum: Int) {
        if let cases, cases < minimum { self.cases = minimum }
    }
}
