import ArgumentParser
import Cohort
import Foundation
import Statistics
import Study

/// `validate plan`: how many cases a study needs.
struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Number of cases for the endpoints of a protocol, or for one question.",
        discussion: """
            With a protocol: every criterion and every margin, from assumed expected values and standard deviations, \
            named by the OID of the criterion or endpoint. Without: one question.

            Examples:
              validate plan --protocol P.xml --expected CR.SSIM=0.92 --sd CR.SSIM=0.03 --sd EP.SSIM=0.01
              validate plan --margin 0.005 --sd 0.01 --power 0.9
              validate plan --threshold 0.90 --expected 0.92 --sd 0.03 --icc 0.05 --cases-per-site 20
              validate plan --equivalence 0.005 --sd 0.01 --alpha 0.1
              validate plan --half-width 0.002 --sd 0.01
              validate plan --zero-failures 0.95
            """)

    @Option(name: .customLong("protocol"), help: "Plan for every endpoint of this protocol.")
    var protocolPath: String?

    @Option(name: .long, help: "Standard deviation: a number, or OID=number (repeatable) with a protocol.")
    var sd: [String] = []

    @Option(name: .long, help: "Expected value: a number, or OID=number (repeatable) with a protocol.")
    var expected: [String] = []

    @Option(name: .long, help: "Threshold for the confidence bound of a mean.")
    var threshold: Double?

    @Option(name: .long, help: "Whether 'higher' or 'lower' values are better, for --threshold.")
    var better: String = "higher"

    @Option(
        name: .long,
        help: "Non-inferiority margin of paired differences; --expected is the true difference (default 0).")
    var margin: Double?

    @Option(
        name: .long, help: "Equivalence margin of paired differences; --expected is the true difference (default 0).")
    var equivalence: Double?

    @Option(name: .long, help: "Half width of the interval of a mean.")
    var halfWidth: Double?

    @Option(name: .long, help: "Share of cases to show when not one fails.")
    var zeroFailures: Double?

    @Option(name: .long, help: "Two-sided error rate (a protocol states its own).")
    var alpha: Double = 0.05

    @Option(name: .long, help: "Probability of success that is asked for.")
    var power: Double = 0.9

    @Option(name: .long, help: "Intraclass correlation of cases of one site.")
    var icc: Double = 0

    @Option(name: .long, help: "Cases per site, for the design effect.")
    var casesPerSite: Double?

    @Option(name: .long, help: "Share of cases that is expected to have no value.")
    var dropout: Double = 0

    @OptionGroup var output: OutputOptions

    mutating func validate() throws {
        let questions = [threshold, margin, equivalence, halfWidth, zeroFailures].compactMap(\.self).count
        guard (protocolPath == nil) == (questions == 1), questions <= 1 else {
            throw ValidationError(
                "give a protocol, or one of --threshold, --margin, --equivalence, --half-width, --zero-failures")
        }
        guard better == "higher" || better == "lower" else { throw ValidationError("--better is higher or lower") }
        for text in sd + expected {
            guard Assumptions.parse(text, withOID: protocolPath != nil) != nil else {
                throw ValidationError(
                    protocolPath == nil ? "'\(text)' is no number" : "'\(text)' is not OID=number, such as EP.SSIM=0.01"
                )
            }
        }
    }

    func run() async throws {
        let settings = SamplePlan.Settings(
            alpha: alpha, power: power, intraclassCorrelation: icc, casesPerSite: casesPerSite, dropout: dropout)
        let file = try protocolPath.map { try ProtocolFile.load(path: $0) }
        let plan: SamplePlan
        do throws(StatisticsError) {
            if let file {
                plan = try SamplePlan(
                    file.plan, assumptions: Assumptions.byOID(sd: sd, expected: expected), settings: settings)
            } else {
                plan = try question(settings)
            }
        } catch { throw CommandFailure(.usage, "\(error)") }
        let page = PlanPage(plan: plan)
        try Terminal.result(output.json ? page.json.text : page.text)
    }

    /// The one question that was asked without a protocol.
    private func question(_ settings: SamplePlan.Settings) throws(StatisticsError) -> SamplePlan {
        let spread = sd.first.flatMap { Double($0) }
        let value = expected.first.flatMap { Double($0) }
        func needed() throws(StatisticsError) -> Double {
            guard let spread else { throw .invalidParameter("--sd is needed") }
            return spread
        }
        if let threshold {
            guard let value else { throw .invalidParameter("--expected is needed") }
            let distance = better == "higher" ? value - threshold : threshold - value
            return try SamplePlan(question: "bound of the mean reaches \(threshold)", settings: settings) {
                () throws(StatisticsError) in
                try SampleSize.bound(
                    distance: distance, standardDeviation: try needed(), alpha: alpha / 2, power: power)
            }
        }
        if let margin {
            let gain = better == "higher" ? value ?? 0 : -(value ?? 0)
            return try SamplePlan(question: "not worse by \(margin)", settings: settings) {
                () throws(StatisticsError) in
                try SampleSize.bound(
                    distance: margin + gain, standardDeviation: try needed(), alpha: alpha / 2, power: power)
            }
        }
        if let equivalence {
            return try SamplePlan(question: "equivalent within ±\(equivalence)", settings: settings) {
                () throws(StatisticsError) in
                try SampleSize.equivalence(
                    difference: value ?? 0, margin: equivalence, standardDeviation: try needed(), alpha: alpha / 2,
                    power: power)
            }
        }
        if let halfWidth {
            return try SamplePlan(question: "interval of the mean ±\(halfWidth)", settings: settings) {
                () throws(StatisticsError) in
                try SampleSize.halfWidth(halfWidth, standardDeviation: try needed(), level: 1 - alpha)
            }
        }
        let share = zeroFailures ?? 0
        return try SamplePlan(question: "share of at least \(share) when no case fails", settings: settings) {
            () throws(StatisticsError) in
            try SampleSize.zeroFailures(share: share, level: 1 - alpha)
        }
    }
}

