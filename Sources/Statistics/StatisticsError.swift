/// Why a statistic has no value.
///
/// A degenerate sample is an outcome that a report can print, never NaN and never a number that stands for "undefined".
public enum StatisticsError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Fewer values, pairs, sites or subjects than the method needs.
    case tooFew(String, minimum: Int, found: Int)
    /// The value at this index is NaN or infinite.
    case notFinite(index: Int)
    /// All values are equal where the method needs variation.
    case noVariation
    /// A site's estimate has no usable variance (zero, negative or not finite), at this index.
    case noVariance(index: Int)
    /// Two series that belong together have different lengths.
    case lengthMismatch(Int, Int)
    /// A parameter is outside its domain.
    case invalidParameter(String)
    /// The estimate lies outside all bootstrap replicates, so that its bias cannot be corrected.
    case estimateOutsideReplicates

    /// The reason in one line.
    public var description: String {
        switch self {
        case .tooFew(let what, let minimum, let found): "\(found) \(what), at least \(minimum) are needed"
        case .notFinite(let index): "value \(index + 1) is not a finite number"
        case .noVariation: "all values are equal"
        case .noVariance(let index): "the variance of estimate \(index + 1) is not a positive number"
        case .lengthMismatch(let first, let second): "\(first) and \(second) values do not form pairs"
        case .invalidParameter(let text): text
        case .estimateOutsideReplicates: "the estimate lies outside all bootstrap replicates"
        }
    }

    /// Stable code for stores and reports.
    public var code: String {
        switch self {
        case .tooFew: "too_few"
        case .notFinite: "not_finite"
        case .noVariation: "no_variation"
        case .noVariance: "no_variance"
        case .lengthMismatch: "length_mismatch"
        case .invalidParameter: "invalid_parameter"
        case .estimateOutsideReplicates: "estimate_outside_replicates"
        }
    }
}
