import Cohort

/// A level of a covariate, in an order that people expect.
struct SubgroupLevel: Hashable {
    var name: String
    /// Bins by their ends, other levels by name; unknown comes last.
    var order: Order

    /// Name of the level of cases whose covariate is not stated, or is no number where bins are asked for.
    static let unknown = "unknown"

    struct Order: Hashable, Comparable {
        var rank: Int
        var name: String

        static func < (first: Order, second: Order) -> Bool { (first.rank, first.name) < (second.rank, second.name) }
    }

    static func name(of covariates: [String: String], _ subgroup: StudyProtocol.Subgroup) -> SubgroupLevel {
        guard let text = covariates[subgroup.covariate], !text.isEmpty else {
            return SubgroupLevel(name: unknown, order: Order(rank: .max, name: ""))
        }
        guard !subgroup.bins.isEmpty else { return SubgroupLevel(name: text, order: Order(rank: 0, name: text)) }
        guard let number = StrictNumber.double(text) else {
            return SubgroupLevel(name: unknown, order: Order(rank: .max, name: ""))
        }
        let bin = subgroup.bins.firstIndex { number <= $0 } ?? subgroup.bins.count
        let name =
            bin == 0
            ? "≤ \(subgroup.bins[0])"
            : bin == subgroup.bins.count
                ? "> \(subgroup.bins[bin - 1])" : "\(subgroup.bins[bin - 1]) to \(subgroup.bins[bin])"
        return SubgroupLevel(name: name, order: Order(rank: bin, name: ""))
    }
}