/// Assumed numbers as they stand on the command line.
enum Assumptions {
    /// OID (empty without a protocol) and number, or nil.
    static func parse(_ text: String, withOID: Bool) -> (oid: String, number: Double)? {
        guard withOID else { return StrictNumber.double(text).map { ("", $0) } }
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2, let number = StrictNumber.double(parts[1]) else { return nil }
        return (parts[0], number)
    }

    /// Assumptions of a protocol's criteria and endpoints.
    static func byOID(sd: [String], expected: [String]) -> [String: SamplePlan.Assumption] {
        var found: [String: SamplePlan.Assumption] = [:]
        for (oid, number) in sd.compactMap({ parse($0, withOID: true) }) {
            found[oid, default: SamplePlan.Assumption()].standardDeviation = number
        }
        for (oid, number) in expected.compactMap({ parse($0, withOID: true) }) {
            found[oid, default: SamplePlan.Assumption()].expected = number
        }
        return found
    }
}

/// A plan for machines and for people.
struct PlanPage {
    let plan: SamplePlan

    /// The document `validate.plan/1`.
    var json: JSON {
        .object([
            ("schema", .string("validate.plan/1")), ("cases", plan.cases.map(JSON.integer) ?? .null),
            ("design_effect", .number(plan.designEffect)),
            (
                "questions",
                .array(
                    plan.lines.map { line in
                        .object([
                            ("oid", .string(line.oid)), ("question", .string(line.question)),
                            ("independent_cases", line.independentCases.map(JSON.integer) ?? .null),
                            ("cases", line.cases.map(JSON.integer) ?? .null), ("note", .optional(line.note)),
                        ])
                    })
            ),
        ])
    }

    /// A table, and the number for all questions.
    var text: String {
        var table = TextTable(["oid", "cases", "independent", "question"], rightAligned: [1, 2])
        for line in plan.lines {
            table.add([
                line.oid.isEmpty ? "-" : line.oid, line.cases.map(String.init) ?? "-",
                line.independentCases.map(String.init) ?? "-",
                line.question + (line.note.map { " (\($0))" } ?? ""),
            ])
        }
        let total = plan.cases.map { "cases for all questions: \($0)" } ?? "not every question has a number of cases"
        return table.text + "\n" + total
    }
}
