/// One branch of one of two compared vessel trees: a row of the table `branches` behind `branch_accuracy`.
public struct VesselBranchRow: Sendable, Equatable {
    /// The tree that the branch belongs to.
    public enum Side: String, Sendable, CaseIterable {
        /// Tree of the truth: a branch that is not detected is missing.
        case reference
        /// Tree of the generated image: a branch that is not detected is false.
        case generated
    }

    /// What became of a branch.
    public enum State: String, Sendable, CaseIterable {
        /// The other mask holds it in one piece.
        case unbroken
        /// The other mask holds enough of it, but not in one piece.
        case broken
        /// The other mask holds less than the share that counts as detected.
        case undetected
    }

    /// Tree of the branch.
    public var side: Side
    /// Number within its tree, from 0.
    public var index: Int
    /// Length along the centreline, in mm.
    public var lengthMM: Double
    /// Mean radius along it, in mm.
    public var meanRadiusMM: Double
    /// Share of its length that the other mask holds, in [0, 1].
    public var coveredShare: Double
    /// Whether that share counts as detected.
    public var isDetected: Bool
    /// Whether it is detected and held in one piece.
    public var isUnbroken: Bool
    /// Its middle, in world mm (RAS+).
    public var middleMM: SIMD3<Double>

    /// Makes a row from its parts, as a store holds them.
    public init(
        side: Side, index: Int, lengthMM: Double, meanRadiusMM: Double, coveredShare: Double, isDetected: Bool,
        isUnbroken: Bool, middleMM: SIMD3<Double>
    ) {
        self.side = side
        self.index = index
        self.lengthMM = lengthMM
        self.meanRadiusMM = meanRadiusMM
        self.coveredShare = coveredShare
        self.isDetected = isDetected
        self.isUnbroken = isUnbroken
        self.middleMM = middleMM
    }

    /// What became of it.
    public var state: State { isUnbroken ? .unbroken : isDetected ? .broken : .undetected }
}

extension VesselBranchRow {
    /// Name of the table in a measurement.
    public static let tableName = "branches"

    /// Columns of the table.
    public static let columns = [
        "side", "branch", "length_mm", "mean_radius_mm", "covered_share", "detected", "unbroken", "middle_r_mm",
        "middle_a_mm", "middle_s_mm",
    ]

    /// Rows as the table of a measurement.
    public static func table(_ rows: [VesselBranchRow]) -> DetailTable {
        DetailTable(name: tableName, columns: columns, rows: rows.map(\.cells))
    }

    /// The rows of a measurement's table; nil when the table is another one.
    public static func rows(of table: DetailTable) -> [VesselBranchRow]? {
        guard table.name == tableName, table.columns == columns else { return nil }
        var rows: [VesselBranchRow] = []
        for cells in table.rows {
            guard let row = VesselBranchRow(cells: cells) else { return nil }
            rows.append(row)
        }
        return rows
    }

    /// The cells in the order of `columns`.
    private var cells: [ParameterValue] {
        [
            .text(side.rawValue), .integer(index), .number(lengthMM), .number(meanRadiusMM), .number(coveredShare),
            .flag(isDetected), .flag(isUnbroken), .number(middleMM.x), .number(middleMM.y), .number(middleMM.z),
        ]
    }

    private init?(cells: [ParameterValue]) {
        guard cells.count == VesselBranchRow.columns.count, case .text(let name) = cells[0],
            let side = Side(rawValue: name), case .integer(let index) = cells[1], case .number(let length) = cells[2],
            case .number(let radius) = cells[3], case .number(let share) = cells[4],
            case .flag(let isDetected) = cells[5], case .flag(let isUnbroken) = cells[6],
            case .number(let r) = cells[7], case .number(let a) = cells[8], case .number(let s) = cells[9]
        else { return nil }
        self.init(
            side: side, index: index, lengthMM: length, meanRadiusMM: radius, coveredShare: share,
            isDetected: isDetected, isUnbroken: isUnbroken, middleMM: SIMD3(r, a, s))
    }
}

extension VesselBranchRow {
    /// The branches of a tree with what the other mask holds of them.
    static func rows(_ side: Side, _ tree: VesselTree, _ coverage: VesselCoverage) -> [VesselBranchRow] {
        zip(tree.branches.branches, coverage.branches).enumerated().map { index, pair in
            let (branch, covered) = pair
            return VesselBranchRow(
                side, index, branch, tree, coveredShare: covered.coveredShare, isDetected: covered.isDetected,
                isUnbroken: covered.isUnbroken)
        }
    }

    /// The branches of a tree when the other mask is empty.
    static func rows(_ side: Side, of tree: VesselTree) -> [VesselBranchRow] {
        tree.branches.branches.enumerated().map { index, branch in
            VesselBranchRow(side, index, branch, tree, coveredShare: 0, isDetected: false, isUnbroken: false)
        }
    }

    private init(
        _ side: Side, _ index: Int, _ branch: VesselBranch, _ tree: VesselTree, coveredShare: Double,
        isDetected: Bool, isUnbroken: Bool
    ) {
        let radius = branch.vertices.reduce(0) { $0 + tree.graph.radiusMM[$1] }
        self.init(
            side: side, index: index, lengthMM: branch.lengthMM,
            meanRadiusMM: radius / Double(branch.vertices.count), coveredShare: coveredShare, isDetected: isDetected,
            isUnbroken: isUnbroken, middleMM: tree.graph.worldMM(branch.vertices[branch.vertices.count / 2]))
    }
}
