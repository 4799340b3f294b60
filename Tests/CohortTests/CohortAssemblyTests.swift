import Cohort
import Foundation
import Imaging
import Testing

@Suite struct CohortAssemblyTests {
    /// Two crops of one scan, and a table that lists them.
    private func crops(_ cohort: SyntheticCohort, shift: Double = 0) throws -> (table: String, folder: String) {
        let source = cohort.ct()
        let affine = Affine(spacingMM: SIMD3(6, 6, 6), originMM: SIMD3(-93 + 12 + shift, -81 + 6, -39))
        let grid = try Geometry(dimensions: SIMD3(30, 27, 12), affine: affine)
        var truth = Volume<Float>(geometry: grid, repeating: 0)
        for k in 0..<12 { for j in 0..<27 { for i in 0..<30 { truth[i, j, k] = 900 - source[i + 2, j + 1, k] } } }
        try NIfTIWriter.write(source, to: cohort.path("Jane Doe ct.nii"), description: "DOE^JANE")
        try NIfTIWriter.write(truth, to: cohort.path("mr.nii"))
        try NIfTIWriter.write(truth.map { $0 > 500 ? 2 : 0 } as LabelMap, to: cohort.path("lesions.nii"))
        let table = cohort.path("pairs.tsv")
        let lines = [
            "subject\tsite\tsource\tsource_modality\ttruth\ttruth_modality\tlesions\tsex",
            "S1\tA\tJane Doe ct.nii\tCT\t\(cohort.path("mr.nii"))\tMR-T1\tlesions.nii\tF",
        ]
        try (lines.joined(separator: "\n") + "\n").write(toFile: table, atomically: true, encoding: .utf8)
        return (table, cohort.path("made"))
    }

    @Test func cropsOfOneLatticeAreCutToWhatTheyShare() throws {
        let cohort = try SyntheticCohort()
        let (table, folder) = try crops(cohort)
        let made = try CohortAssembly.assemble(
            table: table, into: folder, description: DatasetDescription(name: "crops"), grid: .commonLattice)
        let item = try #require(made.cases.first)
        #expect(item.covariates == ["sex": "F"])
        let source = try VolumeReader.readVolume(path: made.path(try #require(item.source?.path)))
        let truth = try VolumeReader.readVolume(path: made.path(item.truth.path))
        let lesions = try VolumeReader.readLabels(path: made.path(try #require(item.lesions)))
        #expect(source.geometry.dimensions == SIMD3(30, 27, 12))
        #expect(source.geometry.isSameGrid(as: truth.geometry) && source.geometry.isSameGrid(as: lesions.geometry))
        #expect(zip(source.voxels, truth.voxels).allSatisfy { $0 + $1 == 900 })
        #expect(lesions.voxels.contains(2))
    }

    @Test func nothingOfTheOldNamesOrHeadersStays() throws {
        let cohort = try SyntheticCohort()
        let (table, folder) = try crops(cohort)
        let made = try CohortAssembly.assemble(
            table: table, into: folder, description: DatasetDescription(name: "crops"), grid: .keep)
        for item in made.cases {
            for (_, path) in item.files {
                #expect(!path.contains("Jane") && !path.contains("mr.nii"))
                let header = try NIfTIReader.read(path: made.path(path)).header
                #expect(header.descriptionText.isEmpty)
            }
        }
    }

    @Test func aFractionalOffsetAndAFolderInUseAreRefused() throws {
        let cohort = try SyntheticCohort()
        let (table, folder) = try crops(cohort, shift: 2)
        #expect {
            try CohortAssembly.assemble(
                table: table, into: folder, description: DatasetDescription(name: "crops"), grid: .commonLattice)
        } throws: { "\($0)".contains("fraction of a voxel") && "\($0)".contains("line 2") }
        #expect(!FileManager.default.fileExists(atPath: folder + "/cohort.tsv"))
        #expect {
            try CohortAssembly.assemble(
                table: table, into: cohort.directory, description: DatasetDescription(name: "crops"), grid: .keep)
        } throws: { "\($0)".contains("not empty") }
    }
}
