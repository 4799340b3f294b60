/// Joins junction clusters that are one bifurcation of the vessel.
///
/// A wide vessel splits in several clusters close to each other. A branch between two clusters that is no longer than
/// the larger of their radii is contracted, the shortest first; what it closes to a circle stays a branch.
struct BifurcationContraction {
    /// Voxels that stand for the bifurcations, in C order: of each the one with the largest radius.
    let bifurcations: [Int]
    /// Indices of the contracted branches, ascending.
    let contracted: [Int]

    init(branches: [VesselBranch], cluster: [Int32], representative: [Int], graph: VesselGraph) {
        var parent = Array(0..<representative.count)
        func root(_ index: Int) -> Int {
            var index = index
            while parent[index] != index {
                parent[index] = parent[parent[index]]
                index = parent[index]
            }
            return index
        }
        /// The first of two clusters by (largest radius, lowest voxel).
        func isBetter(_ a: Int, than b: Int) -> Bool {
            let (radiusA, radiusB) = (graph.radiusMM[representative[a]], graph.radiusMM[representative[b]])
            return radiusA > radiusB || (radiusA == radiusB && representative[a] < representative[b])
        }
        let short = branches.indices.filter { index in
            let branch = branches[index]
            guard branch.firstJunction >= 0, branch.lastJunction >= 0 else { return false }
            let a = representative[Int(cluster[branch.firstJunction])]
            let b = representative[Int(cluster[branch.lastJunction])]
            return branch.lengthMM <= max(graph.radiusMM[a], graph.radiusMM[b])
        }
        var contracted: [Int] = []
        for index in short.sorted(by: { (branches[$0].lengthMM, $0) < (branches[$1].lengthMM, $1) }) {
            let a = root(Int(cluster[branches[index].firstJunction]))
            let b = root(Int(cluster[branches[index].lastJunction]))
            guard a != b else { continue }
            if isBetter(b, than: a) { parent[a] = b } else { parent[b] = a }
            contracted.append(index)
        }
        bifurcations = representative.indices.filter { parent[$0] == $0 }.map { representative[$0] }.sorted()
        self.contracted = contracted.sorted()
    }
}
