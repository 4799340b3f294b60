import Imaging

/// Turns matched lesions into measurements and lists.
struct LesionPanel {
    let generated: LesionMap
    let reference: LesionMap
    let matching: LesionMatching

    private var geometry: Geometry { reference.geometry }

    private var parameters: [MetricParameter] {
        [
            MetricParameter("minimum_iou", .number(LesionMatching.minimumOverlap)),
            MetricParameter("centre_inside", .flag(true)),
            MetricParameter("connectivity", .integer(26)),
            MetricParameter("reference_separation", .text(reference.usesGivenLabels ? "given_labels" : "components")),
            MetricParameter("generated_separation", .text(generated.usesGivenLabels ? "given_labels" : "components")),
            MetricParameter("reference_lesions", .integer(reference.lesions.count)),
            MetricParameter("generated_lesions", .integer(generated.lesions.count)),
            MetricParameter("matched", .integer(matching.matches.count)),
        ]
    }

    var measurements: [Measurement] {
        let matched = Double(matching.matches.count)
        let truth = Double(reference.lesions.count)
        let found = Double(generated.lesions.count)
        let neither = truth == 0 && found == 0
        func share(_ whole: Double, _ reason: NotComputedReason) -> MetricValue {
            whole > 0 ? .value(matched / whole) : .notComputed(neither ? .bothEmpty : reason)
        }
        func measurement(_ metric: String, _ value: MetricValue, _ unit: String, _ details: [DetailTable])
            -> Measurement
        {
            Measurement(
                metric: metric, structure: "lesions", value: value, unit: unit, parameters: parameters,
                details: details)
        }
        return [
            measurement("lesion_sensitivity", share(truth, .referenceEmpty), "1", []),
            measurement("lesion_precision", share(found, .generatedEmpty), "1", []),
            measurement(
                "lesion_f1", neither ? .notComputed(.bothEmpty) : .value(2 * matched / (truth + found)), "1",
                [matchTable, sizeTable]),
            measurement(
                "lesions_missed", .value(Double(matching.missed.count)), "count",
                [listing("missed", matching.missed.map { reference.lesions[$0] })]),
            measurement(
                "lesions_hallucinated", .value(Double(matching.hallucinated.count)), "count",
                [listing("hallucinated", matching.hallucinated.map { generated.lesions[$0] })]),
        ]
    }

    private func volumeML(_ lesion: Lesion) -> Double { Double(lesion.voxelCount) * geometry.voxelVolumeMM3 / 1000 }

    private func diameterMM(_ lesion: Lesion) -> Double {
        lesion.diameterMM(voxelVolumeMM3: geometry.voxelVolumeMM3)
    }

    private func listing(_ name: String, _ lesions: [Lesion]) -> DetailTable {
        DetailTable(
            name: name, columns: ["lesion", "volume_ml", "diameter_mm", "r_mm", "a_mm", "s_mm"],
            rows: lesions.map { lesion in
                let world = geometry.world(lesion.centre)
                return [
                    .integer(lesion.number), .number(volumeML(lesion)), .number(diameterMM(lesion)),
                    .number(world.x), .number(world.y), .number(world.z),
                ]
            })
    }

    private var matchTable: DetailTable {
        DetailTable(
            name: "matches",
            columns: [
                "reference_lesion", "generated_lesion", "iou", "dice", "reference_volume_ml", "generated_volume_ml",
                "centre_distance_mm", "r_mm", "a_mm", "s_mm",
            ],
            rows: matching.matches.map { match in
                let truth = reference.lesions[match.reference]
                let shown = generated.lesions[match.generated]
                let world = geometry.world(truth.centre)
                return [
                    .integer(truth.number), .integer(shown.number), .number(match.overlap),
                    .number(2 * Double(match.commonVoxels) / Double(truth.voxelCount + shown.voxelCount)),
                    .number(volumeML(truth)), .number(volumeML(shown)),
                    .number(length(geometry.world(shown.centre) - world)),
                    .number(world.x), .number(world.y), .number(world.z),
                ]
            })
    }

    /// Counts per size class: the truth's lesions by their own size, hallucinated ones by theirs.
    private var sizeTable: DetailTable {
        func size(_ lesion: Lesion) -> LesionSize { LesionSize(diameterMM: diameterMM(lesion)) }
        let rows = LesionSize.allCases.map { candidate -> [ParameterValue] in
            let truth = reference.lesions.count { size($0) == candidate }
            let missed = matching.missed.count { size(reference.lesions[$0]) == candidate }
            let found = generated.lesions.count { size($0) == candidate }
            let hallucinated = matching.hallucinated.count { size(generated.lesions[$0]) == candidate }
            return [
                .text(candidate.rawValue), .integer(truth), .integer(truth - missed), .integer(missed),
                .integer(found), .integer(hallucinated),
                truth > 0 ? .number(Double(truth - missed) / Double(truth)) : .none,
                found > 0 ? .number(Double(found - hallucinated) / Double(found)) : .none,
            ]
        }
        return DetailTable(
            name: "by_size",
            columns: [
                "size", "reference_lesions", "detected", "missed", "generated_lesions", "hallucinated", "sensitivity",
                "precision",
            ], rows: rows)
    }

    /// Surface metrics of each lesion of the truth against its match, in the box around both.
    func measureEachLesion(
        _ metrics: Set<String>, nsdToleranceMM: Double, worstCaseMM: Double?, threads: Int
    ) throws(MetricError) -> [Measurement] {
        let matches = Dictionary(uniqueKeysWithValues: matching.matches.map { ($0.reference, $0.generated) })
        var results: [Measurement] = []
        for (index, lesion) in reference.lesions.enumerated() {
            let match = matches[index]
            var low = lesion.low
            var high = lesion.high
            if let match {
                low = pointwiseMin(low, generated.lesions[match].low)
                high = pointwiseMax(high, generated.lesions[match].high)
            }
            let truth = try cut(reference.labels, label: index + 1, low, high)
            let shown = try cut(generated.labels, label: match.map { $0 + 1 }, low, high)
            results += try SurfaceDistance.measure(
                generated: shown, reference: truth, structure: "lesion:\(lesion.number)",
                nsdToleranceMM: nsdToleranceMM, metrics: metrics, worstCaseMM: worstCaseMM, threads: threads)
        }
        return results
    }

    /// One label's voxels inside a box; nil gives an empty mask.
    private func cut(_ labels: [Int32], label: Int?, _ low: SIMD3<Int>, _ high: SIMD3<Int>) throws(MetricError) -> Mask
    {
        let size = high &- low &+ SIMD3(1, 1, 1)
        var affine = geometry.affine
        let origin = affine(SIMD3<Double>(low))
        affine.row0.w = origin.x
        affine.row1.w = origin.y
        affine.row2.w = origin.z
        let box: Geometry
        do {
            box = try Geometry(dimensions: size, affine: affine)
        } catch {
            throw .invalidParameter(name: "lesion", problem: "\(error)")
        }
        var mask = Mask(geometry: box, repeating: 0)
        guard let label else { return mask }
        for k in 0..<size.z {
            for j in 0..<size.y {
                let from = geometry.offset(low.x, low.y + j, low.z + k)
                let to = box.offset(0, j, k)
                for i in 0..<size.x where labels[from + i] == Int32(label) { mask.voxels[to + i] = 1 }
            }
        }
        return mask
    }
}
