import Cohort
import Foundation
import Imaging
import Testing

/// A small cohort on disk, in a folder that goes with it: a body with a liver, a vessel and a lesion.
final class SyntheticCohort {
    let directory: String
    let geometry: Geometry
    private(set) var cases: [CohortCase] = []

    init(_ size: SIMD3<Int> = SIMD3(32, 28, 14)) throws {
        directory = NSTemporaryDirectory() + "cohort-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        geometry = try Geometry(
            dimensions: size, affine: Affine(spacingMM: SIMD3(6, 6, 6), originMM: SIMD3(-93, -81, -39)))
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    func path(_ name: String) -> String { directory + "/" + name }

    /// A value at every voxel, from its indices and its distance, in mm, from the middle.
    func volume(_ value: (SIMD3<Int>, Double) -> Float) -> Volume<Float> {
        var volume = Volume<Float>(geometry: geometry, repeating: 0)
        let d = geometry.dimensions
        for k in 0..<d.z {
            for j in 0..<d.y {
                for i in 0..<d.x {
                    let world = geometry.world(SIMD3(Double(i), Double(j), Double(k)))
                    volume[i, j, k] = value(SIMD3(i, j, k), length(world))
                }
            }
        }
        return volume
    }

    /// A CT: air around a body with structure.
    func ct(seed: Int = 0) -> Volume<Float> {
        volume { index, distance in
            distance > 75 ? -1000 : Float(40 + (index.x * 7 + index.y * 5 + index.z * 11 + seed * 3) % 60) * 6
        }
    }

    /// An MR of the same body: another value for every tissue.
    func mr(seed: Int = 0) -> Volume<Float> {
        ct(seed: seed).map { $0 < -500 ? 3 : 900 - $0 + 0.1 * Float(seed) }
    }

    func ball(_ radius: Double, offset: Int = 0) -> Mask {
        volume { index, distance in
            let shifted = self.geometry.world(
                SIMD3(Double(index.x - offset), Double(index.y), Double(index.z)))
            return length(shifted) <= radius ? 1 : 0
        }.map { UInt8($0) }
    }

    /// Writes source and truth of a case and lists it.
    @discardableResult
    func addCase(
        _ id: String, subject: String? = nil, source: Volume<Float>? = nil, truth: Volume<Float>? = nil,
        change: (inout CohortCase) throws -> Void = { _ in }
    ) throws -> CohortCase {
        let seed = cases.count
        try NIfTIWriter.write(source ?? ct(seed: seed), to: path("\(id)-source.nii.gz"))
        try NIfTIWriter.write(truth ?? mr(seed: seed), to: path("\(id)-truth.nii.gz"))
        var item = CohortCase(
            id: id, subject: subject ?? id, site: "A",
            source: ImageReference(path: "\(id)-source.nii.gz", series: try #require(ImageSeries("CT"))),
            truth: ImageReference(path: "\(id)-truth.nii.gz", series: try #require(ImageSeries("MR-T1"))))
        try change(&item)
        cases.append(item)
        return item
    }

    /// Writes a mask and returns its name.
    func write(_ mask: Mask, as name: String) throws -> String {
        try NIfTIWriter.write(mask, to: path(name))
        return name
    }

    /// Writes the manifest and loads the cohort.
    func load() throws -> Cohort {
        try ManifestWriter.write(cases, description: DatasetDescription(name: "synthetic"), to: directory)
        return try Cohort.load(directory: directory, requiringFiles: false)
    }

    /// The findings of a check.
    func findings() throws -> [CohortFinding] { CohortCheck.check(try load()).findings }
}
