import Cohort
import Imaging
import Metrics

/// Shows that every metric finds the faults that concern it, and no others.
public enum Qualification {
    /// What is qualified: metric, structure, and what it looks at.
    private static let panel: [(metric: String, structure: String, look: Look)] = [
        ("ssim", "body", .image), ("psnr", "body", .image), ("mae", "body", .image), ("ssim", "liver", .image),
        ("dice", "liver", .liver), ("hausdorff_95", "liver", .liver), ("assd", "liver", .liver),
        ("dice", "lesions", .lesions), ("lesion_sensitivity", "lesions", .missedLesions),
        ("lesion_precision", "lesions", .inventedLesions), ("lesion_f1", "lesions", .lesionCount),
        ("vtc", "vessels", .vessels), ("branch_accuracy", "vessels", .vessels), ("cldice", "vessels", .vessels),
        ("dice", "vessels", .vessels), ("coronal_deformation", "landmarks", .deformation),
        ("coronal_deformation", "liver", .deformation),
    ]

    /// What a metric looks at, and so which faults concern it.
    private enum Look {
        case image, liver, lesions, missedLesions, inventedLesions, lesionCount, vessels, deformation

        func expectation(_ fault: QualificationFault) -> QualificationExpectation {
            switch (self, fault) {
            case (.image, .blur), (.image, .noise), (.image, .bias), (.image, .deformation): .worsens
            // Small objects change few voxels of an image.
            case (.image, _): .free
            case (.liver, .deformation), (.lesions, .deformation), (.deformation, .deformation): .worsens
            case (.missedLesions, .deformation), (.inventedLesions, .deformation), (.lesionCount, .deformation): .free
            // Their tolerance is meant to forgive a small shift.
            case (.vessels, .deformation): .free
            case (.lesions, .erasedLesions), (.lesions, .inventedLesions): .worsens
            case (.missedLesions, .erasedLesions), (.inventedLesions, .inventedLesions): .worsens
            case (.lesionCount, .erasedLesions), (.lesionCount, .inventedLesions): .worsens
            // With every lesion erased there is nothing left that could be precise.
            case (.inventedLesions, .erasedLesions): .free
            case (.vessels, .brokenBranches), (.vessels, .missingBranches), (.vessels, .falseBranches): .worsens
            default: .still
            }
        }
    }

    /// Renders the phantoms, makes every fault in every size, and measures.
    ///
    /// - Parameters:
    ///   - phantoms: How many.
    ///   - seed: Seed of the phantoms.
    ///   - size: Pixels along each side of a slice.
    ///   - slices: Slices.
    ///   - threads: Threads to use; no value depends on it.
    ///   - onFault: Called when a fault of a phantom is measured in all its sizes.
    /// - Throws: `GeometryError`, `EvaluationError`; `CancellationError` when the task was cancelled.
    public static func run(
        phantoms: Int, seed: UInt64, size: Int, slices: Int, threads: Int,
        onFault: (String) -> Void = { _ in }
    ) throws -> QualificationResult {
        let drawn = try QualificationPhantom.draw(count: phantoms, seed: seed, size: size, slices: slices)
        let faults = QualificationFault.allCases
        // Sums by metric, fault and size; a value that is missing anywhere is missing in the mean.
        var sums = [[[Double?]]](
            repeating: faults.map { [Double?](repeating: 0, count: $0.sizes.count + 1) }, count: panel.count)
        for (number, phantom) in drawn.enumerated() {
            let truth = try phantom.truth()
            let perfect = try measure(truth, against: truth, threads: threads)
            for (column, fault) in faults.enumerated() {
                var series = [perfect]
                for step in fault.sizes {
                    try Task.checkCancellation()
                    series.append(
                        try measure(phantom.generated(fault, size: step), against: truth, threads: threads))
                }
                for row in panel.indices {
                    for step in series.indices {
                        let value = series[step][row]
                        let sum = sums[row][column][step]
                        sums[row][column][step] = sum.flatMap { a in value.map { a + $0 } }
                    }
                }
                onFault("phantom \(number + 1), \(fault.rawValue)")
            }
        }
        let rows = panel.indices.map { row in
            makeRow(row, sums[row].map { $0.map { $0.map { $0 / Double(max(1, drawn.count)) } } })
        }
        return QualificationResult(
            rows: rows, phantoms: drawn.count, seed: seed, grid: "\(size)×\(size)×\(slices)")
    }

