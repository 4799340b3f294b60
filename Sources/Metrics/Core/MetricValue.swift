/// Why a metric has no value.
///
/// Never NaN, and never a 0 or 1 that stands for "undefined".
public enum NotComputedReason: String, Sendable, Codable, CaseIterable {
    /// Neither mask holds a voxel: a true negative.
    case bothEmpty = "both_empty"
    /// The reference mask is empty, the generated one is not.
    case referenceEmpty = "reference_empty"
    /// The generated mask is empty, the reference is not.
    case generatedEmpty = "generated_empty"
    /// No voxel or window of the evaluated region is left.
    case emptyRegion = "empty_region"
    /// A variance that the formula divides by is zero.
    case zeroVariance = "zero_variance"
    /// NaN or infinity inside the evaluated region.
    case notFinite = "not_finite"
    /// The images are identical, so that a ratio to their difference has no finite value.
    case identicalImages = "identical_images"
    /// The grid is smaller than the window of the metric.
    case gridTooSmall = "grid_too_small"
    /// The input that the metric needs was not given.
    case inputMissing = "input_missing"
    /// Too few samples for the statistic.
    case tooFewSamples = "too_few_samples"
    /// The data range is zero or was not given.
    case dataRange = "data_range"
    /// The registration behind the metric did not improve the match and is not trusted.
    case registrationInvalid = "registration_invalid"

    /// The reason in words, for a report.
    public var explanation: String {
        switch self {
        case .bothEmpty: "both masks are empty"
        case .referenceEmpty: "the reference mask is empty"
        case .generatedEmpty: "the generated mask is empty"
        case .emptyRegion: "the evaluated region holds no voxel or window"
        case .zeroVariance: "the values inside the region do not vary"
        case .notFinite: "NaN or infinity inside the evaluated region"
        case .identicalImages: "the images are identical"
        case .gridTooSmall: "the grid is smaller than the metric's window"
        case .inputMissing: "the input that this metric needs was not given"
        case .tooFewSamples: "too few samples"
        case .dataRange: "the data range is zero or unknown"
        case .registrationInvalid: "the registration did not improve the match"
        }
    }
}

/// The outcome of a metric: a number, or the reason why there is none.
public enum MetricValue: Sendable, Equatable {
    /// A finite number.
    case value(Double)
    /// No number, and why.
    case notComputed(NotComputedReason)

    /// The number, if there is one.
    public var number: Double? {
        if case .value(let number) = self { return number }
        return nil
    }

    /// The reason, if there is no number.
    public var reason: NotComputedReason? {
        if case .notComputed(let reason) = self { return reason }
        return nil
    }

    /// Wraps a number; one that is not finite becomes `.notComputed(.notFinite)`.
    public init(finite number: Double) {
        self = number.isFinite ? .value(number) : .notComputed(.notFinite)
    }
}
