/// One mask's side of the comparison: the filled mask, its pruned graph, branches and bifurcations.
struct VesselTree: Sendable {
    /// The mask and its Betti numbers.
    let solid: SolidMask
    /// Homotopic skeleton of the filled mask.
    let skeleton: BitMask
    /// Its graph without spurs.
    let graph: VesselGraph
    /// How many spurs were removed.
    let spurCount: Int
    /// Branches and clusters of the graph.
    let branches: VesselBranches
    /// Voxels of the graph that stand for the bifurcations, in C order.
    var bifurcations: [Int] { branches.bifurcations }
    /// Length, in mm, that each voxel stands for.
    let weights: [Double]
    /// Component of each voxel of the graph.
    let component: [Int32]
    /// Number of components of the graph.
    let componentCount: Int

    /// Builds everything from a packed mask.
    init(_ mask: BitMask, parameters: VesselTopologyParameters) {
        solid = SolidMask(mask)
        skeleton = Skeleton.lee94Safe.thinned(solid.mask)
        let full = VesselGraph(skeleton: skeleton, of: solid.mask)
        (graph, spurCount) = full.pruned(
            radiusFactor: parameters.spurRadiusFactor, marginMM: parameters.spurMarginMM)
        branches = VesselBranches(graph)
        weights = graph.weights()
        (component, componentCount) = graph.components()
    }
}
