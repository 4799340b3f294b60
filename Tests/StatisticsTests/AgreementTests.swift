import Testing

@testable import Statistics

struct AgreementTests {
    @Test func intraclassCorrelationsAgreeWithShroutFleissAndPsych() throws {
        let table = try Table("shrout_fleiss")
        let scores = try table.numbers("score")
        let ratings = stride(from: 0, to: scores.count, by: 4).map { Array(scores[$0..<$0 + 4]) }
        let golden = try Golden("icc_r")
        let forms: [(String, IntraclassCorrelation.Form, Double)] = [
            ("ICC1", .oneWay, 0.17), ("ICC2", .agreement, 0.29), ("ICC3", .consistency, 0.71),
            ("ICC1k", .oneWayMean, 0.44), ("ICC2k", .agreementMean, 0.62), ("ICC3k", .consistencyMean, 0.91),
        ]
        for (name, form, published) in forms {
            let icc = try IntraclassCorrelation(form, ratings: ratings)
            #expect(abs(icc.estimate - published) < 0.005)
            let expected = try golden[name]
            #expect(close(icc.estimate, try expected["ICC"].number), "\(name)")
            #expect(close(icc.f, try expected["F"].number), "\(name)")
            #expect(close(icc.p, try expected["p"].number), "\(name)")
            #expect(close(icc.interval.lower, try expected["lower bound"].number, 1e-7), "\(name)")
            #expect(close(icc.interval.upper, try expected["upper bound"].number, 1e-7), "\(name)")
        }
        let cohort = try Table("cohort")
        let pairs = zip(try cohort.numbers("cldice_old"), try cohort.numbers("cldice_new")).map { [$0, $1] }
        for form in IntraclassCorrelation.Form.allCases {
            let expected = try Golden("agreement")["icc_cldice", form.rawValue]
            let icc = try IntraclassCorrelation(form, ratings: pairs)
            #expect(close(icc.estimate, try expected["ICC"].number), "\(form)")
            #expect(close(icc.p, try expected["pval"].number, 1e-7, absolute: 0), "\(form)")
        }
    }

    @Test(arguments: ["hd95", "cldice"])
    func limitsOfAgreementAgreeWithScipy(name: String) throws {
        let cohort = try Table("cohort")
        let golden = try Golden("agreement")["bland_altman_\(name)"]
        let result = try BlandAltman(
            first: cohort.numbers("\(name)_new"), second: cohort.numbers("\(name)_old"))
        #expect(close(result.bias, try golden["bias"].number))
        #expect(close(result.standardDeviation, try golden["sd"].number))
        let intervals: [(String, Interval)] = [
            ("bias_ci95", result.biasInterval), ("loa", result.limits),
            ("upper_ci_exact_carkeet", result.upperLimitInterval),
            ("lower_ci_exact_carkeet", result.lowerLimitInterval),
        ]
        for (key, interval) in intervals {
            #expect(close([interval.lower, interval.upper], try golden[key].numbers), "\(name) \(key)")
        }
        let slope = try #require(result.slope)
        #expect(close(slope.slope, try golden["prop_bias", "slope"].number))
        #expect(close(slope.intercept, try golden["prop_bias", "intercept"].number))
        #expect(close(slope.standardError, try golden["prop_bias", "se"].number))
        #expect(close(slope.p, try golden["prop_bias", "p"].number))
    }

    @Test func degenerateTablesAreTypedOutcomes() {
        #expect(throws: StatisticsError.tooFew("targets", minimum: 2, found: 1)) {
            try IntraclassCorrelation(.oneWay, ratings: [[1, 2]])
        }
        #expect(throws: StatisticsError.tooFew("raters", minimum: 2, found: 1)) {
            try IntraclassCorrelation(.oneWay, ratings: [[1], [2]])
        }
        #expect(throws: StatisticsError.noVariation) {
            try IntraclassCorrelation(.consistency, ratings: [[1, 1], [2, 2]])
        }
        #expect(throws: StatisticsError.lengthMismatch(2, 1)) {
            try IntraclassCorrelation(.oneWay, ratings: [[1, 2], [2]])
        }
        #expect(throws: StatisticsError.noVariation) { try BlandAltman(first: [1, 2, 3], second: [0, 1, 2]) }
        #expect(throws: StatisticsError.tooFew("pairs", minimum: 3, found: 2)) {
            try BlandAltman(first: [1, 2], second: [0, 2])
        }
    }
}
