public import Imaging

/// What counts as one lesion of a label map.
public enum LesionSeparation: String, Sendable, Codable, CaseIterable {
    /// Each label when there are several, each component (26 neighbours) when there is one.
    case automatic
    /// Each component of the labelled voxels (26 neighbours).
    case components
    /// Each label.
    case givenLabels = "given_labels"
}

/// Which lesions of the truth a generated image shows, and which it invents.
public enum LesionDetection {
    /// Matches the lesions of two label maps and counts what is missed and what is hallucinated.
    ///
    /// Lesions are matched one to one with the largest total of common over united volume; a pair may match from a
    /// share of 0.1 on, or when the centre of one lies inside the other. `lesions_missed` and `lesions_hallucinated`
    /// list positions (RAS mm) and volumes; `lesion_f1` carries the matches and the counts per size class. Each
    /// lesion of the truth is measured as structure `lesion:<number>`; a missed one as an empty generated mask.
    ///
    /// - Parameters:
    ///   - generated: Labels of the generated image; 0 is background.
    ///   - reference: Labels of the truth, on the same grid.
    ///   - separation: What counts as one lesion.
    ///   - nsdToleranceMM: Tolerance of the normalised surface distance of each lesion, in mm.
    ///   - metrics: Identifiers to measure; nil: all of the family, and `dice`, `hausdorff`, `hausdorff_95`, `assd` of
    ///     each lesion. `lesionMetrics` chooses among the latter.
    ///   - lesionMetrics: Surface metrics of each lesion; nil: the four above.
    ///   - worstCaseMM: Distance, in mm, that a sensitivity analysis takes for a missed lesion; nil: none.
    ///   - threads: Threads to use; the result does not depend on it.
    /// - Returns: One measurement per metric, then those of each lesion by number.
    /// - Throws: `MetricError.gridMismatch`, or `.invalidParameter` for a tolerance that is not positive.
    public static func measure(
        generated: LabelMap, reference: LabelMap, separation: LesionSeparation = .automatic,
        nsdToleranceMM: Double = 2, metrics: Set<String>? = nil, lesionMetrics: Set<String>? = nil,
        worstCaseMM: Double? = nil, threads: Int = 1
    ) throws(MetricError) -> [Measurement] {
        try reference.geometry.requireForMetric(sameAs: generated.geometry)
        let generatedMap = LesionMap(generated, separation: separation)
        let referenceMap = LesionMap(reference, separation: separation)
        let panel = LesionPanel(
            generated: generatedMap, reference: referenceMap,
            matching: LesionMatching(generated: generatedMap, reference: referenceMap))
        var results = panel.measurements.filter { metrics?.contains($0.metric) ?? true }
        let wanted = lesionMetrics ?? ["dice", "hausdorff", "hausdorff_95", "assd"]
        let surface = metrics.map { $0.intersection(wanted) } ?? wanted
        if !surface.isEmpty {
            results += try panel.measureEachLesion(
                surface, nsdToleranceMM: nsdToleranceMM, worstCaseMM: worstCaseMM, threads: threads)
        }
        return results
    }
}
