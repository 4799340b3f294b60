import Imaging

/// One-to-one pairs of bifurcations: as many as possible, and of those sets the one with the least summed distance.
struct BifurcationMatching: Sendable {
    /// Pairs of positions in the two lists, with their distance in mm, by the first list.
    let pairs: [(first: Int, second: Int, distanceMM: Double)]

    /// Matches two lists of positions in mm.
    init(_ first: [SIMD3<Double>], _ second: [SIMD3<Double>], withinMM limit: Double) {
        var solver = AssignmentSolver(first, second, limit: limit * (1 + 1e-9))
        while solver.augment() {}
        pairs = solver.partnerOfFirst.enumerated().compactMap { index, partner in
            partner < 0 ? nil : (index, partner, length(first[index] - second[partner]))
        }
    }

    /// Mean distance of the pairs in mm, or nil when there are none.
    var meanDistanceMM: Double? {
        pairs.isEmpty ? nil : pairs.reduce(0) { $0 + $1.distanceMM } / Double(pairs.count)
    }
}

/// Minimum-cost matching by successive shortest augmenting paths with potentials.
///
/// Each augmentation adds one pair, and the set is the cheapest of its size at every step; it ends at the largest.
private struct AssignmentSolver {
    private struct Edge {
        var target: Int
        var cost: Double
    }

    private struct Entry: Comparable {
        var distance: Double
        var node: Int
        static func < (a: Entry, b: Entry) -> Bool { (a.distance, a.node) < (b.distance, b.node) }
    }

    var partnerOfFirst: [Int]
    private var partnerOfSecond: [Int]
    private let edges: [[Edge]]
    /// Potentials: the first list's nodes, then the second's; they make every remaining edge cost at least nothing.
    private var potential: [Double]
    private var sinkPotential = 0.0

    init(_ first: [SIMD3<Double>], _ second: [SIMD3<Double>], limit: Double) {
        // Sorted along one axis, only a window of the second list can be near.
        let order = second.indices.sorted { (second[$0].x, $0) < (second[$1].x, $1) }
        edges = first.map { position in
            var low = 0
            var high = order.count
            while low < high {
                let middle = (low + high) / 2
                if second[order[middle]].x < position.x - limit { low = middle + 1 } else { high = middle }
            }
            var found: [Edge] = []
            while low < order.count, second[order[low]].x <= position.x + limit {
                let distance = length(second[order[low]] - position)
                if distance <= limit { found.append(Edge(target: order[low], cost: distance)) }
                low += 1
            }
            return found.sorted { $0.target < $1.target }
        }
        partnerOfFirst = Array(repeating: -1, count: first.count)
        partnerOfSecond = Array(repeating: -1, count: second.count)
        potential = Array(repeating: 0, count: first.count + second.count)
    }

    /// Adds one pair along the shortest augmenting path; false when there is none.
    mutating func augment() -> Bool {
        let firstCount = partnerOfFirst.count
        var distance = [Double](repeating: .infinity, count: potential.count)
        var previous = [Int](repeating: -1, count: partnerOfSecond.count)
        var queue = BinaryHeap<Entry>()
        for node in 0..<firstCount where partnerOfFirst[node] < 0 && !edges[node].isEmpty {
            // Free nodes of the first list are reached from the source for nothing, and their potential stays 0.
            distance[node] = 0
            queue.insert(Entry(distance: 0, node: node))
        }
        var end = -1
        var endDistance = Double.infinity
        while let entry = queue.removeMinimum() {
            guard entry.distance <= distance[entry.node], entry.distance < endDistance else { continue }
            if entry.node >= firstCount {
                let second = entry.node - firstCount
                let partner = partnerOfSecond[second]
                if partner < 0 {
                    let total = entry.distance + max(0, potential[entry.node] - sinkPotential)
                    if total < endDistance { (end, endDistance) = (second, total) }
                    continue
                }
                // Matched edges have no reduced cost.
                if entry.distance < distance[partner] {
                    distance[partner] = entry.distance
                    queue.insert(Entry(distance: entry.distance, node: partner))
                }
                continue
            }
            for edge in edges[entry.node] where partnerOfFirst[entry.node] != edge.target {
                let node = firstCount + edge.target
                let reduced = max(0, edge.cost + potential[entry.node] - potential[node])
                if entry.distance + reduced < distance[node] {
                    distance[node] = entry.distance + reduced
                    previous[edge.target] = entry.node
                    queue.insert(Entry(distance: distance[node], node: node))
                }
            }
        }
        guard end >= 0 else { return false }
        for node in potential.indices { potential[node] += min(distance[node], endDistance) }
        sinkPotential += endDistance
        var second = end
        while second >= 0 {
            let first = previous[second]
            let next = partnerOfFirst[first]
            partnerOfFirst[first] = second
            partnerOfSecond[second] = first
            second = next
        }
        return true
    }
}
