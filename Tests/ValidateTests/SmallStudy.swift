import Foundation
import Imaging

/// Three registered pairs on disk, in a folder that goes with it: a cohort of a body with a lesion.
final class SmallStudy {
    let folder: String
    let geometry: Geometry

    init() throws {
        folder = NSTemporaryDirectory() + "study-\(UUID().uuidString)"
        geometry = try Geometry(
            dimensions: SIMD3(30, 28, 14), affine: Affine(spacingMM: SIMD3(3, 3, 5), originMM: SIMD3(-43, -40, -32)))
        try FileManager.default.createDirectory(atPath: folder + "/cohort", withIntermediateDirectories: true)
        var lines = ["subject\tcase\tsite\tsource\tsource_modality\ttruth\ttruth_modality\tlesions"]
        for seed in 0..<3 {
            try NIfTIWriter.write(source(seed), to: "\(folder)/cohort/s\(seed).nii.gz")
            try NIfTIWriter.write(truth(seed), to: "\(folder)/cohort/t\(seed).nii.gz")
            try NIfTIWriter.write(lesion, to: "\(folder)/cohort/l\(seed).nii.gz")
            lines.append("S\(seed)\tC\(seed)\tA\ts\(seed).nii.gz\tCT\tt\(seed).nii.gz\tMR-T1\tl\(seed).nii.gz")
        }
        try (lines.joined(separator: "\n") + "\n").write(
            toFile: folder + "/cohort/cohort.tsv", atomically: true, encoding: .utf8)
        try #"{"Name": "three pairs"}"#.write(
            toFile: folder + "/cohort/dataset_description.json", atomically: true, encoding: .utf8)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func path(_ name: String) -> String { folder + "/" + name }

    private func volume(_ value: (SIMD3<Int>, Double) -> Float) -> Volume<Float> {
        var volume = Volume<Float>(geometry: geometry, repeating: 0)
        let d = geometry.dimensions
        for k in 0..<d.z {
            for j in 0..<d.y {
                for i in 0..<d.x {
                    volume[i, j, k] = value(
                        SIMD3(i, j, k), length(geometry.world(SIMD3(Double(i), Double(j), Double(k)))))
                }
            }
        }
        return volume
    }

    func source(_ seed: Int) -> Volume<Float> {
        volume { index, distance in
            distance > 38 ? -1000 : Float(40 + (index.x * 7 + index.y * 5 + index.z * 11 + seed * 3) % 50) * 5
        }
    }

    func truth(_ seed: Int) -> Volume<Float> { source(seed).map { $0 < -500 ? 4 : 900 - 1.5 * $0 } }

    var lesion: Mask { volume { _, distance in distance < 9 ? 1 : 0 }.map { UInt8($0) } }
}
