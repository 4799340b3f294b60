import Cohort
import Engine
import Foundation
import Imaging

@testable import Study

/// Cohorts of small images that are made at run time: a bright ball (liver) with two small balls (lesions) in a body, CT and MR.
enum SmallCohort {
    static let dimensions = SIMD3(32, 28, 14)

    static func geometry() throws -> Geometry {
        try Geometry(
            dimensions: dimensions,
            affine: Affine(SIMD4(-2, 0, 0, 31), SIMD4(0, -2, 0, 27), SIMD4(0, 0, 3, -20)))
    }

    /// Writes a cohort with finished volumes and returns it.
    ///
    /// - Parameters:
    ///   - sites: Number of sites; cases go round them.
    ///   - vessels: Whether cases bring a vessel, which is broken in the generated image.
    static func make(
        in folder: TestFolder, cases: Int, sites: Int = 2, name: String = "cohort", vessels: Bool = false
    ) throws -> Cohort {
        let directory = folder.file(name)
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let columns =
            [
                "subject", "case", "site", "source", "source_modality", "truth", "truth_modality", "generated", "liver",
                "lesions", "generated_lesions", "sex", "age_band", "slice_mm",
            ] + (vessels ? ["vessels", "generated_vessels"] : [])
        var lines = [columns.joined(separator: "\t")]
        for index in 0..<cases {
            let id = "C\(index + 1)"
            try writeCase(id, index: index, in: directory)
            lines.append(
                [
                    "S\(index + 1)", id, "site\(index % sites + 1)", "\(id)-ct.nii.gz", "CT", "\(id)-mr.nii.gz",
                    "MR-T1",
                    "\(id)-gen.nii.gz", "\(id)-liver.nii.gz", "\(id)-lesions.nii.gz", "\(id)-glesions.nii.gz",
                    index % 2 == 0 ? "F" : "M", "60-69", "3",
                ].joined(separator: "\t") + (vessels ? "\t\(id)-vessels.nii.gz\t\(id)-gvessels.nii.gz" : ""))
            if vessels { try writeVessels(id, in: directory) }
        }
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: directory + "/cohort.tsv"))
        try Data("{\"Name\": \"small cohort\"}\n".utf8)
            .write(to: URL(fileURLWithPath: directory + "/dataset_description.json"))
        return try Cohort.load(directory: directory)
    }

    private static func writeCase(_ id: String, index: Int, in directory: String) throws {
        let geometry = try geometry()
        var random = UInt64(index) &* 0x9E37_79B9_7F4A_7C15 | 1
        func noise() -> Float {
            random ^= random << 13
            random ^= random >> 7
            random ^= random << 17
            return Float(random % 1000) / 1000 - 0.5
        }
        var ct = Volume<Float>(geometry: geometry, repeating: -1000)
        var mr = Volume<Float>(geometry: geometry, repeating: 0)
        var generated = mr
        var liver = Mask(geometry: geometry, repeating: 0)
        var lesions = LabelMap(geometry: geometry, repeating: 0)
        var generatedLesions = lesions
        for k in 0..<dimensions.z {
            for j in 0..<dimensions.y {
                for i in 0..<dimensions.x {
                    let p = SIMD3(Double(i) - 15.5, Double(j) - 13.5, (Double(k) - 6.5) * 1.5)
                    let r = (p * p).sum().squareRoot()
                    guard r < 13 else { continue }
                    let inside = r < 8
                    let first = p - SIMD3(3, 0, 0)
                    let isLesion = (first * first).sum() < 6.5
                    let shifted = p - SIMD3(3 + Double(index % 2), 0, 0)
                    ct[i, j, k] = isLesion ? 20 : inside ? 60 : -20 + 10 * noise()
                    mr[i, j, k] = (isLesion ? 90 : inside ? 200 : 120) + 8 * noise()
                    generated[i, j, k] = (isLesion ? 100 : inside ? 195 : 125) + Float(index) + 8 * noise()
                    liver[i, j, k] = inside ? 1 : 0
                    lesions[i, j, k] = isLesion ? 1 : 0
                    generatedLesions[i, j, k] = (shifted * shifted).sum() < 6.5 ? 1 : 0
                }
            }
        }
        try NIfTIWriter.write(ct, to: directory + "/\(id)-ct.nii.gz")
        try NIfTIWriter.write(mr, to: directory + "/\(id)-mr.nii.gz")
        try NIfTIWriter.write(generated, to: directory + "/\(id)-gen.nii.gz")
        try NIfTIWriter.write(liver, to: directory + "/\(id)-liver.nii.gz")
        try NIfTIWriter.write(lesions, to: directory + "/\(id)-lesions.nii.gz")
        try NIfTIWriter.write(generatedLesions, to: directory + "/\(id)-glesions.nii.gz")
    }

    /// A rod across the liver with a branch; in the generated image the rod has a gap of 12 mm, wider than twice the tolerance.
    private static func writeVessels(_ id: String, in directory: String) throws {
        var truth = Mask(geometry: try geometry(), repeating: 0)
        var generated = truth
        for i in 6..<26 {
            for j in 12...14 {
                for k in 5...7 {
                    truth[i, j, k] = 1
                    if !(15..<21).contains(i) { generated[i, j, k] = 1 }
                }
            }
        }
        for j in 2..<12 {
            for i in 9...11 {
                for k in 5...7 {
                    truth[i, j, k] = 1
                    generated[i, j, k] = 1
                }
            }
        }
        try NIfTIWriter.write(truth, to: directory + "/\(id)-vessels.nii.gz")
        try NIfTIWriter.write(generated, to: directory + "/\(id)-gvessels.nii.gz")
    }

    /// The protocol for such cohorts, with vessels and the registration.
    static func protocolFileWithVessels() throws -> ProtocolFile {
        try protocolFile {
            $0.replacing("<Metric>psnr</Metric>", with: "<Metric>vtc</Metric><Metric>branch_accuracy</Metric>")
                .replacing("Resampling=\"none\"", with: "Resampling=\"none\" Registration=\"plk3d/1\"")
                .replacing("<Metric>dice</Metric>", with: "<Metric>dice</Metric><Metric>coronal_deformation</Metric>")
        }
    }

    /// The protocol for such cohorts.
    static func protocolFile(_ change: (String) -> String = { $0 }) throws -> ProtocolFile {
        try ProtocolFile(parsing: Array(change(text).utf8), file: "small.xml")
    }

    /// Opens a store, runs, seals.
    static func run(
        _ cohort: Cohort, store path: String, file: ProtocolFile? = nil,
        options: RunOptions = RunOptions(runID: UUID().uuidString.lowercased()),
        generator: (any Generator)? = nil,
        progress: @escaping @Sendable (RunProgress) -> Void = { _ in }
    ) async throws -> RunOutcome {
        let store = try Store.openForWriting(path: path, run: options.runID)
        let maker: any Generator = try generator ?? VolumesGenerator(cohort: cohort)
        let run = try StudyRun(
            protocolFile: try file ?? protocolFile(), cohort: cohort, generator: maker, store: store, options: options)
        let outcome = try await run.execute(progress: progress)
        try store.seal()
        return outcome
    }

    static let text = """
        <?xml version="1.0" encoding="UTF-8"?>
        <StudyProtocol xmlns="urn:aphidiff-validate:protocol:1" StudyOID="TEST.SMALL" MetaDataVersionOID="MDV.1" Version="1.0">
          <Identity Purpose="demonstration">
            <Title>Small test study</Title>
            <IntendedUse>Test.</IntendedUse>
            <Sponsor>None</Sponsor>
            <EthicsReference>Not applicable</EthicsReference>
          </Identity>
          <Direction Source="CT" Target="MR-T1"/>
          <Sites Minimum="1"/>
          <AnalysisSets Primary="full-analysis"/>
          <Measurement NSDToleranceMM="2" Resampling="none">
            <Metric>psnr</Metric>
            <Metric>dice</Metric>
            <Metric>lesion_f1</Metric>
          </Measurement>
          <Endpoints>
            <Endpoint OID="EP.MAE" Name="MAE" Role="primary" Metric="mae" Structure="body" CaseSummary="value" Estimator="mean" Better="lower"/>
            <Endpoint OID="EP.SSIM" Name="SSIM" Role="secondary" Metric="ssim" Structure="body" CaseSummary="value" Estimator="median" Better="higher"/>
            <Endpoint OID="EP.HD" Name="Lesions" Role="secondary" Metric="hausdorff_95" Structure="lesions" CaseSummary="value" Estimator="proportion" CaseLimit="2.5" Better="lower"/>
          </Endpoints>
          <Criteria>
            <Criterion OID="CR.MAE" EndpointOID="EP.MAE" Threshold="20" MinimumCases="3" Interval="standard">Test.</Criterion>
          </Criteria>
          <Statistics Alpha="0.05" PrimaryMultiplicity="intersection-union" SecondaryMultiplicity="holm"
            MissingData="missing-as-failure" Outliers="tukey" BootstrapResamples="9999" BootstrapSeed="7"/>
          <EdgeCases>
            <EdgeCase Metric="*" ReferenceEmpty="not-computed" GeneratedEmpty="imputed-worst" BothEmpty="true-negative"/>
          </EdgeCases>
          <Subgroups><Subgroup Covariate="sex"/></Subgroups>
          <SampleSize>Test.</SampleSize>
          <Report Template="study" Pictures="yes" PicturesLeaveSite="no"/>
        </StudyProtocol>
        """
}
