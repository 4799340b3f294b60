import Foundation
import Testing

@testable import Study

struct ProtocolRulesTests {
    /// Findings of a shipped protocol after one text was replaced.
    private func findings(
        _ name: String = "liver-ct-to-mr.xml", replacing old: String, with new: String
    ) throws -> [ProtocolDiagnostic] {
        let text = String(decoding: try Checkout.protocol(name), as: UTF8.self)
        let changed = text.replacingOccurrences(of: old, with: new)
        #expect(changed != text, "'\(old)' is not in \(name)")
        do throws(ProtocolError) {
            _ = try ProtocolFile(parsing: Array(changed.utf8), file: "p.xml")
            return []
        } catch { return error.diagnostics }
    }

    @Test(arguments: [
        ("Metric=\"ssim\" Structure=\"body\"", "Metric=\"sim\" Structure=\"body\"", "no metric 'sim'"),
        (
            "Metric=\"vtc\" Structure=\"vessels\"", "Metric=\"vtc\" Structure=\"liver\"",
            "structures of this metric: vessels"
        ),
        ("Threshold=\"0.931\"", "Threshold=\"93.1\"", "0.931 stands for 93.1"),
        ("Threshold=\"1.8\"", "Threshold=\"-1.8\"", "never negative"),
        ("EndpointOID=\"EP.VTC\" Threshold", "EndpointOID=\"EP.VCT\" Threshold", "there is no endpoint 'EP.VCT'"),
        ("MinimumCases=\"20\"", "MinimumCases=\"1\"", "at least 2"),
        ("NonInferiority=\"0.2\"", "NonInferiority=\"0\"", "more than 0"),
        ("BootstrapResamples=\"9999\"", "BootstrapResamples=\"999\"", "between 9999"),
        ("Alpha=\"0.05\"", "Alpha=\"0.95\"", "(0, 0.2]"),
        ("Target=\"MR-T1\"", "Target=\"CT\"", "CT to MR or MR to CT"),
        ("OID=\"EP.MAE\"", "OID=\"EP.SSIM\"", "stands twice"),
        ("Segmentation=\"vesselness/1\"", "Segmentation=\"vesselness/9\"", "is unknown; known"),
        ("<Sites Minimum=\"2\"/>", "<Sites Minimum=\"1\"/>", "at least 2 sites"),
        ("<Bin UpTo=\"2\"/>", "<Bin UpTo=\"4\"/>", "ascend"),
        (
            "CaseSummary=\"worst-slice\" Estimator=\"median\"", "CaseSummary=\"worst-slice\" Estimator=\"proportion\"",
            "CaseLimit"
        ),
        ("NSDToleranceMM=\"2\"", "NSDToleranceMM=\"0\"", "(0, 50]"),
        ("Lower=\"-1024\"", "Lower=\"4000\"", "less than Upper"),
    ])
    func abrokenRuleSaysWhereAndWhatWouldBeRight(_ old: String, _ new: String, _ words: String) throws {
        let found = try findings(replacing: old, with: new)
        #expect(found.contains { $0.message.contains(words) && $0.line > 1 && $0.element != nil }, "\(found)")
    }

    @Test func theDirectionOfBetterIsThatOfTheMetric() throws {
        let found = try findings(
            replacing:
                "Metric=\"hausdorff_95\" Structure=\"lesions\"\n      CaseSummary=\"value\" Estimator=\"mean\" Better=\"lower\"",
            with:
                "Metric=\"hausdorff_95\" Structure=\"lesions\"\n      CaseSummary=\"value\" Estimator=\"mean\" Better=\"higher\""
        )
        #expect(found.contains { $0.message.contains("lower is better, not higher") }, "\(found)")
    }

