/// A maximal path between junction clusters and ends.
struct VesselBranch: Sendable {
    /// Its voxels outside clusters, in order along the path.
    var vertices: [Int]
    /// The junction voxel beyond the first voxel, or -1.
    var firstJunction: Int
    /// The junction voxel beyond the last voxel, or -1.
    var lastJunction: Int
    /// Length, in mm, with the steps into the junctions.
    var lengthMM: Double
    /// Whether it is a circle without a junction.
    var isClosed = false
}

/// Branches and junction clusters of a graph.
///
/// A cluster is a connected set of voxels of degree 3 or more; what is left are paths.
struct VesselBranches: Sendable {
    /// Cluster of each voxel, or -1.
    let cluster: [Int32]
    /// Voxel of each cluster with the largest radius (the first of several).
    let representative: [Int]
    /// Branches, by their first voxel in C order, without those inside a bifurcation.
    let branches: [VesselBranch]
    /// Voxels that stand for the bifurcations, in C order.
    let bifurcations: [Int]
    /// Branches that lie inside a bifurcation.
    let contracted: [VesselBranch]

    /// Splits a graph.
    init(_ graph: VesselGraph) {
        let (cluster, clusterCount) = graph.components(
            keeping: { _ in true }, among: { graph.degree(of: $0) >= 3 })
        var representative = [Int](repeating: -1, count: clusterCount)
        for vertex in 0..<graph.count where cluster[vertex] >= 0 {
            let best = representative[Int(cluster[vertex])]
            if best < 0 || graph.radiusMM[vertex] > graph.radiusMM[best] {
                representative[Int(cluster[vertex])] = vertex
            }
        }
        self.cluster = cluster
        self.representative = representative
        var seen = cluster.map { $0 >= 0 }
        var branches: [VesselBranch] = []
        for seed in 0..<graph.count where !seen[seed] {
            branches.append(VesselBranches.branch(through: seed, of: graph, cluster: cluster, seen: &seen))
        }
        let contraction = BifurcationContraction(
            branches: branches, cluster: cluster, representative: representative, graph: graph)
        bifurcations = contraction.bifurcations
        contracted = contraction.contracted.map { branches[$0] }
        let inside = Set(contraction.contracted)
        self.branches = branches.indices.filter { !inside.contains($0) }.map { branches[$0] }
    }

    private static func branch(
        through seed: Int, of graph: VesselGraph, cluster: [Int32], seen: inout [Bool]
    ) -> VesselBranch {
        seen[seed] = true
        var result = VesselBranch(vertices: [seed], firstJunction: -1, lastJunction: -1, lengthMM: 0)
        var arms: [(vertices: [Int], junction: Int)] = []
        for slot in graph.slots(of: seed) {
            var vertex = Int(graph.neighbours[slot])
            // The second direction of a circle meets what the first one has seen.
            if cluster[vertex] < 0, seen[vertex] { continue }
            var arm: [Int] = []
            var junction = -1
            var previous = seed
            result.lengthMM += graph.lengths[slot]
            while true {
                if cluster[vertex] >= 0 {
                    junction = vertex
                    break
                }
                seen[vertex] = true
                arm.append(vertex)
                var next = -1
                for slot in graph.slots(of: vertex) where Int(graph.neighbours[slot]) != previous {
                    next = Int(graph.neighbours[slot])
                    result.lengthMM += graph.lengths[slot]
                }
                if next == seed { result.isClosed = true }
                if next < 0 || next == seed { break }
                previous = vertex
                vertex = next
            }
            arms.append((arm, junction))
        }
        if arms.count > 0 {
            result.vertices += arms[0].vertices
            result.lastJunction = arms[0].junction
        }
        if arms.count > 1 {
            result.vertices = arms[1].vertices.reversed() + result.vertices
            result.firstJunction = arms[1].junction
        }
        return result
    }
}
