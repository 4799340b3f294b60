import Foundation
import Testing

@testable import Study

/// A coordinator, two sites and a signed bundle.
private struct Fixture {
    let root = SiteKey(holder: "coordinator", role: .root)
    let siteA = SiteKey(holder: "site-a", role: .site)
    let siteB = SiteKey(holder: "site-b", role: .site)
    let reviewer = SiteKey(holder: "reviewer", role: .reviewer)
    let protocolXML = Array("<Study/>".utf8)

    func entry(_ key: SiteKey, revokedOn: String? = nil, notAfter: String = "2030-12-31") -> TrustList.Entry {
        TrustList.Entry(
            holder: key.holder, role: key.role, publicKey: key.publicKey, notBefore: "2026-01-01", notAfter: notAfter,
            revokedOn: revokedOn)
    }

    func trust(_ entries: [TrustList.Entry]) -> TrustList {
        TrustList(version: 3, expires: "2030-01-01", entries: entries)
    }

    var trusted: TrustList { trust([entry(siteA), entry(siteB), entry(reviewer)]) }

    func bundle(site: String = "site-a") -> SiteBundle {
        let cases = (0..<4).map { CanonicalJSON.object(["case": .string("c\($0)"), "status": .string("ok")]) }
        let results = (0..<12).map { index in
            CanonicalJSON.object([
                "case": .string("c\(index / 3)"), "metric": .string("ssim"),
                "bits": .string(String((0.5 + Double(index) / 100).bitPattern, radix: 16)),
            ])
        }
        let manifest = SiteBundle.Manifest(
            identifier: "00112233445566778899aabbccddeeff", site: site, study: "S.1", sequence: 1, previousSHA256: nil,
            created: "2026-11-24T00:00:00Z", protocolSHA256: SHA256Digest.text(protocolXML), modelName: "m",
            modelVersion: "1",
            weightsSHA256: String(repeating: "0", count: 64), configurationSHA256: String(repeating: "1", count: 64),
            cohortSHA256: String(repeating: "2", count: 64), seed: "1", toolVersion: "0.1.0", caseCount: 4,
            plannedCount: 5,
            auditCount: 9,
            auditHead: String(repeating: "a", count: 64))
        return SiteBundle(manifest: manifest, cases: cases, results: results, protocolXML: protocolXML)
    }

    func code(_ bytes: [UInt8], trust: TrustList? = nil, today: String = "2026-11-24") -> BundleError.Code? {
        do {
            _ = try SiteBundle(verifying: bytes, file: "x.vbundle", trust: trust ?? trusted, today: today)
            return nil
        } catch {
            return error.code
        }
    }
}

struct SiteBundleTests {
    private let fixture = Fixture()

    @Test func aSignedBundleReadsBackAsItWas() throws {
        let bytes = try fixture.bundle().encoded(signedBy: fixture.siteA)
        let read = try SiteBundle(verifying: bytes, file: "x.vbundle", trust: fixture.trusted, today: "2026-11-24")
        #expect(read == fixture.bundle())
    }

