import Synchronization

/// Estimates of one plan that were made before: decisions, sensitivity lines and intervals mostly rest on the same cases, and a bootstrap of
/// some thousand of them is most of an analysis.
final class EstimateMemory: Sendable {
    private struct Question: Hashable {
        var endpoint: String
        var alpha: Double
        var method: StudyProtocol.IntervalMethod
        var data: [EndpointEstimator.Datum]
    }

    private let known = Mutex<[Question: EndpointEstimate]>([:])

    /// The estimate, computed once for each endpoint, level, method and data.
    func estimate(
        _ estimator: EndpointEstimator, _ data: [EndpointEstimator.Datum], _ method: StudyProtocol.IntervalMethod
    ) -> EndpointEstimate {
        let question = Question(
            endpoint: estimator.endpoint.oid, alpha: estimator.statistics.alpha, method: method, data: data)
        if let answer = known.withLock({ $0[question] }) { return answer }
        let answer = estimator.estimate(data, method: method)
        known.withLock { $0[question] = answer }
        return answer
    }
}
