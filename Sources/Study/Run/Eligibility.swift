import Cohort
import Metrics

/// Which cases of a cohort a protocol takes.
struct Eligibility {
    let plan: StudyProtocol

    /// Throws an exclusion unless the case is eligible.
    func require(_ item: CohortCase) throws(CaseFailure) {
        if !plan.sites.isEmpty, !plan.sites.contains(where: { $0.oid == item.site }) {
            throw exclusion("site_not_in_protocol", "the protocol does not list the site of this case")
        }
        guard Eligibility.matches(item.truth.series, plan.targetSeries) else {
            throw exclusion(
                "other_series", "the truth is \(item.truth.series), the protocol asks for \(plan.targetSeries)")
        }
        if let source = item.source, !Eligibility.matches(source.series, plan.sourceSeries) {
            throw exclusion(
                "other_series", "the source is \(source.series), the protocol asks for \(plan.sourceSeries)")
        }
        if let limit = plan.analysisSets.maximumRegistrationErrorMM, let error = item.registrationErrorMM, error > limit
        {
            throw exclusion(
                "registration_error",
                "the registration error is \(error) mm, the protocol allows \(limit) mm")
        }
        if let limit = plan.analysisSets.maximumSliceMM,
            let slice = item.covariates["slice_mm"].flatMap(StrictNumber.double), slice > limit
        {
            throw exclusion("slice_spacing", "the slices are \(slice) mm apart, the protocol allows \(limit) mm")
        }
    }

    private func exclusion(_ code: String, _ message: String) -> CaseFailure {
        CaseFailure(.eligibility, code, message, isExclusion: true)
    }

    /// Whether a series is the one that is asked for; `MR` asks for any MR.
    static func matches(_ series: ImageSeries, _ wanted: String) -> Bool {
        series.name == wanted || (wanted == series.modality.rawValue)
    }
}
