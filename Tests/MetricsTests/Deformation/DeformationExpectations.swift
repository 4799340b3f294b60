import Testing

@testable import Metrics

extension [Measurement] {
    func value(_ metric: String, structure: String? = nil) -> Double? {
        first { $0.metric == metric && (structure == nil || $0.structure == structure) }?.value.number
    }
}

/// Compares every row of the statistics table, the signed means and the headline with the golden numbers.
func expectStatistics(
    _ measurements: [Measurement], match fixture: DeformationFixture, group: String, toleranceMM: Double = 1e-6
) throws {
    let names = [
        "coronal": "coronal", "3d": "epe3d", "axial": "axial", "sagittal": "sagittal", "left_right": "abs_LR",
        "anterior_posterior": "abs_AP", "superior_inferior": "abs_SI",
    ]
    let headline = try #require(measurements.first { $0.metric == "coronal_deformation" })
    let table = try #require(headline.details.first { $0.name == "deformation_statistics" })
    #expect(table.rows.count == 7)
    for row in table.rows {
        guard case .text(let projection) = row[0], case .integer(let count) = row[1] else {
            Issue.record("unexpected row \(row)")
            continue
        }
        let golden = try fixture.numbers(group, try #require(names[projection]))
        #expect(Double(count) == golden["n"])
        for (column, name) in ["mean", "sd", "rms", "median", "p95", "max"].enumerated() {
            guard case .number(let value) = row[column + 2] else {
                Issue.record("\(projection) \(name) is missing")
                continue
            }
            #expect(abs(value - (golden[name] ?? .nan)) <= toleranceMM, "\(projection) \(name)")
        }
    }
    let golden = try fixture.numbers(group, "coronal")
    #expect(abs((measurements.value("coronal_deformation") ?? .nan) - (golden["mean"] ?? .nan)) <= toleranceMM)
    #expect(abs((measurements.value("coronal_deformation_p95") ?? .nan) - (golden["p95"] ?? .nan)) <= toleranceMM)
    let signed = try fixture.signedMean(group)
    for (axis, name) in ["r", "a", "s"].enumerated() {
        let value = measurements.value("deformation_signed_\(name)") ?? .nan
        #expect(abs(value - signed[axis]) <= toleranceMM)
    }
}
