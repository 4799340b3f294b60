import Imaging
import Testing

@testable import Metrics

@Suite struct LesionDetectionTests {
    let geometry: Geometry

    init() throws {
        geometry = try Geometry(
            dimensions: SIMD3(60, 40, 20), affine: Affine(spacingMM: SIMD3(1, 1, 2.5), originMM: SIMD3(-30, -20, 100)))
    }

    /// A map with boxes, each `(low, size, label)`.
    private func map(_ boxes: [(SIMD3<Int>, SIMD3<Int>, Int32)]) -> LabelMap {
        var map = LabelMap(geometry: geometry, repeating: 0)
        for (low, size, label) in boxes {
            for k in low.z..<low.z + size.z {
                for j in low.y..<low.y + size.y { for i in low.x..<low.x + size.x { map[i, j, k] = label } }
            }
        }
        return map
    }

    private func values(_ results: [Measurement]) -> [String: MetricValue] {
        Dictionary(results.map { ("\($0.structure)/\($0.metric)", $0.value) }, uniquingKeysWith: { a, _ in a })
    }

    @Test func matchedMissedAndHallucinatedLesionsAreToldApart() throws {
        let reference = map([(SIMD3(5, 5, 5), SIMD3(6, 6, 3), 1), (SIMD3(40, 20, 10), SIMD3(4, 4, 2), 1)])
        let generated = map([(SIMD3(6, 5, 5), SIMD3(6, 6, 3), 1), (SIMD3(20, 30, 2), SIMD3(3, 3, 2), 1)])
        let results = try LesionDetection.measure(generated: generated, reference: reference, worstCaseMM: 99)
        let value = values(results)
        #expect(value["lesions/lesion_sensitivity"] == .value(0.5))
        #expect(value["lesions/lesion_precision"] == .value(0.5))
        #expect(value["lesions/lesion_f1"] == .value(0.5))
        #expect(value["lesions/lesions_missed"] == .value(1))
        #expect(value["lesions/lesions_hallucinated"] == .value(1))
        #expect(value["lesion:1/hausdorff_95"] == .value(1))
        #expect(value["lesion:1/dice"] == .value(5.0 / 6))
        #expect(value["lesion:2/dice"] == .value(0))
        #expect(value["lesion:2/hausdorff_95"] == .notComputed(.generatedEmpty))
        #expect(results.first { $0.structure == "lesion:2" && $0.metric == "assd" }?.imputedWorst == 99)

        let missed = try #require(results.first { $0.metric == "lesions_missed" }?.details.first)
        #expect(missed.rows.count == 1)
        #expect(missed.rows[0][0] == .integer(2))
        #expect(missed.rows[0][1] == .number(0.08))
        #expect(missed.rows[0][3] == .number(11.5))
        #expect(missed.rows[0][4] == .number(1.5))
        #expect(missed.rows[0][5] == .number(126.25))
        let hallucinated = try #require(results.first { $0.metric == "lesions_hallucinated" }?.details.first)
        #expect(hallucinated.rows.count == 1)
        #expect(hallucinated.rows[0][3] == .number(-9))
    }

    @Test func oneLesionMatchesOneAndTheBetterPairingWins() throws {
        // The left generated lesion overlaps both; giving it to the right one leaves the left with a match too.
        let reference = map([(SIMD3(10, 10, 5), SIMD3(10, 4, 2), 1), (SIMD3(20, 10, 5), SIMD3(10, 4, 2), 2)])
        let generated = map([(SIMD3(14, 10, 5), SIMD3(9, 4, 2), 1), (SIMD3(10, 10, 5), SIMD3(4, 4, 2), 2)])
        let results = try LesionDetection.measure(generated: generated, reference: reference)
        let matches = try #require(results.first { $0.metric == "lesion_f1" }?.details.first { $0.name == "matches" })
        // Left-left alone would score 6/13; left-right with right-left scores 3/16 + 4/10.
        #expect(matches.rows.map { [$0[0], $0[1]] } == [[.integer(1), .integer(2)], [.integer(2), .integer(1)]])
    }

    @Test func aSmallLesionInsideALargeOneMatchesByItsCentre() throws {
        let reference = map([(SIMD3(10, 10, 2), SIMD3(20, 20, 10), 1)])
        let generated = map([(SIMD3(15, 15, 6), SIMD3(2, 2, 1), 1)])
        let value = values(try LesionDetection.measure(generated: generated, reference: reference))
        #expect(value["lesions/lesion_sensitivity"] == .value(1))
        #expect(value["lesions/lesion_precision"] == .value(1))
    }

