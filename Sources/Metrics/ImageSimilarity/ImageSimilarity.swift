internal import CKernels
public import Imaging

/// Similarity of a generated image to its reference, voxel by voxel and window by window.
///
/// Generated first, reference second, everywhere. The generated image is never rescaled to the reference.
public enum ImageSimilarity {
    /// Measures image similarity inside a structure.
    ///
    /// A voxel that is NaN or infinite inside the region makes every metric `.notFinite`; outside the region it is
    /// harmless: windows that see it are left out and counted in the parameter `windows_left_out`.
    ///
    /// - Parameters:
    ///   - generated: The image under test.
    ///   - reference: The truth, on the same grid.
    ///   - region: Voxels that count; for SSIM, windows whose centre counts. Nil: the whole volume.
    ///   - structure: Name of the region, for the result (`body`, `liver`, `mask`).
    ///   - modality: What made the images; decides the unit and which metrics apply.
    ///   - dataRange: Range of intensities for SSIM, PSNR and mutual information. The named presets of challenges
    ///     bring their own.
    ///   - metrics: Identifiers to measure; nil: all that apply to the modality.
    ///   - plane: The plane in which two-dimensional windows lie, found from the affine.
    ///   - threads: Threads to use; the result does not depend on it.
    /// - Returns: One measurement per metric, in the order of the catalogue.
    /// - Throws: `MetricError.gridMismatch` when the volumes or the region lie on different grids.
    public static func measure(
        generated: Volume<Float>, reference: Volume<Float>, region: Mask? = nil, structure: String,
        modality: Modality, dataRange: DataRange, metrics: Set<String>? = nil, plane: AnatomicalPlane = .axial,
        threads: Int = 1
    ) throws(MetricError) -> [Measurement] {
        try reference.geometry.requireForMetric(sameAs: generated.geometry)
        if let region { try reference.geometry.requireForMetric(sameAs: region.geometry) }
        let pair = ImagePair(generated: generated, reference: reference, region: region, threads: threads)
        var panel = ImagePanel(
            pair: pair, structure: structure, modality: modality, dataRange: dataRange, plane: plane,
            wanted: { id in metrics?.contains(id) ?? applies(id, to: modality) })
        return panel.measure()
    }

    /// Whether a metric of this family is measured by default for a modality.
    ///
    /// Metrics that are defined in Hounsfield units apply to CT alone.
    public static func applies(_ metric: String, to modality: Modality) -> Bool {
        modality == .ct || !(metric == "hu_bias" || metric.contains(":synthrad"))
    }
}

/// One call's work: what is shared between the metrics is computed once.
struct ImagePanel {
    let pair: ImagePair
    let structure: String
    let modality: Modality
    let dataRange: DataRange
    let plane: AnatomicalPlane
    let wanted: (String) -> Bool
    var results: [Measurement] = []

    /// Unit of intensities: those of MR are on the scale of their series.
    var intensityUnit: String { modality == .ct ? "HU" : "a.u." }

    init(
        pair: ImagePair, structure: String, modality: Modality, dataRange: DataRange, plane: AnatomicalPlane,
        wanted: @escaping (String) -> Bool
    ) {
        self.pair = pair
        self.structure = structure
        self.modality = modality
        self.dataRange = dataRange
        self.plane = plane
        self.wanted = wanted
    }

    mutating func measure() -> [Measurement] {
        let sums = pair.errorSums()
        let refusal: NotComputedReason? =
            sums.count == 0 ? .emptyRegion : sums.not_finite > 0 ? .notFinite : nil
        measureStructuralSimilarity(refusal)
        measureMultiScaleSimilarity(refusal)
        measureVoxelErrors(sums, refusal)
        measureDependence(sums, refusal)
        measureSliceConsistency(refusal)
        return results
    }

    mutating func add(
        _ metric: String, _ value: MetricValue, unit: String, _ parameters: [MetricParameter] = [],
        details: [DetailTable] = []
    ) {
        results.append(
            Measurement(
                metric: metric, structure: structure, value: value, unit: unit, parameters: parameters,
                details: details))
    }

    /// The parameters that state the data range.
    var rangeParameters: [MetricParameter] {
        [
            MetricParameter("data_range", .number(dataRange.width)),
            MetricParameter("data_range_low", .number(dataRange.low)),
            MetricParameter("data_range_high", .number(dataRange.high)),
            MetricParameter("clipped", .flag(dataRange.clips)),
            MetricParameter("low_is_zero", .flag(dataRange.mapsLowToZero)),
        ]
    }
}
