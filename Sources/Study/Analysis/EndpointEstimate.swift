import Metrics
import Statistics

/// An estimate with its interval, or the reason why there is none.
struct EndpointEstimate {
    var method: String
    var estimate: Double?
    var lower: Double?
    var upper: Double?
    var p: Double?
    var parameters: [MetricParameter] = []
    var note: String?
}

/// Estimates of an endpoint by the methods of the protocol.
struct EndpointEstimator {
    let endpoint: StudyProtocol.Endpoint
    let statistics: StudyProtocol.StatisticalPlan

    private var level: Double { 1 - statistics.alpha }

    /// One number with where it comes from.
    struct Datum: Hashable {
        var subject: String
        var site: String
        var number: Double
    }

    /// The estimate by a method.
    func estimate(_ data: [Datum], method: StudyProtocol.IntervalMethod) -> EndpointEstimate {
        let numbers = data.map(\.number)
        do throws(StatisticsError) {
            switch method {
            case .standard: return try standard(numbers)
            case .bca: return try bca(data)
            case .siteAware: return try siteAware(data)
            }
        } catch {
            return failed(method, numbers, error)
        }
    }

    private func failed(
        _ method: StudyProtocol.IntervalMethod, _ numbers: [Double], _ error: StatisticsError
    ) -> EndpointEstimate {
        var result = EndpointEstimate(method: "\(endpoint.estimator.rawValue)_\(name(method))")
        result.estimate = point(numbers)
        result.note = "no interval: \(error)"
        // All values equal: the value is known, its uncertainty is not zero but cannot be told.
        if error == .noVariation, let value = result.estimate { (result.lower, result.upper) = (value, value) }
        return result
    }

    private func name(_ method: StudyProtocol.IntervalMethod) -> String {
        switch method {
        case .standard:
            switch endpoint.estimator {
            case .mean: "t"
            case .median: "order"
            case .proportion: "clopper_pearson"
            }
        case .bca: "bca"
        case .siteAware: "random_effects"
        }
    }

    /// The estimate alone.
    func point(_ numbers: [Double]) -> Double? {
        guard let sample = try? Sample(numbers) else { return nil }
        return endpoint.estimator == .median ? sample.median : sample.mean
    }

    private func standard(_ numbers: [Double]) throws(StatisticsError) -> EndpointEstimate {
        let sample = try Sample(numbers)
        var result = EndpointEstimate(method: "\(endpoint.estimator.rawValue)_\(name(.standard))")
        result.parameters = [MetricParameter("level", .number(level))]
        switch endpoint.estimator {
        case .mean:
            result.estimate = sample.mean
            let interval = try sample.meanInterval(level: level)
            (result.lower, result.upper) = (interval.lower, interval.upper)
        case .median:
            result.estimate = sample.median
            let interval = try sample.quantileInterval(0.5, level: level)
            (result.lower, result.upper) = (interval.lower, interval.upper)
            result.parameters.append(MetricParameter("coverage", .number(interval.coverage)))
            if interval.lower == nil || interval.upper == nil {
                result.note = "too few cases to bound the median on both sides"
            }
        case .proportion:
            result.estimate = sample.mean
            let successes = numbers.count { $0 == 1 }
            let interval = try Proportion(successes: successes, count: numbers.count).clopperPearson(level: level)
            (result.lower, result.upper) = (interval.lower, interval.upper)
            result.parameters.append(MetricParameter("cases_at_limit", .integer(successes)))
        }
        return result
    }

    private func bca(_ data: [Datum]) throws(StatisticsError) -> EndpointEstimate {
        let bootstrap = try Bootstrap(resamples: statistics.bootstrapResamples, seed: statistics.bootstrapSeed)
        let subjects = Dictionary(grouping: data, by: { "\($0.site) / \($0.subject)" })
        let distribution: BootstrapDistribution
        let isClustered = subjects.count < data.count && endpoint.estimator != .median
        if isClustered {
            // Subjects in one order, their values in another: the same intervals for any order of the cases.
            let clusters = subjects.sorted { $0.key < $1.key }.map { $0.value.map(\.number).sorted() }
            distribution = try bootstrap.distribution(ofMeanIn: clusters, weighting: .cases)
        } else {
            distribution = try bootstrap.distribution(
                of: endpoint.estimator == .median ? .median : .mean, in: try Sample(data.map(\.number)))
        }
        let interval = try distribution.bca(level: level)
        var result = EndpointEstimate(method: "\(endpoint.estimator.rawValue)_bca")
        result.estimate = distribution.estimate
        (result.lower, result.upper) = (interval.interval.lower, interval.interval.upper)
        result.parameters = [
            MetricParameter("level", .number(level)),
            MetricParameter("resamples", .integer(statistics.bootstrapResamples)),
            MetricParameter("seed", .text(String(statistics.bootstrapSeed))),
            MetricParameter("unit", .text(isClustered ? "subjects" : "cases")),
            MetricParameter("bias", .number(interval.bias)),
            MetricParameter("acceleration", .number(interval.acceleration)),
        ]
        return result
    }

    /// Sites pooled by random effects (REML), modified Hartung-Knapp interval; where a site has no variance of its own, the mixed model.
    private func siteAware(_ data: [Datum]) throws(StatisticsError) -> EndpointEstimate {
        let pooled: PooledEstimate
        do throws(StatisticsError) { pooled = try self.pooled(data) } catch {
            guard case .noVariance = error else { throw error }
            return try mixed(data)
        }
        var result = EndpointEstimate(method: "mean_random_effects")
        result.estimate = pooled.estimate
        (result.lower, result.upper) = (pooled.interval.lower, pooled.interval.upper)
        result.parameters = [
            MetricParameter("level", .number(level)), MetricParameter("sites", .integer(pooled.count)),
            MetricParameter("estimator", .text(pooled.estimator.rawValue)),
            MetricParameter("inference", .text(pooled.inference.rawValue)),
        ]
        if pooled.hasFewSites { result.note = "fewer than five sites: the spread between sites is poorly known" }
        return result
    }

    /// The mean with a random effect of the site: a site with one case, or with equal values, still counts.
    private func mixed(_ data: [Datum]) throws(StatisticsError) -> EndpointEstimate {
        let sites = Dictionary(grouping: data, by: \.site).sorted { $0.key < $1.key }
        let model = try MixedModel(sites.map { $0.value.map(\.number) }, level: level)
        return EndpointEstimate(
            method: "mean_mixed_model", estimate: model.intercept, lower: model.interval.lower,
            upper: model.interval.upper,
            parameters: [
                MetricParameter("level", .number(level)), MetricParameter("sites", .integer(sites.count)),
                MetricParameter("degrees_of_freedom", .number(model.degreesOfFreedom)),
                MetricParameter("intraclass_correlation", .number(model.intraclassCorrelation)),
            ], note: "a site has no variance of its own: mixed model with a random effect of the site")
    }

    /// The pooled sites, in the order of their codes.
    func pooled(_ data: [Datum]) throws(StatisticsError) -> PooledEstimate {
        let sites = Dictionary(grouping: data, by: \.site).sorted { $0.key < $1.key }
        return try PooledEstimate(SiteEstimates(meansOf: sites.map { $0.value.map(\.number).sorted() }), level: level)
    }
}
