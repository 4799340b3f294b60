import Foundation
import Imaging
import Metrics
import Testing

struct VesselGoldenTests {
    static let names = [
        "truth", "break_big", "break_narrow", "missing_leaf", "missing_subtree", "break_ten_leaves", "false_branch",
        "loop", "dilated", "thinned", "shift_x1", "shift_z1", "rough", "islands", "cavity",
    ]

    /// Expected numbers of one case, by the oracle's names such as `proposed.VTC`.
    struct Expected {
        let content: [String: Any]

        init(grid: String, name: String) throws {
            let url = try #require(
                Bundle.module.url(
                    forResource: "expected_\(grid)", withExtension: "json", subdirectory: "Fixtures/vessel"))
            let whole = try #require(
                try JSONSerialization.jsonObject(with: try Data(contentsOf: url)) as? [String: Any])
            let cases = try #require(whole["cases"] as? [String: Any])
            content = try #require(cases[name] as? [String: Any])
        }

        func callAsFunction(_ path: String) throws -> Double {
            var value: Any = content
            for key in path.split(separator: ".") {
                value = try #require((value as? [String: Any])?[String(key)], "\(path)")
            }
            return try #require(value as? NSNumber, "\(path)").doubleValue
        }

        func integers(_ path: String) throws -> [Int] {
            var value: Any = content
            for key in path.split(separator: ".") {
                value = try #require((value as? [String: Any])?[String(key)], "\(path)")
            }
            return try #require(value as? [Int], "\(path)")
        }
    }

    /// Oracle's name of every metric's value.
    static let oracleNames = [
        "vtc": "VTC", "vtc_recall": "VTC_recall", "vtc_precision": "VTC_precision", "vessel_detached": "detached",
        "vessel_missing": "missing", "tree_length_detected": "TLD", "nerl": "nERL", "vessel_breaks": "breaks",
        "branch_accuracy": "BA", "branch_recall": "BD_recall", "branch_precision": "BD_precision",
        "bifurcation_f1": "bif_F1", "bifurcation_distance": "bif_dist_mm", "radius_bias": "radius_bias_mm",
        "radius_mae": "radius_mae_mm", "betti0_error": "betti0_err", "betti1_error": "betti1_err",
        "betti2_error": "betti2_err",
    ]

    @Test(arguments: ["aniso", "iso1"], names)
    func everyMetricEqualsTheOracle(grid: String, name: String) throws {
        let spacing = VesselFixture.spacingMM(ofGrid: grid)
        let reference = try VesselFixture.golden("\(grid)_truth").mask(spacingMM: spacing)
        let generated = try VesselFixture.golden("\(grid)_\(name)").mask(spacingMM: spacing)
        let expected = try Expected(grid: grid, name: name)
        let result = try VesselTopology.measure(generated: generated, reference: reference)
        let values = Dictionary(uniqueKeysWithValues: result.measurements.map { ($0.metric, $0.value) })
        for (metric, oracle) in VesselGoldenTests.oracleNames {
            let value = try #require(values[metric]?.number, "\(metric)")
            let wanted = try expected("proposed.\(oracle)")
            // The oracle's tree search takes one of several equally near voxels; the definition averages them.
            let tolerance = metric.hasPrefix("radius") ? 7e-3 : 1e-9 * max(1, abs(wanted))
            let matches = abs(value - wanted) <= tolerance
            #expect(matches, "\(grid) \(name) \(metric): \(value), \(wanted)")
        }
        let clDice = try #require(values["cldice:lee94"]?.number)
        #expect(abs(clDice - (try expected("skimage_lee.cldice"))) <= 1e-12)
        try checkTables(of: result, expected: expected, label: "\(grid) \(name)")
        #expect(
            BettiNumbers(of: generated).eulerCharacteristic == Int(try expected("euler26")))
        #expect(BettiNumbers(of: generated).components == Int(try expected("cc3d_b0")))
    }

    private func checkTables(of result: VesselTopologyResult, expected: Expected, label: String) throws {
        let vtc = try #require(result.measurements.first { $0.metric == "vtc" })
        let sides = try #require(vtc.details.first { $0.name == "sides" })
        for (row, side) in zip(sides.rows, ["T", "P"]) {
            for (column, key) in [
                (1, "length"), (2, "covered"), (3, "connected"), (4, "breaks"), (5, "branches"), (6, "detected"),
                (7, "unbroken"),
            ] {
                let wanted = try expected("proposed.\(side).\(key)")
                switch row[column] {
                case .number(let value):
                    #expect(abs(value - wanted) <= 1e-9 * wanted, "\(label) \(side) \(key): \(value), \(wanted)")
                case .integer(let value): #expect(value == Int(wanted), "\(label) \(side) \(key): \(value), \(wanted)")
                default: Issue.record("\(label): column \(column) is no number")
                }
            }
        }
        #expect(
            sides.rows[0][8] == .integer(Int(try expected("proposed.bif_T"))), "\(label): bifurcations of the reference"
        )
        #expect(
            sides.rows[1][8] == .integer(Int(try expected("proposed.bif_P"))), "\(label): bifurcations of the generated"
        )
        #expect(sides.rows[1][9] == .integer(Int(try expected("proposed.spurs_P"))), "\(label): spurs")
        let errors = try #require(result.measurements.first { $0.metric == "betti0_error" })
        let betti = try #require(errors.details.first)
        for (row, side) in zip(betti.rows, ["b_T", "b_P"]) {
            let wanted = try expected.integers("proposed.\(side)").map { ParameterValue.integer($0) }
            #expect(Array(row[1...3]) == wanted, "\(label) \(side)")
        }
    }

    @Test(arguments: ["aniso", "iso1"])
    func anEmptyGeneratedMaskIsATotalMiss(grid: String) throws {
        let reference = try VesselFixture.golden("\(grid)_truth").mask()
        let generated = try VesselFixture.golden("\(grid)_empty").mask()
        let result = try VesselTopology.measure(generated: generated, reference: reference)
        let values = Dictionary(uniqueKeysWithValues: result.measurements.map { ($0.metric, $0.value) })
        #expect(values["vtc"] == .value(0))
        #expect(values["branch_accuracy"] == .value(0))
        #expect(values["bifurcation_f1"] == .value(0))
        #expect(values["vtc_recall"] == .value(0))
        #expect(values["vtc_precision"] == .notComputed(.generatedEmpty))
        #expect(values["radius_bias"] == .notComputed(.generatedEmpty))
        #expect(values["betti0_error"] == .value(1))
    }
}
