import Cohort
import Testing

@testable import Study

@Suite("Metrics under faults of known size")
struct QualificationTests {
    private static let result = Result {
        try Qualification.run(phantoms: 1, seed: 2026, size: 160, slices: 32, threads: 2)
    }

    private func values(_ metric: String, on structure: String, under fault: QualificationFault) throws -> [Double] {
        let row = try #require(Self.result.get().rows.first { $0.metric == metric && $0.structure == structure })
        let cell = try #require(row.cells.first { $0.fault == fault })
        return cell.values.compactMap(\.self)
    }

    @Test("Every metric finds the faults that concern it and is still under the others")
    func matrix() throws {
        let result = try Self.result.get()
        let missed = result.failures.map { "\($0.row.metric) on \($0.row.structure) under \($0.cell.faultName)" }
        #expect(missed.isEmpty)
        #expect(result.rows.count > 12)
    }

    @Test("A deformation of r mm is measured as r at the landmarks and from the displacement of the liver")
    func deformation() throws {
        let sizes = [0] + QualificationFault.deformation.sizes
        // The fault has its size as a mean over the liver; bifurcations are some forty places of it.
        for (structure, tolerance) in [("liver", 0.03), ("landmarks", 0.2)] {
            let found = try values("coronal_deformation", on: structure, under: .deformation)
            #expect(found.count == sizes.count)
            for (size, value) in zip(sizes, found) {
                #expect(abs(value - size) <= tolerance * size, "\(structure): \(value) instead of \(size) mm")
            }
        }
    }

    @Test("Vessel, lesion and surface metrics find what was done to vessels, lesions and the surface")
    func found() throws {
        for fault in [QualificationFault.brokenBranches, .missingBranches, .falseBranches] {
            for metric in ["vtc", "branch_accuracy", "cldice"] {
                let v = try values(metric, on: "vessels", under: fault)
                #expect(v.first == 1 && v.last.map { $0 < 0.999 } == true, "\(metric) under \(fault.rawValue): \(v)")
            }
        }
        let sensitivity = try values("lesion_sensitivity", on: "lesions", under: .erasedLesions)
        #expect(sensitivity.first == 1 && sensitivity.last == 0)
        let precision = try values("lesion_precision", on: "lesions", under: .inventedLesions)
        #expect(precision.first == 1 && precision.last.map { $0 < 0.7 } == true)
        let surface = try values("assd", on: "liver", under: .deformation)
        #expect(surface.first == 0 && surface.last.map { $0 > 0.5 } == true)
    }
}
