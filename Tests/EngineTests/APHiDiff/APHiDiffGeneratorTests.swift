import Cohort
import Foundation
import Imaging
import Testing

@testable import Engine

@Suite("AP-HiDiff on volumes", .enabled(if: TestWeights.folder != nil, Comment(rawValue: TestWeights.absent)))
struct APHiDiffGeneratorTests {
    private func generator(steps: Int = 1) throws -> APHiDiffGenerator {
        APHiDiffGenerator(try TestWeights.smallModel(), settings: APHiDiffGenerator.Settings(steps: steps))
    }

    private func refusal(_ request: GenerationRequest) throws -> GeneratorError? {
        let generator = try generator()
        return #expect(throws: GeneratorError.self) { try generator.generate(request) }
    }

    @Test("The same request gives the same bits at any number of threads, and another seed other bits")
    func threadsDoNotMatter() throws {
        let generator = try generator(steps: 2)
        let source = try SyntheticTrunk.axial(slices: 11)
        let one = try generator.generate(try SyntheticTrunk.request(source, threads: 1))
        for threads in [2, 3, 8] {
            let other = try generator.generate(try SyntheticTrunk.request(source, threads: threads))
            #expect(other.volume.voxels == one.volume.voxels)
            #expect(other.liver?.voxels == one.liver?.voxels)
            #expect(other.lesions?.voxels == one.lesions?.voxels)
        }
        let reseeded = try generator.generate(try SyntheticTrunk.request(source, seed: 6))
        #expect(reseeded.volume.voxels != one.volume.voxels)
    }

    @Test("Both directions give a finite image on the source's grid, whatever its orientation and size")
    func gridIsKept() throws {
        let oblique = Affine(SIMD4(0, 2.2, 0, -150), SIMD4(0.1, 0, 2.4, -120), SIMD4(-5, 0.05, 0.1, 40))
        let geometry = try Geometry(dimensions: SIMD3(6, 140, 110), affine: oblique)
        for (from, to) in [("CT", "MR-T1"), ("MR-T1", "CT"), ("MR-T2", "CT"), ("CT", "MR-T2"), ("MR", "CT")] {
            let source = SyntheticTrunk.volume(geometry, isCT: from == "CT")
            let made = try generator().generate(try SyntheticTrunk.request(source, from: from, to: to))
            #expect(made.volume.geometry == geometry)
            #expect(made.liver?.geometry == geometry)
            let range = to == "CT" ? Float(-1024)...3071 : 0...5120
            #expect(made.volume.voxels.allSatisfy { range.contains($0) }, "\(from) to \(to)")
            #expect(made.segmentation == AnatomyMasks.method)
        }
    }

    @Test("A flipped volume gives the flipped result")
    func orientationDoesNotMatter() throws {
        let source = try SyntheticTrunk.axial(slices: 6)
        let d = source.geometry.dimensions
        let affine = Affine(SIMD4(3.2, 0, 0, 200 - 3.2 * 127), SIMD4(0, -3.2, 0, 200), SIMD4(0, 0, 3, 0))
        var flipped = Volume<Float>(geometry: try Geometry(dimensions: d, affine: affine), repeating: 0)
        for k in 0..<d.z { for j in 0..<d.y { for i in 0..<d.x { flipped[i, j, k] = source[d.x - 1 - i, j, k] } } }
        let generator = try generator()
        let straight = try generator.generate(try SyntheticTrunk.request(source)).volume
        let turned = try generator.generate(try SyntheticTrunk.request(flipped)).volume
        #expect(turned[3, 40, 2] == straight[124, 40, 2])
        #expect(turned[70, 64, 5] == straight[57, 64, 5])
    }

    @Test("Equal phases change nothing; unknown ones neither; other phases move the image")
    func breathingIsCompensated() throws {
        let source = try SyntheticTrunk.axial(slices: 6)
        let generator = try generator()
        let plain = try generator.generate(try SyntheticTrunk.request(source)).volume.voxels
        var request = try SyntheticTrunk.request(source)
        request.sourcePhase = 0.3
        request.targetPhase = 0.3
        request.respiratoryAmplitudeMM = 15
        #expect(try generator.generate(request).volume.voxels == plain)
        request.targetPhase = 0.6
        #expect(try generator.generate(request).volume.voxels != plain)
        request.respiratoryAmplitudeMM = nil
        #expect(try generator.generate(request).volume.voxels == plain)
    }

