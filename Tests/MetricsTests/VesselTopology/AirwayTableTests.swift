import Foundation
import Imaging
import Metrics
import Testing

/// Compares real tree masks with each other; prints the table of `docs/airway-table.md`.
///
/// Runs where `VESSEL_AIRWAY` names a directory with one folder per team, each with one NIfTI mask.
@Suite(.serialized, .enabled(if: ProcessInfo.processInfo.environment["VESSEL_AIRWAY"] != nil))
struct AirwayTableTests {
    @Test func everyPairOfTeamsIsComparedWithinTwentySeconds() throws {
        let root = URL(fileURLWithPath: try #require(ProcessInfo.processInfo.environment["VESSEL_AIRWAY"]))
        let manager = FileManager.default
        let teams = try manager.contentsOfDirectory(atPath: root.path).sorted()
        let masks = try teams.map { team -> Mask in
            let folder = root.appendingPathComponent(team)
            let file = try #require(
                try manager.contentsOfDirectory(atPath: folder.path).first { $0.hasSuffix(".nii.gz") })
            return try VolumeReader.readMask(path: folder.appendingPathComponent(file).path)
        }
        let clock = ContinuousClock()
        for (name, mask) in zip(teams, masks) {
            let numbers = BettiNumbers(of: mask)
            print(
                "airway | \(name) | \(mask.foregroundCount) | \(numbers.components) | \(numbers.loops) | "
                    + "\(numbers.cavities) |")
        }
        for (r, reference) in masks.enumerated() {
            for (g, generated) in masks.enumerated() where g != r {
                var result: VesselTopologyResult?
                let time = try clock.measure {
                    result = try VesselTopology.measure(generated: generated, reference: reference, threads: 2)
                }
                let values = Dictionary(
                    uniqueKeysWithValues: try #require(result).measurements.map { ($0.metric, $0.value.number) })
                let cells = [
                    "vtc", "vtc_recall", "vtc_precision", "branch_accuracy", "branch_recall", "bifurcation_f1",
                    "cldice", "cldice:lee94", "vessel_breaks", "radius_bias", "betti0_error", "betti1_error",
                    "betti2_error",
                ].map { id -> String in
                    guard let value = values[id] ?? nil else { return "-" }
                    return id.hasPrefix("betti") || id == "vessel_breaks"
                        ? String(Int(value)) : String(format: "%.4f", value)
                }
                let seconds = Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18
                print(
                    "airway | \(teams[r]) | \(teams[g]) | \(cells.joined(separator: " | ")) | "
                        + "\(String(format: "%.2f", seconds)) |")
                #expect(seconds < 20)
            }
        }
    }
}
