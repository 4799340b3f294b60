import Foundation
import Imaging
import Metrics
import Phantom
import Testing

@testable import Cohort

@Suite("Phantom cohorts on disk")
struct PhantomCohortTests {
    /// Makes a cohort in a folder of its own and removes it afterwards.
    @discardableResult
    private func withCohort<Result>(
        _ change: (inout PhantomCohortOptions) -> Void, _ body: (String) async throws -> Result
    ) async throws -> Result {
        let folder = FileManager.default.temporaryDirectory.path + "/phantoms-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var options = PhantomCohortOptions(cases: 2, seed: 5)
        options.size = 64
        options.slices = 10
        change(&options)
        try await PhantomCohort.write(options, to: folder)
        return try await body(folder)
    }

    private func digests(_ folder: String) throws -> [String: String] {
        var result: [String: String] = [:]
        for file in try FileManager.default.subpathsOfDirectory(atPath: folder) {
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: folder + "/" + file, isDirectory: &isFolder)
            if !isFolder.boolValue { result[file] = try FileDigest.sha256(path: folder + "/" + file) }
        }
        return result
    }

    @Test("The same options give the same bytes, whatever the number of jobs")
    func sameBytes() async throws {
        let one = try await withCohort({ $0.faults = PhantomFaults(level: 1) }, digests)
        let two = try await withCohort(
            {
                $0.jobs = 2
                $0.faults = PhantomFaults(level: 1)
            }, digests)
        #expect(one == two)
        #expect(one.count > 30)
        #expect(one.keys.contains("faults.tsv"))
    }

    @Test("The manifest is read back, every file is there, and masks lie on the truth's grid")
    func readsBack() async throws {
        try await withCohort({ $0.direction = .mrToCT }) { folder in
            let cohort = try Cohort.load(directory: folder)
            #expect(cohort.cases.count == 2)
            #expect(cohort.sites == ["A", "B"])
            #expect(cohort.description.facts["seed_namespace"] == "validation")
            for item in cohort.cases {
                #expect(item.truth.series.modality == .ct)
                #expect(item.covariates["sex"] != nil)
                let truth = try VolumeReader.readVolume(path: cohort.path(item.truth.path))
                let clean = try VolumeReader.readVolume(path: cohort.path(#require(item.truthClean)))
                #expect(clean.geometry == truth.geometry)
                for path in [item.body, item.liver, item.vessels, item.lesions] {
                    let mask = try VolumeReader.readLabels(path: cohort.path(#require(path)))
                    #expect(mask.geometry.isSameGrid(as: truth.geometry))
                }
                let body = try VolumeReader.readMask(path: cohort.path(#require(item.body)))
                let liver = try VolumeReader.readMask(path: cohort.path(#require(item.liver)))
                #expect(zip(body.voxels, liver.voxels).allSatisfy { $0 != 0 || $1 == 0 })
            }
        }
    }

    @Test("A landmark of the truth moved by the written field is the one of the source, in every frame")
    func landmarksFollowTheField() async throws {
        try await withCohort({
            $0.cases = 3
            $0.size = 128
            $0.slices = 40
        }) { folder in
            let cohort = try Cohort.load(directory: folder)
            var checked = 0
            for item in cohort.cases {
                let field = try NIfTIReader.read(path: cohort.path(#require(item.displacement))).vectorField()
                let ras = try DisplacementField(field, frame: .ras)
                let truth = try LandmarkFile.read(path: cohort.path(#require(item.landmarks)))
                let source = try LandmarkFile.read(path: cohort.path(#require(item.sourceLandmarks)))
                #expect(truth.map(\.name) == source.map(\.name))
                let lps = try Self.converted(ras, to: .lps)
                let voxel = try Self.converted(ras, to: .voxel)
                for (there, here) in zip(source, truth) {
                    for frame in [ras, lps, voxel] {
                        let u = Self.sample(frame, at: here.positionMM)
                        let error = here.positionMM + u - there.positionMM
                        #expect((error * error).sum().squareRoot() <= 0.3, "\(item.id) \(here.name): \(error)")
                    }
                    checked += 1
                }
            }
            #expect(checked > 20)
        }
    }

    @Test("A folder with a cohort is not written over, and bad options are refused")
    func refusals() async throws {
        try await withCohort({ $0.cases = 1 }) { folder in
            await #expect(throws: CohortError.self) {
                try await PhantomCohort.write(PhantomCohortOptions(cases: 1, seed: 5), to: folder)
            }
        }
        var options = PhantomCohortOptions(cases: 0, seed: 1)
        #expect(options.problem != nil)
        options.cases = 1
        options.size = 4
        #expect(options.problem != nil)
    }

    /// The field stored in another frame, and read from it again.
    private static func converted(
        _ field: DisplacementField, to frame: DisplacementFrame
    ) throws -> DisplacementField {
        var stored = (x: field.r, y: field.a, z: field.s)
        for index in stored.x.indices {
            switch frame {
            case .ras: break
            case .lps: (stored.x[index], stored.y[index]) = (-stored.x[index], -stored.y[index])
            case .voxel:
                let v = field.geometry.inverseAffine.applyLinear(field[offset: index])
                (stored.x[index], stored.y[index], stored.z[index]) = (Float(v.x), Float(v.y), Float(v.z))
            }
        }
        return try DisplacementField(geometry: field.geometry, components: stored, frame: frame)
    }

    /// Trilinear value at a world position.
    private static func sample(_ field: DisplacementField, at point: SIMD3<Double>) -> SIMD3<Double> {
        let index = field.geometry.index(point)
        let d = field.geometry.dimensions
        var sum = SIMD3<Double>.zero
        for corner in 0..<8 {
            var weight = 1.0
            var at = SIMD3<Int>.zero
            for axis in 0..<3 {
                let low = min(max(0, Int(index[axis].rounded(.down))), d[axis] - 2)
                let fraction = index[axis] - Double(low)
                let isHigh = corner >> axis & 1 == 1
                at[axis] = low + (isHigh ? 1 : 0)
                weight *= isHigh ? fraction : 1 - fraction
            }
            sum += weight * field[offset: field.geometry.offset(at.x, at.y, at.z)]
        }
        return sum
    }
}
