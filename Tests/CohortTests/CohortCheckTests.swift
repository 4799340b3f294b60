import Cohort
import Foundation
import Imaging
import Testing

@Suite struct CohortCheckTests {
    private func codes(_ cohort: SyntheticCohort, _ level: CohortFinding.Level) throws -> Set<CohortFinding.Code> {
        Set(try cohort.findings().filter { $0.level == level }.map(\.code))
    }

    @Test func aSoundCohortHasNoErrorsAndNoWarnings() throws {
        let cohort = try SyntheticCohort()
        for id in ["a", "b"] {
            try cohort.addCase(id) { item in
                item.liver = try cohort.write(cohort.ball(50), as: "\(id)-liver.nii.gz")
                item.vessels = try cohort.write(cohort.ball(9), as: "\(id)-vessels.nii.gz")
            }
        }
        let report = CohortCheck.check(try cohort.load())
        #expect(report.findings.filter { $0.level != .note } == [])
        #expect(report.facts.map(\.images.count) == [2, 2])
    }

    @Test func everyMissingFileIsListedNotOnlyTheFirst() throws {
        let cohort = try SyntheticCohort()
        try cohort.addCase("a") { $0.liver = "absent.nii.gz" }
        try cohort.addCase("b") { $0.vessels = "gone.nii.gz" }
        let missing = try cohort.findings().filter { $0.code == .fileMissing }
        #expect(missing.map(\.caseID) == ["a", "b"])
        #expect(missing.map(\.column) == [.liver, .vessels])
    }

    @Test func masksThatAreEmptyOnAnotherGridOrOutsideTheLiverAreFound() throws {
        let cohort = try SyntheticCohort()
        let other = try SyntheticCohort(SIMD3(31, 28, 14))
        try cohort.addCase("a") { item in
            item.liver = try cohort.write(cohort.ball(50), as: "liver.nii.gz")
            item.vessels = try cohort.write(cohort.ball(9, offset: 11), as: "vessels.nii.gz")
            item.lesions = try cohort.write(other.ball(9), as: "lesions.nii.gz")
        }
        try cohort.addCase("b") { $0.liver = try cohort.write(cohort.ball(-1), as: "empty.nii.gz") }
        #expect(try codes(cohort, .error) == [.maskOutsideLiver, .maskGrid, .maskEmpty])
    }

    @Test func anImageOfTwoSubjectsIsFoundInWhateverFileItLies() throws {
        let cohort = try SyntheticCohort()
        try cohort.addCase("a")
        try cohort.addCase("b", source: cohort.ct(seed: 0))
        let found = try cohort.findings().filter { $0.code == .duplicateImage }
        #expect(found.map(\.level) == [.error])
        #expect(found.first?.column == .source)
    }

    @Test func aSourceThatIsTheTruthAndAGeneratedTruthAreErrors() throws {
        let cohort = try SyntheticCohort()
        try cohort.addCase("a", truth: cohort.ct(seed: 0))
        try cohort.addCase("b") { item in
            try NIfTIWriter.write(cohort.mr(seed: 1), to: cohort.path("b-generated.nii"))
            item.generated = "b-generated.nii"
        }
        #expect(try codes(cohort, .error) == [.sourceIsTruth, .generatedIsInput])
    }

    @Test func intensitiesThatDoNotFitTheModalityAreSuspicious() throws {
        let cohort = try SyntheticCohort()
        try cohort.addCase("a", source: cohort.mr(seed: 5), truth: cohort.ct(seed: 6))
        #expect(try codes(cohort, .warning).contains(.modality))
        #expect(try cohort.findings().count { $0.code == .modality } == 2)
    }

    @Test func aTruthThatIsMovedAsideIsSuspicious() throws {
        let cohort = try SyntheticCohort(SIMD3(40, 40, 30))
        let lumps = cohort.volume { index, distance in
            let wave = sin(Double(index.x) * 0.55) + sin(Double(index.y) * 0.47) + sin(Double(index.z) * 0.51)
            return distance > 110 ? -1000 : Float(100 * wave)
        }
        var moved = Volume<Float>(geometry: cohort.geometry, repeating: 3)
        let d = cohort.geometry.dimensions
        for k in 0..<d.z { for j in 0..<d.y { for i in 1..<d.x { moved[i, j, k] = 900 - lumps[i - 1, j, k] } } }
        try cohort.addCase("a", source: lumps, truth: moved)
        try cohort.addCase("b", source: lumps.map { $0 + 1 }, truth: lumps.map { 800 - $0 })
        #expect(try cohort.findings().filter { $0.code == .registration }.map(\.caseID) == ["a"])
    }

    @Test func patientDataInAHeaderAreReportedButNeverShown() throws {
        let cohort = try SyntheticCohort()
        try cohort.addCase("a")
        try NIfTIWriter.write(
            cohort.ct(seed: 0), to: cohort.path("a-source.nii.gz"), description: "DOE^JANE 1961-02-03 MRN 4711815")
        let findings = try cohort.findings()
        #expect(findings.contains { $0.code == .patientData && $0.column == .source })
        for finding in findings {
            for secret in ["DOE", "JANE", "1961", "4711815"] { #expect(!finding.message.contains(secret)) }
        }
        for harmless in ["FSL5.0", "SPM12 (r7771)", "TE=4.2;Time=101530.250", "validate phantom"] {
            try NIfTIWriter.write(cohort.ct(seed: 0), to: cohort.path("a-source.nii.gz"), description: harmless)
            #expect(!(try cohort.findings().contains { $0.code == .patientData }), "\(harmless)")
        }
    }

    @Test func identifiersThatLookLikePeopleAreSuspicious() throws {
        let cohort = try SyntheticCohort()
        try cohort.addCase("a", subject: "Doe, Jane")
        try cohort.addCase("b", subject: "P-19610203")
        try cohort.addCase("c", subject: "S-0001")
        #expect(try cohort.findings().filter { $0.code == .identifier }.map(\.caseID) == ["a", "b"])
    }

    @Test func aTrainingSubjectInTheCohortIsAnError() throws {
        let cohort = try SyntheticCohort()
        try cohort.addCase("a", subject: "S-1")
        let report = CohortCheck.check(try cohort.load(), manifestOnly: true, trainingSubjects: ["s-1 "])
        #expect(report.findings.map(\.code) == [.trainingLeak])
        #expect(report.isManifestOnly)
    }
}
