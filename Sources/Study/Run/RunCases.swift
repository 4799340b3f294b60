import Cohort

/// The case list of a cohort as a run keeps it.
enum RunCases {
    /// The rows of all cases, without results.
    static func records(of cohort: Cohort) -> [CaseRecord] { cohort.cases.map(record) }

    /// The row of one case, without results.
    static func record(of item: CohortCase) -> CaseRecord {
        CaseRecord(
            id: item.id, subject: item.subject, site: item.site, sex: item.covariates["sex"],
            ageBand: item.covariates["age_band"], covariates: item.covariates, files: [], geometry: nil,
            sourcePhase: item.sourcePhase, truthPhase: item.truthPhase, registrationMethod: item.registrationMethod,
            registrationErrorMM: item.registrationErrorMM, outcome: CaseOutcome(status: .missing), measurements: [],
            pictures: [])
    }

    /// What a report says about the cohort.
    static func facts(of cohort: Cohort) -> CohortFacts {
        var notes = cohort.description.facts
        notes["license"] = cohort.description.license
        notes["generated_by"] = cohort.description.generatedBy
        return CohortFacts(
            name: cohort.description.name, manifestSHA256: cohort.manifestSHA256,
            seedNamespace: cohort.description.facts["seed_namespace"], notes: notes)
    }
}
