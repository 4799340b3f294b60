import Cohort
import Engine
import Foundation
import Imaging
import Testing

/// A cohort of pairs in a folder that goes with it: the truth is a function of the source.
private final class PairCohort {
    let directory: String
    let geometry: Geometry

    init() throws {
        directory = NSTemporaryDirectory() + "pairs-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        geometry = try Geometry(dimensions: SIMD3(20, 18, 12), affine: Affine(spacingMM: SIMD3(2, 2, 2)))
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    func source(_ seed: Int) -> Volume<Float> {
        var volume = Volume<Float>(geometry: geometry, repeating: 0)
        for index in volume.voxels.indices {
            volume.voxels[index] = Float((index * 31 + index / 20 * 17 + seed * 101) % 200) - 100
        }
        return volume
    }

    func truth(_ seed: Int, offset: Float = 0) -> Volume<Float> { source(seed).map { 500 - 2 * $0 + offset } }

    /// Writes the pairs of the subjects and lists them; `finished` also lists the truth as a finished volume.
    func cohort(_ count: Int, offset: Float = 0, finished: Bool = false) throws -> Cohort {
        var cases: [CohortCase] = []
        for seed in 0..<count {
            try NIfTIWriter.write(source(seed), to: "\(directory)/s\(seed).nii")
            try NIfTIWriter.write(truth(seed, offset: seed == 0 ? offset : 0), to: "\(directory)/t\(seed).nii")
            try NIfTIWriter.write(truth(seed), to: "\(directory)/g\(seed).nii")
            cases.append(
                CohortCase(
                    id: "case-\(seed)", subject: "subject-\(seed)", site: "A",
                    source: ImageReference(path: "s\(seed).nii", series: try #require(ImageSeries("CT"))),
                    truth: ImageReference(path: "t\(seed).nii", series: try #require(ImageSeries("MR-T1"))),
                    generated: finished ? "g\(seed).nii" : nil))
        }
        try ManifestWriter.write(cases, description: DatasetDescription(name: "pairs"), to: directory)
        return try Cohort.load(directory: directory)
    }

    func request(_ seed: Int) throws -> GenerationRequest {
        var request = GenerationRequest(
            caseID: "case-\(seed)", subject: "subject-\(seed)", targetSeries: try #require(ImageSeries("MR-T1")),
            seed: 7)
        request.source = source(seed)
        request.sourcePath = "\(directory)/s\(seed).nii"
        request.sourceSeries = ImageSeries("CT")
        request.finishedVolumePath = "\(directory)/g\(seed).nii"
        return request
    }

    /// Writes a shell script that may be run.
    func script(_ body: String) throws -> String {
        let path = "\(directory)/model-\(UUID().uuidString).sh"
        try ("#!/bin/sh\n" + body + "\n").write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        return path
    }
}

private func reason(_ body: () throws -> Void) -> GeneratorError.Reason? {
    do {
        try body()
        return nil
    } catch {
        return (error as? GeneratorError)?.reason
    }
}

@Suite struct IntensityMapGeneratorTests {
    @Test func aFunctionOfTheIntensityIsLearned() throws {
        let pairs = try PairCohort()
        let generator = try GeneratorFactory.make("intensity-map", cohort: pairs.cohort(4))
        let made = try generator.generate(pairs.request(2)).volume
        let error =
            zip(made.voxels, pairs.truth(2).voxels).reduce(0) { $0 + abs($1.0 - $1.1) } / Float(made.voxels.count)
        #expect(error < 12)
        #expect(made.geometry == pairs.geometry)
    }

    @Test func nothingOfACasesOwnTruthLeaksIntoIt() throws {
        let pairs = try PairCohort()
        let honest = try GeneratorFactory.make("intensity-map", cohort: pairs.cohort(3))
        let first = try honest.generate(pairs.request(0)).volume.voxels
        let others = try honest.generate(pairs.request(1)).volume.voxels
        // Only the truth of subject 0 changes.
        let changed = try GeneratorFactory.make("intensity-map", cohort: pairs.cohort(3, offset: 4000))
        #expect(try changed.generate(pairs.request(0)).volume.voxels == first)
        #expect(try changed.generate(pairs.request(1)).volume.voxels != others)
        #expect(changed.identity.weightsSHA256 != honest.identity.weightsSHA256)
    }

    @Test func theOrderOfTheCohortChangesNothing() throws {
        let pairs = try PairCohort()
        let cohort = try pairs.cohort(3)
        let one = try IntensityMapGenerator(cohort: cohort)
        try ManifestWriter.write(
            cohort.cases.reversed(), description: DatasetDescription(name: "pairs"), to: pairs.directory)
        let other = try IntensityMapGenerator(cohort: Cohort.load(directory: pairs.directory))
        #expect(one.identity == other.identity)
        #expect(try one.generate(pairs.request(1)).volume.voxels == other.generate(pairs.request(1)).volume.voxels)
    }

    @Test func aCohortOfOneSubjectAndAnUnreadablePairAreTold() throws {
        let pairs = try PairCohort()
        let alone = try GeneratorFactory.make("intensity-map", cohort: pairs.cohort(1))
        #expect(reason { _ = try alone.generate(pairs.request(0)) } == .inputRefused)
        let cohort = try pairs.cohort(3)
        try Data("no image".utf8).write(to: URL(fileURLWithPath: "\(pairs.directory)/t1.nii"))
        let generator = try IntensityMapGenerator(cohort: cohort)
        #expect(generator.leftOut.map(\.caseID) == ["case-1"])
        #expect(reason { _ = try generator.generate(pairs.request(1)) } == nil)
    }
}

@Suite struct VolumesGeneratorTests {
    @Test func finishedVolumesAreLoadedAndTheirDigestIsTheModels() throws {
        let pairs = try PairCohort()
        let cohort = try pairs.cohort(2, finished: true)
        let generator = try GeneratorFactory.make(
            "volumes", cohort: cohort, options: GeneratorOptions(modelName: "some-model", modelVersion: "2"))
        #expect(generator.identity.name == "some-model")
        #expect(try generator.generate(pairs.request(1)).volume.voxels == pairs.truth(1).voxels)
        try NIfTIWriter.write(pairs.source(5), to: "\(pairs.directory)/g1.nii")
        let other = try GeneratorFactory.make("volumes", cohort: cohort)
        #expect(other.identity.weightsSHA256 != generator.identity.weightsSHA256)
    }

    @Test func aCohortWithoutFinishedVolumesIsRefused() throws {
        let pairs = try PairCohort()
        #expect(reason { _ = try GeneratorFactory.make("volumes", cohort: pairs.cohort(2)) } == .finishedVolumeMissing)
        #expect(reason { _ = try GeneratorFactory.make("volume", cohort: nil) } == .inputRefused)
    }
}

@Suite struct CommandGeneratorTests {
    private func make(_ pairs: PairCohort, _ body: String, _ arguments: String = "{source} {output}", seconds: Int = 30)
        throws -> any Generator
    {
        try GeneratorFactory.make(
            "command:\(try pairs.script(body)) \(arguments)", cohort: nil,
            options: GeneratorOptions(timeLimitSeconds: seconds, memoryLimitMiB: 1024))
    }

    @Test func anExecutableGetsSourceOutputAndWhatTheTemplateNames() throws {
        let pairs = try PairCohort()
        _ = try pairs.cohort(1)
        let log = pairs.directory + "/log"
        let generator = try make(
            pairs, "gzip -c \"$1\" > \"$2\"; echo \"$3|$4|$5\" > '\(log)'",
            "{source} {output} {target} {seed} 'a {case} b'")
        let made = try generator.generate(pairs.request(0)).volume
        #expect(made.voxels == pairs.source(0).voxels)
        #expect(try String(contentsOfFile: log, encoding: .utf8) == "MR-T1|7|a case-0 b\n")
    }

    @Test func whatItLeavesBehindIsUntrusted() throws {
        let pairs = try PairCohort()
        _ = try pairs.cohort(1)
        let request = try pairs.request(0)
        let small = try Geometry(dimensions: SIMD3(5, 5, 5), affine: Affine(spacingMM: SIMD3(2, 2, 2)))
        var other = Volume<Float>(geometry: small, repeating: 1)
        other.voxels[3] = 2
        try NIfTIWriter.write(other, to: pairs.directory + "/small.nii.gz")
        var broken = pairs.source(0)
        broken.voxels[7] = .nan
        try NIfTIWriter.write(broken, to: pairs.directory + "/nan.nii.gz")
        try NIfTIWriter.write(broken.map { _ in 5 } as Volume<Float>, to: pairs.directory + "/flat.nii.gz")
        for body in [
            "cp \(pairs.directory)/small.nii.gz \"$2\"", "cp \(pairs.directory)/nan.nii.gz \"$2\"",
            "cp \(pairs.directory)/flat.nii.gz \"$2\"", "echo nonsense > \"$2\"", "true", "mkdir \"$2\"",
            "ln -s \(pairs.directory)/s0.nii \"$2\"",
        ] {
            let generator = try make(pairs, body)
            #expect(reason { _ = try generator.generate(request) } == .outputInvalid, "\(body)")
        }
    }

    @Test func failureTimeAndMemoryHaveTheirOwnReasons() throws {
        let pairs = try PairCohort()
        _ = try pairs.cohort(1)
        let request = try pairs.request(0)
        #expect(reason { _ = try make(pairs, "exit 3").generate(request) } == .failed)
        #expect(reason { _ = try make(pairs, "sleep 30", seconds: 1).generate(request) } == .timedOut)
        // 2 GiB do not fit into the limit of 1 GiB.
        let hungry = "head -c 2147483648 /dev/zero | tail -n 1 > /dev/null; test -s nothing"
        #expect(reason { _ = try make(pairs, hungry).generate(request) } == .failed)
    }

    @Test func theFolderOfACaseIsPrivateAndGoesWithIt() throws {
        let pairs = try PairCohort()
        _ = try pairs.cohort(1)
        let log = pairs.directory + "/log"
        let generator = try make(
            pairs, "gzip -c \"$1\" > \"$2\"; pwd > '\(log)'; stat -c %a . >> '\(log)'; env >> '\(log)'")
        _ = try generator.generate(pairs.request(0))
        let lines = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").map(String.init)
        #expect(lines[1] == "700")
        #expect(!FileManager.default.fileExists(atPath: lines[0]))
        let names = Set(lines.dropFirst(2).compactMap { $0.split(separator: "=").first.map(String.init) })
        #expect(names.isSubset(of: ["PATH", "LC_ALL", "HOME", "TMPDIR", "PWD", "OLDPWD", "SHLVL", "_"]))
    }

    @Test func templatesThatMakeNoSenseAreRefusedBeforeAnyCase() throws {
        for command in [
            "command:", "command:/bin/cp {source}", "command:/bin/cp {source} {output} {patient}",
            "command:/bin/cp '{source} {output}", "command:/no/such/model {output}",
        ] {
            #expect(reason { _ = try GeneratorFactory.make(command, cohort: nil) } == .inputRefused, "\(command)")
        }
    }

    @Test func anotherScriptIsAnotherModel() throws {
        let pairs = try PairCohort()
        let a = try pairs.script("exit 1")
        let b = try pairs.script("exit 2")
        func identity(_ script: String) throws -> ModelIdentity {
            try GeneratorFactory.make("command:/bin/sh \(script) {source} {output}", cohort: nil).identity
        }
        #expect(try identity(a).configurationSHA256 != identity(b).configurationSHA256)
        #expect(try identity(a).weightsSHA256 == identity(b).weightsSHA256)
    }
}
