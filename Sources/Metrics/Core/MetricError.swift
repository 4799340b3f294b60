public import Imaging

/// Why a family of metrics could not be measured at all.
public enum MetricError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The generated and the reference volume (or a mask) do not lie on one grid.
    case gridMismatch(Geometry, Geometry)
    /// A parameter has a value that makes no sense; its name and what is wrong with it.
    case invalidParameter(name: String, problem: String)

    /// The error in words.
    public var description: String {
        switch self {
        case .gridMismatch(let a, let b): "the grids differ: \(a) against \(b)"
        case .invalidParameter(let name, let problem): "parameter \(name): \(problem)"
        }
    }
}

extension Geometry {
    /// Throws `MetricError.gridMismatch` unless the other grid is this one.
    func requireForMetric(sameAs other: Geometry) throws(MetricError) {
        guard isSameGrid(as: other) else { throw .gridMismatch(self, other) }
    }
}