    private static func measure(
        _ shown: QualificationPhantom.Images, against truth: QualificationPhantom.Images, threads: Int
    ) throws(EvaluationError) -> [Double?] {
        var inputs = EvaluationInputs(modality: .mr)
        inputs.reference = truth.image
        inputs.generated = shown.image
        inputs.body = truth.body
        inputs.liver = truth.liver
        inputs.generatedLiver = shown.liver
        inputs.lesions = truth.lesions
        inputs.generatedLesions = shown.lesions
        inputs.vessels = truth.vessels
        inputs.generatedVessels = shown.vessels
        inputs.landmarks = truth.landmarks
        inputs.generatedLandmarks = shown.landmarks
        inputs.displacement = shown.residual
        inputs.estimatedDisplacement = truth.residual
        var settings = EvaluationSettings(nsdToleranceMM: 2, metrics: Set(panel.map(\.metric)))
        settings.lesionSeparation = .givenLabels
        settings.threads = threads
        let result = try CaseEvaluation.evaluate(inputs, settings: settings)
        return panel.map { result.measurement($0.metric, on: $0.structure)?.value.number }
    }

    private static func makeRow(_ index: Int, _ means: [[Double?]]) -> QualificationRow {
        let (metric, structure, look) = panel[index]
        let definition = MetricCatalog.definition(of: metric)
        let isHigherBetter = definition?.direction == .higher
        let cells = QualificationFault.allCases.enumerated().map { column, fault in
            let expectation = look.expectation(fault)
            return QualificationCell(
                fault: fault, expectation: expectation, values: means[column],
                slope: slope([0] + fault.sizes, means[column]),
                isMet: isMet(expectation, means[column], isHigherBetter: isHigherBetter))
        }
        // The phantoms are measured as MR images, whose intensities have no unit.
        let unit = definition?.unit ?? "1"
        return QualificationRow(
            metric: metric, structure: structure, name: definition?.name ?? metric, unit: unit == "HU" ? "a.u." : unit,
            isHigherBetter: isHigherBetter, cells: cells)
    }

    /// Whether the values do what is expected; noise of the measurement may hide a step, never the whole.
    private static func isMet(
        _ expectation: QualificationExpectation, _ values: [Double?], isHigherBetter: Bool
    ) -> Bool {
        let known = values.compactMap(\.self).map { isHigherBetter ? -$0 : $0 }
        switch expectation {
        case .free: return true
        case .still:
            guard known.count == values.count, let first = known.first else { return false }
            return known.allSatisfy { abs($0 - first) <= 1e-9 * max(1, abs(first)) }
        case .worsens:
            guard known.count >= 3, let first = known.first, let last = known.last, last > first else { return false }
            let slack = 0.05 * (last - first)
            return zip(known, known.dropFirst()).allSatisfy { $1 >= $0 - slack }
        }
    }

    /// Slope of the least-squares line; nil with fewer than two values.
    private static func slope(_ sizes: [Double], _ values: [Double?]) -> Double? {
        let points = zip(sizes, values).compactMap { x, y in y.map { (x: x, y: $0) } }
        guard points.count >= 2 else { return nil }
        let n = Double(points.count)
        let mx = points.reduce(0) { $0 + $1.x } / n
        let my = points.reduce(0) { $0 + $1.y } / n
        let sxx = points.reduce(0) { $0 + ($1.x - mx) * ($1.x - mx) }
        return sxx > 0 ? points.reduce(0) { $0 + ($1.x - mx) * ($1.y - my) } / sxx : nil
    }
}