    @Test func everyPrimaryEndpointNeedsACriterion() throws {
        let text = String(decoding: try Checkout.protocol("phantom-demo.xml"), as: UTF8.self)
        let pattern = try Regex("<Criterion OID=\"CR.VTC\"[\\s\\S]*?</Criterion>")
        let changed = text.replacing(pattern, with: "")
        #expect(changed != text)
        #expect {
            try ProtocolFile(parsing: Array(changed.utf8), file: "p.xml")
        } throws: { error in
            "\(error)".contains("'EP.VTC' has no criterion")
        }
    }

    @Test func aRetrainingStudyNeedsMargins() throws {
        let text = String(decoding: try Checkout.protocol("retraining-regression.xml"), as: UTF8.self)
        let pattern = try Regex("<RegressionMargins>[\\s\\S]*?</RegressionMargins>")
        #expect {
            try ProtocolFile(parsing: Array(text.replacing(pattern, with: "").utf8), file: "p.xml")
        } throws: { error in
            "\(error)".contains("needs a <Margin>")
        }
    }

    @Test func allFindingsAreReportedInTheOrderOfLines() throws {
        let text = String(decoding: try Checkout.protocol("liver-ct-to-mr.xml"), as: UTF8.self)
            .replacingOccurrences(of: "Threshold=\"0.931\"", with: "Threshold=\"93.1\"")
            .replacingOccurrences(of: "Alpha=\"0.05\"", with: "Alpha=\"0.5\"")
            .replacingOccurrences(of: "Metric=\"mae\"", with: "Metric=\"mea\"")
        #expect {
            try ProtocolFile(parsing: Array(text.utf8), file: "p.xml")
        } throws: { error in
            let found = (error as? ProtocolError)?.diagnostics ?? []
            return found.count == 3 && found.map(\.line) == found.map(\.line).sorted()
        }
    }

    @Test func aRetiredMethodStaysReadableButCarriesNoNewRun() async throws {
        let file = try SmallCohort.protocolFile {
            $0.replacing("Resampling=\"none\"", with: "Resampling=\"none\" Segmentation=\"anatomy-head/1\"")
        }
        let refusal = RunError.retiredMethod(name: "anatomy-head/1", successor: "anatomy-head/2")
        #expect(throws: refusal) { try file.requireCurrentMethods() }
        #expect(refusal.description.contains("successor is 'anatomy-head/2'"))
        let folder = try TestFolder()
        let cohort = try SmallCohort.make(in: folder, cases: 2)
        await #expect(throws: refusal) {
            try await SmallCohort.run(cohort, store: folder.file("new.sqlite"), file: file)
        }
        for successor in ProtocolRules.retiredSegmentations.values {
            #expect(ProtocolRules.segmentations.contains(successor))
        }
        // A store from when the method was current is read, exported and audited as before.
        let study = try SyntheticStudy(SyntheticStudy.items(12), file: file)
        try study.write(to: folder.file("old.sqlite"))
        let store = try Store.openForReading(path: folder.file("old.sqlite"))
        let record = try store.record(ofRun: study.runID)
        #expect(record.plan.measurement.segmentation == "anatomy-head/1" && !record.analyses.isEmpty)
        #expect(try !ResultsExport(store: store, run: study.runID).json().isEmpty)
        _ = try AuditVerification.verify(path: folder.file("old.sqlite"))
    }

    @Test func intensitiesOfMRHaveNoHounsfieldUnits() throws {
        #expect(try SmallCohort.protocolFile().plan.endpoint("EP.MAE")?.unit == "a.u.")
        let toCT = try SmallCohort.protocolFile {
            $0.replacing("Source=\"CT\" Target=\"MR-T1\"", with: "Source=\"MR-T1\" Target=\"CT\"")
        }
        #expect(toCT.plan.endpoint("EP.MAE")?.unit == "HU")
    }

    @Test func daysAreThoseOfTheCalendar() {
        #expect(ProtocolRules.isDay("2024-02-29"))
        #expect(!ProtocolRules.isDay("2023-02-29"))
        #expect(!ProtocolRules.isDay("2026-13-01"))
        #expect(!ProtocolRules.isDay("2026-04-31"))
    }
}
