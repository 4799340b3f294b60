public import Imaging
import Metrics

/// All measurements of one case: chooses what the inputs allow, and says why the rest is missing.
///
/// `validate measure` and every case of a run go through here, so that both give the same numbers.
public enum CaseEvaluation {
    /// Measures a case.
    ///
    /// Image metrics are measured in the body (found in the reference where no mask is given), in the liver where
    /// there is a mask of it, and in `mask` instead of the body where a region is given. Surface metrics are measured
    /// on liver, lesions and vessels; vessels never with surface elements.
    ///
    /// - Parameters:
    ///   - inputs: What the case brings; all on one grid.
    ///   - settings: What to measure, with every number that changes a result.
    /// - Returns: The measurements and what a report draws.
    /// - Throws: `EvaluationError` when the inputs do not belong together; a metric that merely lacks an input is a row
    ///   with a reason.
    public static func evaluate(
        _ inputs: EvaluationInputs, settings: EvaluationSettings
    ) throws(EvaluationError) -> EvaluationResult {
        for name in (settings.metrics ?? []).sorted() where MetricCatalog.definition(of: name) == nil {
            throw .unknownMetric(name)
        }
        try requireOneGrid(inputs)
        var evaluation = Evaluation(inputs: inputs, settings: settings)
        try evaluation.segmentVessels()
        evaluation.result.vessels = evaluation.inputs.vessels
        evaluation.result.generatedVessels = evaluation.inputs.generatedVessels
        try evaluation.measureImages()
        try evaluation.measureSurfaces()
        try evaluation.measureLesions()
        try evaluation.measureVessels()
        try evaluation.measureDeformation()
        evaluation.addMissing()
        guard !evaluation.result.measurements.isEmpty else { throw .nothingToMeasure }
        return evaluation.result
    }

    private static func requireOneGrid(_ inputs: EvaluationInputs) throws(EvaluationError) {
        guard let expected = inputs.geometry else { return }
        for (name, geometry) in inputs.grids where !expected.isSameGrid(as: geometry) {
            throw .gridMismatch(input: name, expected: expected, actual: geometry)
        }
    }

    /// The diagonal, in mm, of the box around both livers.
    ///
    /// It stands for "missed altogether" in a sensitivity analysis. Nil when neither mask holds a voxel.
    public static func worstDistanceMM(liver: Mask?, generatedLiver: Mask?) -> Double? {
        var lower = SIMD3(repeating: Int.max)
        var upper = SIMD3(repeating: Int.min)
        var spacing = SIMD3<Double>.zero
        for mask in [liver, generatedLiver].compactMap(\.self) {
            let d = mask.geometry.dimensions
            spacing = mask.geometry.spacingMM
            for k in 0..<d.z {
                for j in 0..<d.y {
                    let start = mask.geometry.offset(0, j, k)
                    let row = mask.voxels[start..<start + d.x]
                    guard let first = row.firstIndex(where: { $0 != 0 }),
                        let last = row.lastIndex(where: { $0 != 0 })
                    else { continue }
                    lower = SIMD3(min(lower.x, first - start), min(lower.y, j), min(lower.z, k))
                    upper = SIMD3(max(upper.x, last - start), max(upper.y, j), max(upper.z, k))
                }
            }
        }
        guard lower.x <= upper.x else { return nil }
        let size = SIMD3<Double>(
            SIMD3<Int>(upper.x - lower.x + 1, upper.y - lower.y + 1, upper.z - lower.z + 1))
        return length(size * spacing)
    }
}

/// One evaluation on its way: inputs, settings, and what has been measured so far.
struct Evaluation {
    var inputs: EvaluationInputs
    let settings: EvaluationSettings
    let worstCaseMM: Double?
    /// What made the vessel masks where a method did, with every number behind it.
    var vesselMethod: [MetricParameter]?
    var result = EvaluationResult()

    init(inputs: EvaluationInputs, settings: EvaluationSettings) {
        self.inputs = inputs
        self.settings = settings
        worstCaseMM = CaseEvaluation.worstDistanceMM(liver: inputs.liver, generatedLiver: inputs.generatedLiver)
    }

    /// Appends measurements; those of masks that a method made name it.
    mutating func add(_ measurements: [Measurement], naming method: [MetricParameter] = []) {
        for var measurement in measurements {
            measurement.parameters += method
            result.measurements.append(measurement)
        }
    }

    /// The parameter that names the method behind masks that no person drew.
    var segmentation: [MetricParameter] {
        inputs.segmentation.map { [MetricParameter("segmentation", .text($0))] } ?? []
    }

    /// Rows that were asked for and that the inputs do not allow.
    mutating func addMissing() {
        var present = Set(result.measurements.map { MetricTarget(metric: $0.metric, structure: $0.structure) })
        let measured = Set(result.measurements.map(\.metric))
        var missing = settings.required
        for metric in (settings.metrics ?? []).sorted() where !measured.contains(metric) {
            guard let family = MetricFamily.family(of: metric), let structure = family.structures.first else {
                continue
            }
            if !missing.contains(where: { $0.metric == metric }) {
                missing.append(MetricTarget(metric: metric, structure: structure))
            }
        }
        for target in missing where present.insert(target).inserted {
            result.measurements.append(
                Measurement(
                    metric: target.metric, structure: target.structure, value: .notComputed(.inputMissing),
                    unit: MetricCatalog.definition(of: target.metric)?.unit ?? "1"))
        }
    }
}
