import Foundation
import Testing

@testable import Study

struct ProtocolFileTests {
    @Test func everyShippedProtocolIsValid() throws {
        let folder = Checkout.root.appendingPathComponent("protocols")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".xml") }
        #expect(
            Set(files).isSuperset(of: [
                "liver-ct-to-mr.xml", "liver-mr-to-ct.xml", "retraining-regression.xml", "phantom-demo.xml",
            ]))
        for file in files.sorted() {
            let loaded = try ProtocolFile.load(path: folder.appendingPathComponent(file).path)
            #expect(!loaded.plan.endpoints.isEmpty)
            #expect(loaded.plan.endpoints.allSatisfy { $0.unit != "" })
        }
    }

    @Test func theShippedSchemaIsTheOneInsideTheCommand() throws {
        let bytes = Array(try Data(contentsOf: Checkout.root.appendingPathComponent("protocols/protocol.xsd")))
        #expect(bytes == ProtocolSchema.bytes)
    }

    @Test func thePublishedFiguresStandAsClaimsAndThresholds() throws {
        for name in ["liver-ct-to-mr.xml", "liver-mr-to-ct.xml"] {
            let plan = try ProtocolFile(parsing: Checkout.protocol(name), file: name).plan
            let expected = [
                "ssim": 0.89, "hausdorff_95": 1.8, "vtc": 0.931, "branch_accuracy": 0.934, "coronal_deformation": 1.2,
            ]
            let primary = plan.endpoints.filter { $0.role == .primary }
            #expect(Set(primary.map(\.metric)) == Set(expected.keys))
            for endpoint in primary {
                #expect(plan.criteria(on: endpoint.oid).map(\.threshold) == [expected[endpoint.metric]])
                #expect(plan.claims(on: endpoint.oid).map(\.value) == [expected[endpoint.metric]])
            }
        }
    }

    @Test func aProtocolReadsAsWritten() throws {
        let plan = try ProtocolFile(parsing: Checkout.protocol("liver-ct-to-mr.xml"), file: "p").plan
        #expect(plan.identity.studyOID == "APHD.LIVER.CT2MR")
        #expect(plan.identity.purpose == .preDeployment)
        #expect(plan.direction == "CT → MR-T1")
        #expect(plan.measurement.rangeCT == .fixed(lower: -1024, upper: 3071))
        #expect(plan.measurement.rangeMR == .percentiles(lower: 0.1, upper: 99.9))
        #expect(plan.measurement.resampling == .linear)
        #expect(plan.statistics.bootstrapResamples == 9999)
        #expect(plan.edgeCase(of: "hausdorff_95")?.generatedEmpty == .imputedWorst)
        #expect(plan.edgeCase(of: "nsd")?.referenceEmpty == .value(0))
        #expect(plan.edgeCase(of: "mae")?.bothEmpty == .notComputed)
        #expect(plan.subgroups.first { $0.covariate == "field_t" }?.bins == [1.5, 3])
        #expect(plan.referenceClaims.first { $0.value == 1.8 }?.spread == 0.3)
        #expect(!plan.identity.intendedUse.contains("\n"))
    }

    @Test func aMissingFileIsNotAnInvalidProtocol() throws {
        let folder = try TestFolder()
        #expect(throws: ProtocolError.notFound(path: folder.file("none.xml"))) {
            try ProtocolFile.load(path: folder.file("none.xml"))
        }
    }

    @Test func theHashIsThatOfTheBytes() throws {
        let bytes = try Checkout.protocol("phantom-demo.xml")
        let first = try ProtocolFile(parsing: bytes, file: "a").sha256
        #expect(try ProtocolFile(parsing: bytes, file: "b").sha256 == first)
        #expect(try ProtocolFile(parsing: bytes + [0x0A], file: "a").sha256 != first)
    }
}