    @Test func aGrazingOverlapIsNoMatch() throws {
        let reference = map([(SIMD3(10, 10, 5), SIMD3(10, 10, 5), 1)])
        let generated = map([(SIMD3(19, 10, 5), SIMD3(10, 10, 5), 1)])
        let value = values(try LesionDetection.measure(generated: generated, reference: reference))
        #expect(value["lesions/lesion_sensitivity"] == .value(0))
        #expect(value["lesions/lesions_missed"] == .value(1))
        #expect(value["lesions/lesions_hallucinated"] == .value(1))
    }

    @Test func emptyMapsAreMissesOrTrueNegatives() throws {
        let some = map([(SIMD3(10, 10, 5), SIMD3(10, 10, 5), 1)])
        let none = map([])
        let neither = values(try LesionDetection.measure(generated: none, reference: none))
        for metric in ["lesion_sensitivity", "lesion_precision", "lesion_f1"] {
            #expect(neither["lesions/\(metric)"] == .notComputed(.bothEmpty))
        }
        #expect(neither["lesions/lesions_missed"] == .value(0))
        let missed = values(try LesionDetection.measure(generated: none, reference: some))
        #expect(missed["lesions/lesion_sensitivity"] == .value(0))
        #expect(missed["lesions/lesion_precision"] == .notComputed(.generatedEmpty))
        #expect(missed["lesions/lesion_f1"] == .value(0))
        let invented = values(try LesionDetection.measure(generated: some, reference: none))
        #expect(invented["lesions/lesion_sensitivity"] == .notComputed(.referenceEmpty))
        #expect(invented["lesions/lesion_precision"] == .value(0))
        #expect(invented["lesions/lesion_f1"] == .value(0))
        #expect(invented["lesions/lesions_hallucinated"] == .value(1))
    }

    @Test func touchingLesionsStayApartWhenTheyAreLabelled() throws {
        let touching = map([(SIMD3(10, 10, 5), SIMD3(5, 5, 3), 4), (SIMD3(15, 10, 5), SIMD3(5, 5, 3), 9)])
        func count(_ separation: LesionSeparation) throws -> ParameterValue? {
            try LesionDetection.measure(generated: touching, reference: touching, separation: separation)
                .first?.parameters.first { $0.name == "reference_lesions" }?.value
        }
        #expect(try count(.automatic) == .integer(2))
        #expect(try count(.givenLabels) == .integer(2))
        #expect(try count(.components) == .integer(1))
        let structures = Set(
            try LesionDetection.measure(generated: touching, reference: touching).map(\.structure))
        #expect(structures == ["lesions", "lesion:4", "lesion:9"])
    }

    @Test func sizeClassesCountEachLesionOnce() throws {
        let reference = map([
            (SIMD3(2, 2, 2), SIMD3(3, 3, 1), 1), (SIMD3(10, 5, 2), SIMD3(12, 12, 5), 1),
            (SIMD3(28, 5, 2), SIMD3(28, 28, 11), 1),
        ])
        let results = try LesionDetection.measure(generated: reference, reference: reference)
        let sizes = try #require(results.first { $0.metric == "lesion_f1" }?.details.first { $0.name == "by_size" })
        #expect(sizes.rows.map { $0[1] } == [.integer(1), .integer(1), .integer(1)])
        #expect(sizes.rows.map { $0[3] } == [.integer(0), .integer(0), .integer(0)])
    }

    @Test func assignmentsAreTheBestOfAllPermutations() {
        for seed in 0..<200 {
            var random = SplitMix(seed: UInt64(seed))
            let rows = 1 + random.below(5)
            let columns = 1 + random.below(5)
            var weights: [(row: Int, column: Int, weight: Double)] = []
            for row in 0..<rows {
                for column in 0..<columns where random.below(10) < 6 {
                    weights.append((row, column, Double(1 + random.below(20))))
                }
            }
            func best(_ row: Int, _ taken: Set<Int>) -> Double {
                guard row < rows else { return 0 }
                var value = best(row + 1, taken)
                for edge in weights where edge.row == row && !taken.contains(edge.column) {
                    value = max(value, edge.weight + best(row + 1, taken.union([edge.column])))
                }
                return value
            }
            let pairs = maximumWeightAssignment(rows: rows, columns: columns, weights: weights)
            #expect(Set(pairs.map(\.row)).count == pairs.count)
            #expect(Set(pairs.map(\.column)).count == pairs.count)
            let total = pairs.reduce(0.0) { sum, pair in
                sum + (weights.first { $0.row == pair.row && $0.column == pair.column }?.weight ?? -1000)
            }
            #expect(total == best(0, []), "seed \(seed)")
        }
    }
}
