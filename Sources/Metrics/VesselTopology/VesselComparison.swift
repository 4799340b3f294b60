import CKernels
import Imaging

/// Two trees on one frame, compared in both directions.
///
/// Neither mask is empty.
struct VesselComparison: Sendable {
    let reference: VesselTree
    let generated: VesselTree
    /// What the generated mask covers of the reference tree.
    let ofReference: VesselCoverage
    /// What the reference mask covers of the generated tree.
    let ofGenerated: VesselCoverage

    init(
        reference: VesselTree, generated: VesselTree, toleranceMM: Double, parameters: VesselTopologyParameters
    ) {
        self.reference = reference
        self.generated = generated
        let offsets = VesselCoverage.offsets(withinMM: toleranceMM, spacingMM: reference.graph.frame.spacingMM)
        ofReference = VesselCoverage(
            of: reference, by: generated.solid, offsets: offsets, parameters: parameters)
        ofGenerated = VesselCoverage(
            of: generated, by: reference.solid, offsets: offsets, parameters: parameters)
    }

    /// Pairs of reference and generated bifurcations.
    func bifurcationMatching(withinMM limit: Double) -> BifurcationMatching {
        BifurcationMatching(
            reference.bifurcations.map { reference.graph.positionMM($0) },
            generated.bifurcations.map { generated.graph.positionMM($0) }, withinMM: limit)
    }

    /// Length-weighted mean of (generated − reference) radius and of its absolute value, in mm.
    ///
    /// Over covered voxels of the reference tree with a voxel of the generated tree within the larger of the
    /// tolerance and the vessel's radius; nil when there are none. Generated voxels that are equally near are averaged,
    /// so that mirroring the patient changes nothing.
    func radiusDifference(toleranceMM: Double) -> (biasMM: Double, absoluteMM: Double)? {
        let graph = reference.graph
        let other = generated.graph
        let spacing = [graph.frame.spacingMM.x, graph.frame.spacingMM.y, graph.frame.spacingMM.z]
        let limits = graph.radiusMM.map { radius -> Double in
            let reach = max(toleranceMM, radius)
            return reach * reach * (1 + 1e-9)
        }
        var rowFirst = [Int64](repeating: 0, count: graph.frame.rowCount + 1)
        var nearest = [Double](repeating: -1, count: graph.count)
        withUnsafePointer(to: graph.frame.kernel) {
            ck_row_first($0, other.coordinates, Int64(other.count), &rowFirst)
            ck_nearest_mean(
                $0, spacing, other.coordinates, rowFirst, other.radiusMM, graph.coordinates, Int64(graph.count), limits,
                &nearest)
        }
        var weight = 0.0
        var signed = 0.0
        var absolute = 0.0
        for vertex in 0..<graph.count where ofReference.cover[vertex] != 0 && nearest[vertex] >= 0 {
            let difference = nearest[vertex] - graph.radiusMM[vertex]
            weight += reference.weights[vertex]
            signed += reference.weights[vertex] * difference
            absolute += reference.weights[vertex] * abs(difference)
        }
        return weight > 0 ? (signed / weight, absolute / weight) : nil
    }
}
