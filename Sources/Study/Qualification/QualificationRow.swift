public import Cohort

/// What a metric is expected to do when a fault grows.
public enum QualificationExpectation: String, Sendable {
    /// It gets worse.
    case worsens
    /// It does not change at all.
    case still
    /// Either: the fault touches what the metric looks at, but it need not show.
    case free
}

/// How one metric answered to one fault.
public struct QualificationCell: Sendable {
    /// The fault.
    public let fault: QualificationFault
    /// What was expected.
    public let expectation: QualificationExpectation
    /// Mean value over the phantoms without the fault and at each of its sizes; nil where it is not defined.
    public let values: [Double?]
    /// Change of the value per unit of the fault, by least squares through the values.
    public let slope: Double?
    /// Whether the metric did what was expected.
    public let isMet: Bool

    /// Name of the fault.
    public var faultName: String { fault.rawValue }
    /// Sizes of the fault, without the zero.
    public var faultSizes: [Double] { fault.sizes }
}

/// One metric against all faults.
public struct QualificationRow: Sendable {
    /// Identifier of the metric.
    public let metric: String
    /// Structure.
    public let structure: String
    /// Name for people.
    public let name: String
    /// Unit.
    public let unit: String
    /// Whether larger is better.
    public let isHigherBetter: Bool
    /// One cell per fault, in the order of `QualificationFault.allCases`.
    public let cells: [QualificationCell]
}

/// The matrix of metrics and faults.
public struct QualificationResult: Sendable {
    /// Rows in the order of the catalog.
    public let rows: [QualificationRow]
    /// Number of phantoms.
    public let phantoms: Int
    /// Seed of the phantoms.
    public let seed: UInt64
    /// Grid, such as `256×256×48`.
    public let grid: String

    /// Makes a result.
    public init(rows: [QualificationRow], phantoms: Int, seed: UInt64, grid: String) {
        self.rows = rows
        self.phantoms = phantoms
        self.seed = seed
        self.grid = grid
    }

    /// Names of the faults with the unit of their size, in the order of the cells.
    public static var faultNames: [String] {
        QualificationFault.allCases.map { "\($0.rawValue), per \($0.unit)" }
    }

    /// Number of faults, which is that of the columns.
    public static var faultCount: Int { QualificationFault.allCases.count }

    /// Whether every cell is met.
    public var isPassed: Bool { rows.allSatisfy { $0.cells.allSatisfy(\.isMet) } }

    /// Cells that are not met.
    public var failures: [(row: QualificationRow, cell: QualificationCell)] {
        rows.flatMap { row in row.cells.filter { !$0.isMet }.map { (row, $0) } }
    }
}
