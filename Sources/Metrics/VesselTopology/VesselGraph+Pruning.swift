/// A terminal branch that may be removed; the order is that of removal.
private struct Spur: Comparable {
    /// Length rounded to 10⁻⁶ mm, so that sums of equal steps tie.
    var roundedLength: Double
    var lowerEnd: Int
    var higherEnd: Int
    var tip: Int

    static func < (a: Spur, b: Spur) -> Bool {
        (a.roundedLength, a.lowerEnd, a.higherEnd, a.tip) < (b.roundedLength, b.lowerEnd, b.higherEnd, b.tip)
    }
}

/// A graph from which terminal branches are removed one at a time.
///
/// After each removal degrees change, branches join and junctions vanish; a single pass over all short branches
/// would remove both arms of a fork and leave stumps.
private struct SpurPruner {
    let graph: VesselGraph
    let radiusFactor: Double
    let marginMM: Double
    var kept: [Bool]
    var degree: [Int]
    private let firstCluster: [Int32]
    private let firstRadius: [Double]
    private var queue = BinaryHeap<Spur>()

    init(_ graph: VesselGraph, radiusFactor: Double, marginMM: Double) {
        self.graph = graph
        self.radiusFactor = radiusFactor
        self.marginMM = marginMM
        kept = Array(repeating: true, count: graph.count)
        degree = (0..<graph.count).map { graph.degree(of: $0) }
        let clusters = graph.components(keeping: { _ in true }, among: { graph.degree(of: $0) >= 3 })
        var radius = [Double](repeating: 0, count: clusters.count)
        for (vertex, cluster) in clusters.label.enumerated() where cluster >= 0 {
            radius[Int(cluster)] = max(radius[Int(cluster)], graph.radiusMM[vertex])
        }
        firstCluster = clusters.label
        firstRadius = radius
        for tip in 0..<graph.count where degree[tip] == 1 { consider(tip) }
    }

    /// Removes spurs, shortest first, until none is left; returns how many went.
    mutating func run() -> Int {
        var removed = 0
        while let spur = queue.removeMinimum() {
            guard kept[spur.tip], degree[spur.tip] == 1, let branch = terminalBranch(from: spur.tip) else { continue }
            // A junction that went since has made this branch longer: it queues again behind shorter ones.
            guard let current = self.spur(branch) else { continue }
            guard current == spur else {
                queue.insert(current)
                continue
            }
            remove(branch)
            removed += 1
        }
        return removed
    }

    private struct Branch {
        var tip: Int
        var path: [Int]
        var junction: Int
        var lengthMM: Double
    }

    /// The path from a tip to the first voxel of degree 3 or more; nil when there is none.
    private func terminalBranch(from tip: Int) -> Branch? {
        var path = [tip]
        var previous = -1
        var vertex = tip
        var length = 0.0
        while true {
            var next = -1
            for slot in graph.slots(of: vertex) {
                let candidate = Int(graph.neighbours[slot])
                guard kept[candidate], candidate != previous else { continue }
                next = candidate
                length += graph.lengths[slot]
                break
            }
            guard next >= 0 else { return nil }
            if degree[next] >= 3 { return Branch(tip: tip, path: path, junction: next, lengthMM: length) }
            path.append(next)
            previous = vertex
            vertex = next
        }
    }

    /// The branch as an entry of the queue, or nil when it is longer than its junction allows.
    private func spur(_ branch: Branch) -> Spur? {
        guard isShort(branch.lengthMM, at: branch.junction) else { return nil }
        return Spur(
            roundedLength: (branch.lengthMM * 1e6).rounded() / 1e6, lowerEnd: min(branch.tip, branch.junction),
            higherEnd: max(branch.tip, branch.junction), tip: branch.tip)
    }

    /// Whether a length is within the limit that the largest radius of the junction's cluster sets.
    private func isShort(_ lengthMM: Double, at junction: Int) -> Bool {
        func allows(_ radius: Double) -> Bool { lengthMM <= radiusFactor * radius + marginMM }
        // Clusters only lose voxels while branches go, so the first radius bounds the present one.
        guard allows(firstRadius[Int(firstCluster[junction])]) else { return false }
        var seen: Set<Int> = [junction]
        var stack = [junction]
        while let vertex = stack.popLast() {
            if allows(graph.radiusMM[vertex]) { return true }
            for slot in graph.slots(of: vertex) {
                let other = Int(graph.neighbours[slot])
                if kept[other], degree[other] >= 3, seen.insert(other).inserted { stack.append(other) }
            }
        }
        return false
    }

    private mutating func consider(_ tip: Int) {
        guard let branch = terminalBranch(from: tip), let spur = spur(branch) else { return }
        queue.insert(spur)
    }

    private mutating func remove(_ branch: Branch) {
        for vertex in branch.path { kept[vertex] = false }
        degree[branch.junction] -= 1
        guard degree[branch.junction] == 2 else { return }
        // The junction is now part of a longer path: its tips meet other junctions than before.
        for slot in graph.slots(of: branch.junction) {
            let first = Int(graph.neighbours[slot])
            guard kept[first], let tip = end(from: branch.junction, through: first) else { continue }
            consider(tip)
        }
    }

    /// The tip that a path reaches, or nil when it ends at a junction or runs in a circle.
    private func end(from origin: Int, through first: Int) -> Int? {
        var previous = origin
        var vertex = first
        while degree[vertex] == 2, vertex != origin {
            var next = -1
            for slot in graph.slots(of: vertex) {
                let candidate = Int(graph.neighbours[slot])
                if kept[candidate], candidate != previous {
                    next = candidate
                    break
                }
            }
            guard next >= 0 else { return nil }
            previous = vertex
            vertex = next
        }
        return degree[vertex] == 1 ? vertex : nil
    }
}

extension VesselGraph {
    /// The graph without its spurs, and how many were removed.
    ///
    /// Repeatedly removes the shortest terminal branch whose length is at most
    /// `radiusFactor` × (radius of its junction) + `marginMM`. Paths without a junction are never removed.
    func pruned(radiusFactor: Double, marginMM: Double) -> (graph: VesselGraph, removed: Int) {
        var pruner = SpurPruner(self, radiusFactor: radiusFactor, marginMM: marginMM)
        let removed = pruner.run()
        return (removed == 0 ? self : VesselGraph(self, keeping: pruner.kept), removed)
    }
}
