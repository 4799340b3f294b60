public import Imaging

/// The measurements of a pair of vessel masks, and what is needed to draw them.
public struct VesselTopologyResult: Sendable, Equatable {
    /// One measurement per metric asked for, in the order of the catalogue, on the structure `vessels`.
    public var measurements: [Measurement]
    /// Centrelines and bifurcations: correct, broken, missing, false.
    public var drawing: VesselGraphDrawing
}

/// Continuity of a vessel tree, accuracy of its branches, and their companions.
///
/// Both masks are compared on their own grid, in mm, without resampling or filtering; cavities are filled before
/// thinning and counted as Betti-2. The skeleton is `Skeleton.lee94Safe`.
///
/// Weak spots to know: a loop that joins two tips is seen only by `betti1_error`; `bifurcation_f1` is noisy on thick
/// slices; side branches that lie within the tolerance count as confirmed in `branch_precision`.
public enum VesselTopology {
    /// Identifiers of the metrics, in the order of the catalogue.
    public static let metrics: [String] = MetricCatalog.vesselTopology.map(\.id)

    /// Measures a generated against a reference vessel mask.
    ///
    /// - Parameters:
    ///   - generated: Mask of the vessels in the generated image.
    ///   - reference: Mask of the vessels in the reference, on the same grid.
    ///   - parameters: Tolerances and rules; printed with every value.
    ///   - metrics: Identifiers to measure; nil for all.
    ///   - threads: Threads that may be used; the values do not depend on it.
    /// - Returns: The measurements and the drawing.
    /// - Throws: `MetricError.gridMismatch` when the grids differ, `.invalidParameter` for a parameter out of range.
    public static func measure(
        generated: Mask, reference: Mask, parameters: VesselTopologyParameters = .init(),
        metrics: Set<String>? = nil, threads: Int = 1
    ) throws(MetricError) -> VesselTopologyResult {
        let geometry = reference.geometry
        try geometry.requireForMetric(sameAs: generated.geometry)
        try parameters.validate()
        var panel = VesselTopologyPanel(
            parameters: parameters, toleranceMM: parameters.toleranceMM(spacingMM: geometry.spacingMM))
        guard let frame = BitFrame(around: [reference, generated], geometry: geometry, axes: .anatomical) else {
            return VesselTopologyResult(measurements: panel.bothEmpty(metrics), drawing: .empty)
        }
        let minimum = parameters.minimumComponentMM3 / geometry.voxelVolumeMM3
        let referenceBits = BitMask(reference, frame: frame).withoutComponents(below: minimum)
        let generatedBits = BitMask(generated, frame: frame).withoutComponents(below: minimum)
        switch (referenceBits.count > 0, generatedBits.count > 0) {
        case (false, false):
            return VesselTopologyResult(measurements: panel.bothEmpty(metrics), drawing: .empty)
        case (true, false):
            let tree = VesselTree(referenceBits, parameters: parameters)
            return VesselTopologyResult(
                measurements: panel.totalMiss(of: tree, isReference: true, metrics),
                drawing: VesselGraphDrawing(tree, kind: .missing))
        case (false, true):
            let tree = VesselTree(generatedBits, parameters: parameters)
            return VesselTopologyResult(
                measurements: panel.totalMiss(of: tree, isReference: false, metrics),
                drawing: VesselGraphDrawing(tree, kind: .false))
        case (true, true):
            break
        }
        let published =
            metrics?.contains("cldice:lee94") ?? true
            ? PublishedCentrelines(reference: referenceBits, generated: generatedBits) : nil
        var referenceTree: VesselTree?
        var generatedTree: VesselTree?
        concurrently(
            threads: threads,
            [
                { referenceTree = VesselTree(referenceBits, parameters: parameters) },
                { generatedTree = VesselTree(generatedBits, parameters: parameters) },
                { published?.thinReference() }, { published?.thinGenerated() },
            ])
        guard let referenceTree, let generatedTree else {
            return VesselTopologyResult(measurements: panel.bothEmpty(metrics), drawing: .empty)
        }
        panel.publishedCentrelineDice = published?.dice
        let comparison = VesselComparison(
            reference: referenceTree, generated: generatedTree, toleranceMM: panel.toleranceMM,
            parameters: parameters)
        let matching = comparison.bifurcationMatching(withinMM: parameters.bifurcationToleranceMM)
        return VesselTopologyResult(
            measurements: panel.measured(comparison, matching: matching, metrics),
            drawing: VesselGraphDrawing(comparison, matching: matching))
    }
}
