import Foundation
import Imaging
import Testing

/// A cohort of small volumes, its protocol, and the built command.
struct ClusterStudy {
    let folder: String
    let cohort: String
    let protocolPath: String
    let command: String

    /// The command beside the tests, if it was built.
    static let command: String? = {
        // The test bundle or its runner stand in the folder of the products.
        var candidates = CommandLine.arguments + [Bundle.main.bundlePath]
        candidates += Bundle.allBundles.map(\.bundlePath)
        for candidate in candidates {
            var folder = URL(fileURLWithPath: candidate)
            for _ in 0..<4 {
                folder.deleteLastPathComponent()
                let path = folder.appendingPathComponent("validate").path
                var isFolder: ObjCBool = false
                if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue,
                    FileManager.default.isExecutableFile(atPath: path)
                {
                    return path
                }
            }
        }
        return nil
    }()

    struct Answer {
        let status: Int32
        let output: String
        let errors: String

        var json: [String: Any] {
            (try? JSONSerialization.jsonObject(with: Data(output.utf8))) as? [String: Any] ?? [:]
        }
    }

    /// Writes the cohort.
    ///
    /// - Parameter harm: How much brighter than the truth the generated images are, beyond what grows with the case.
    init(in folder: String, cases: Int, harm: Float = 0, sites: Int = 2, name: String = "cohort") throws {
        self.folder = folder
        command = try #require(ClusterStudy.command)
        cohort = folder + "/" + name
        protocolPath = folder + "/protocol.xml"
        try FileManager.default.createDirectory(atPath: cohort, withIntermediateDirectories: true)
        try Data(ClusterStudy.protocolText.utf8).write(to: URL(fileURLWithPath: protocolPath))
        try Data("{\"Name\": \"small\"}\n".utf8).write(to: URL(fileURLWithPath: cohort + "/dataset_description.json"))
        var lines = ["subject\tcase\tsite\ttruth\ttruth_modality\tgenerated\tliver"]
        let geometry = try Geometry(
            dimensions: SIMD3(24, 22, 12),
            affine: Affine(SIMD4(-2, 0, 0, 23), SIMD4(0, -2, 0, 21), SIMD4(0, 0, 3, -16)))
        for index in 1...cases {
            var truth = Volume<Float>(geometry: geometry, repeating: 0)
            var generated = truth
            var liver = Mask(geometry: geometry, repeating: 0)
            for k in 0..<12 {
                for j in 0..<22 {
                    for i in 0..<24 {
                        let p = SIMD3(Double(i) - 11.5, Double(j) - 10.5, (Double(k) - 5.5) * 1.5)
                        guard (p * p).sum() < 110 else { continue }
                        let isLiver = (p * p).sum() < 40
                        let grain = Float((i * 7 + j * 13 + k * 29 + index * 31) % 11)
                        truth[i, j, k] = (isLiver ? 200 : 120) + grain
                        generated[i, j, k] = truth[i, j, k] + Float(index) / 4 + grain / 4 + harm
                        liver[i, j, k] = isLiver ? 1 : 0
                    }
                }
            }
            try NIfTIWriter.write(truth, to: "\(cohort)/t\(index).nii.gz")
            try NIfTIWriter.write(generated, to: "\(cohort)/g\(index).nii.gz")
            try NIfTIWriter.write(liver, to: "\(cohort)/l\(index).nii.gz")
            lines.append(
                "S\(index)\tC\(index)\tsite\(index % sites + 1)\tt\(index).nii.gz\tMR-T1\tg\(index).nii.gz\tl\(index).nii.gz"
            )
        }
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: cohort + "/cohort.tsv"))
    }

    func run(_ arguments: [String], environment: [String: String]? = nil) throws -> Answer {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: command)
        process.arguments = arguments
        if let environment { process.environment = environment }
        // Files, not pipes: nothing blocks however much is said.
        let paths = ["out", "err"].map { folder + "/\($0)-\(UUID().uuidString)" }
        for path in paths { try Data().write(to: URL(fileURLWithPath: path)) }
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: paths[0]))
        process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: paths[1]))
        try process.run()
        process.waitUntilExit()
        return Answer(
            status: process.terminationStatus, output: try String(contentsOfFile: paths[0], encoding: .utf8),
            errors: try String(contentsOfFile: paths[1], encoding: .utf8))
    }

    func document(_ path: String) throws -> [String: Any] {
        let content = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path)))
        return try #require(content as? [String: Any])
    }

    private static let protocolText = """
        <?xml version="1.0" encoding="UTF-8"?>
        <StudyProtocol xmlns="urn:aphidiff-validate:protocol:1" StudyOID="TEST.CLUSTER" MetaDataVersionOID="MDV.1" Version="1.0">
          <Identity Purpose="demonstration">
            <Title>Cluster test</Title>
            <IntendedUse>Test.</IntendedUse>
            <Sponsor>None</Sponsor>
            <EthicsReference>Not applicable</EthicsReference>
          </Identity>
          <Direction Source="CT" Target="MR-T1"/>
          <Sites Minimum="1"/>
          <AnalysisSets Primary="full-analysis"/>
          <Measurement NSDToleranceMM="2" Resampling="none"><Metric>psnr</Metric></Measurement>
          <Endpoints>
            <Endpoint OID="EP.MAE" Name="MAE" Role="primary" Metric="mae" Structure="body" CaseSummary="value" Estimator="mean" Better="lower"/>
          </Endpoints>
          <Criteria>
            <Criterion OID="CR.MAE" EndpointOID="EP.MAE" Threshold="50" MinimumCases="3" Interval="standard">Test.</Criterion>
          </Criteria>
          <RegressionMargins>
            <Margin EndpointOID="EP.MAE" NonInferiority="1">Test.</Margin>
          </RegressionMargins>
          <Statistics Alpha="0.05" PrimaryMultiplicity="intersection-union" SecondaryMultiplicity="holm"
            MissingData="complete-case" Outliers="tukey" BootstrapResamples="9999" BootstrapSeed="7"/>
          <SampleSize>Test.</SampleSize>
          <Report Template="study" Pictures="no" PicturesLeaveSite="no"/>
        </StudyProtocol>
        """
}