    @Test("Exchanged phases change the sign of the velocity, and moving there and back ends where it began")
    func breathingInverts() throws {
        let breathing = try TestWeights.smallModel().network.breathing
        let size = [10, 24, 24]
        let cells = BreathingField.Cells(
            size: size, channels: 1, values: (0..<size.reduce(1, *)).map { Float($0 % 24) / 12 - 1 })
        let there = breathing.velocity(cells, sourcePhase: 0.1, targetPhase: 0.5, amplitudeMM: 12, threads: 2)
        let back = breathing.velocity(cells, sourcePhase: 0.5, targetPhase: 0.1, amplitudeMM: 12, threads: 1)
        #expect(zip(there.values, back.values).allSatisfy { $0 == -$1 })
        let still = breathing.velocity(cells, sourcePhase: 0.4, targetPhase: 0.4, amplitudeMM: 12, threads: 1)
        #expect(still.values.allSatisfy { $0 == 0 })
        #expect(breathing.exponential(still, threads: 1).values.allSatisfy { $0 == 0 })
    }

    @Test("A pair of series that the weights do not know is refused")
    func seriesAreChecked() throws {
        let source = try SyntheticTrunk.axial(slices: 5)
        #expect(try refusal(try SyntheticTrunk.request(source, from: "CT", to: "CT"))?.reason == .inputRefused)
        #expect(
            try refusal(try SyntheticTrunk.request(source, from: "CT", to: "MR-DWI"))?.message.contains("MR-DWI")
                == true)
        var request = try SyntheticTrunk.request(source)
        request.source = nil
        #expect(try refusal(request)?.reason == .sourceMissing)
    }

    @Test("An image of another modality, without a body, or with NaN is refused before work")
    func intensitiesAreChecked() throws {
        let ct = try SyntheticTrunk.axial(slices: 5)
        let mr = try SyntheticTrunk.axial(slices: 5, isCT: false)
        #expect(try refusal(try SyntheticTrunk.request(mr))?.message.contains("does not look like CT") == true)
        #expect(
            try refusal(try SyntheticTrunk.request(ct, from: "MR-T1", to: "CT"))?.message.contains("looks like CT")
                == true)
        var air = ct
        for index in air.voxels.indices { air.voxels[index] = index % 50 == 0 ? -150 : -1000 }
        #expect(try refusal(try SyntheticTrunk.request(air))?.message.contains("no liver-like body") == true)
        var hole = ct
        hole.voxels[77] = .nan
        #expect(try refusal(try SyntheticTrunk.request(hole))?.message.contains("NaN") == true)
        let dark = Volume<Float>(geometry: mr.geometry, repeating: 0)
        #expect(
            try refusal(try SyntheticTrunk.request(dark, from: "MR-T1", to: "CT"))?.message.contains("no signal")
                == true)
    }

    @Test("Grids that are no trunk are refused with the grid")
    func gridsAreChecked() throws {
        func volume(_ dimensions: SIMD3<Int>, _ spacing: SIMD3<Double>) throws -> Volume<Float> {
            Volume(geometry: try Geometry(dimensions: dimensions, affine: Affine(spacingMM: spacing)), repeating: 40)
        }
        for (dimensions, spacing) in [
            (SIMD3(16, 16, 8), SIMD3(2.0, 2, 3)), (SIMD3(128, 128, 2), SIMD3(3, 3, 3)),
            (SIMD3(128, 128, 5), SIMD3(0.2, 0.2, 3)), (SIMD3(128, 128, 5), SIMD3(20, 20, 3)),
            (SIMD3(128, 128, 5), SIMD3(3, 3, 50)),
        ] {
            let source = try volume(dimensions, spacing)
            #expect(try refusal(try SyntheticTrunk.request(source))?.reason == .inputRefused)
        }
    }

    @Test("Damaged, exchanged or missing weights are refused and named")
    func weightsAreChecked() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("weights-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func failure() -> GeneratorError? {
            #expect(throws: GeneratorError.self) { try EngineWeights(folder: folder) }
        }
        #expect(failure()?.message.contains("aphidiff.json") == true)
        #expect(throws: GeneratorError.self) { try EngineWeights.locate(explicit: folder.path) }
        let origin = try #require(TestWeights.folder)
        let manifest = folder.appendingPathComponent(EngineWeights.manifestName)
        try FileManager.default.copyItem(at: origin.appendingPathComponent(EngineWeights.manifestName), to: manifest)
        #expect(failure()?.reason == .weightsInvalid)
        let file = folder.appendingPathComponent(EngineWeights.fileName)
        try FileManager.default.copyItem(at: origin.appendingPathComponent(EngineWeights.fileName), to: file)
        let handle = try FileHandle(forUpdating: file)
        let size = try handle.seekToEnd()
        try handle.seek(toOffset: size / 2)
        let byte = try #require(try handle.read(upToCount: 1)?.first)
        try handle.seek(toOffset: size / 2)
        try handle.write(contentsOf: Data([byte ^ 1]))
        #expect(failure()?.message.contains("SHA-256") == true)
        try handle.truncate(atOffset: size - 1)
        try handle.close()
        #expect(failure()?.message.contains("aphidiff.safetensors") == true)
        try Data("{}".utf8).write(to: manifest)
        #expect(failure()?.message.contains("weights_sha256") == true)
    }
}