    @Test func everyFlippedBitIsFound() throws {
        let bytes = try fixture.bundle().encoded(signedBy: fixture.siteA)
        var state: UInt64 = 20_261_124
        for _ in 0..<1000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let bit = Int(state >> 20 % UInt64(bytes.count * 8))
            var damaged = bytes
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(fixture.code(damaged) != nil, "bit \(bit)")
        }
    }

    @Test func everyForgeryHasItsOwnError() throws {
        let bundle = fixture.bundle()
        let good = try bundle.encoded(signedBy: fixture.siteA)
        let members = try TapeArchive.decode(good, file: "x")
        func without(_ name: String) -> [UInt8] { TapeArchive.encode(members.filter { $0.name != name }) }
        func replacing(_ name: String, _ bytes: [UInt8]) -> [UInt8] {
            TapeArchive.encode(members.map { $0.name == name ? (name, bytes) : $0 })
        }
        #expect(fixture.code(Array(good.dropLast(512))) == .format)
        #expect(fixture.code(without("results.jsonl")) == .missing)
        #expect(fixture.code(without("manifest.json")) == .missing)
        #expect(fixture.code(without("signature.json")) == .signatureMissing)
        #expect(fixture.code(TapeArchive.encode(members + [("zz.txt", [1])])) == .extra)
        #expect(fixture.code(replacing("results.jsonl", Array("{}\n".utf8))) == .hash)
        #expect(fixture.code(replacing("protocol.xml", Array("<Other/>".utf8))) == .hash)
        #expect(fixture.code(replacing("manifest.json", Array("{ }".utf8))) == .canonical)
        let manifest = try #require(members.first { $0.name == "manifest.json" }).bytes
        let renamed = Array(String(decoding: manifest, as: UTF8.self).replacing("bundle/v1", with: "bundle/v0").utf8)
        #expect(fixture.code(replacing("manifest.json", renamed)) == .version)
        let rewritten = Array(
            String(decoding: manifest, as: UTF8.self).replacing("\"sequence\":1", with: "\"sequence\":2").utf8)
        #expect(fixture.code(replacing("manifest.json", rewritten)) == .signatureBad)
        #expect(fixture.code(try bundle.encoded(signedBy: SiteKey(holder: "site-a", role: .site))) == .keyUnknown)
        #expect(fixture.code(try bundle.encoded(signedBy: fixture.siteB)) == .keySite)
        #expect(fixture.code(try bundle.encoded(signedBy: fixture.reviewer)) == .keyRole)
        let revoked = fixture.trust([fixture.entry(fixture.siteA, revokedOn: "2026-06-01")])
        #expect(fixture.code(good, trust: revoked) == .keyRevoked)
        let expired = fixture.trust([fixture.entry(fixture.siteA, notAfter: "2026-06-01")])
        #expect(fixture.code(good, trust: expired) == .keyExpired)
    }

    @Test func aTrustListIsBoundToItsRootItsVersionAndItsDate() throws {
        let bytes = try fixture.trusted.signed(by: fixture.root)
        func code(_ bytes: [UInt8], root: SiteKey, last: Int = 3, today: String = "2026-11-24") -> BundleError.Code? {
            do {
                let list = try TrustList(bytes: bytes, root: root.publicKey, lastVersion: last, today: today)
                return list == fixture.trusted ? nil : .format
            } catch {
                return error.code
            }
        }
        #expect(code(bytes, root: fixture.root) == nil)
        #expect(code(bytes, root: SiteKey(holder: "coordinator", role: .root)) == .signatureBad)
        #expect(code(bytes, root: fixture.root, last: 4) == .trustRollback)
        #expect(code(bytes, root: fixture.root, today: "2031-01-01") == .keyExpired)
        #expect(throws: BundleError.self) { try fixture.trusted.signed(by: fixture.siteA) }
    }

    @Test func pseudonymsAreStablePerSiteAndDifferBetweenSites() {
        let first = fixture.siteA.pseudonym(of: "12345", study: "S.1")
        #expect(first == fixture.siteA.pseudonym(of: " 12345 ", study: "S.1"))
        #expect(first.count == 20)
        #expect(first != fixture.siteB.pseudonym(of: "12345", study: "S.1"))
        #expect(first != fixture.siteA.pseudonym(of: "12345", study: "S.2"))
    }

    @Test func aPrivateKeySurvivesItsFileAndRefusesOpenPermissions() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try fixture.siteA.write(to: path)
        let read = try SiteKey(readingFrom: path)
        #expect(read.publicKey == fixture.siteA.publicKey)
        #expect(read.pseudonym(of: "x", study: "s") == fixture.siteA.pseudonym(of: "x", study: "s"))
        #expect(throws: BundleError.self) { try fixture.siteA.write(to: path) }
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        #expect(throws: BundleError.self) { try SiteKey(readingFrom: path) }
    }

    @Test func theMerkleRootAgreesWithRFC6962() {
        // Root of the empty tree and of one empty leaf, from the test vectors of certificate transparency.
        #expect(
            Hexadecimal.text(MerkleTree.root(of: [])[...])
                == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(
            Hexadecimal.text(MerkleTree.root(of: [[]])[...])
                == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")
        let eight: [[UInt8]] = [
            [], [0x00], [0x10], [0x20, 0x21], [0x30, 0x31], [0x40, 0x41, 0x42, 0x43], Array(0x50...0x57),
            Array(0x60...0x6F),
        ]
        #expect(
            Hexadecimal.text(MerkleTree.root(of: eight)[...])
                == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")
    }
}
