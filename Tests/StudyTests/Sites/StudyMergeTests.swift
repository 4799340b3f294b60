import Foundation
import Testing

@testable import Study

/// Four sites with keys, a trust list and their bundles.
private struct Sites {
    let root = SiteKey(holder: "coordinator", role: .root)
    let keys: [SiteKey]
    let study: SyntheticStudy
    static let utc = "2026-11-25T00:00:00Z"

    init(cases: Int = 24, sites: Int = 4) throws {
        keys = (1...sites).map { SiteKey(holder: "site\($0)", role: .site) }
        study = try SyntheticStudy(SyntheticStudy.items(cases, sites: sites))
    }

    func trust(version: Int = 1) -> TrustList {
        TrustList(
            version: version, expires: "2030-01-01",
            entries: keys.map {
                TrustList.Entry(
                    holder: $0.holder, role: $0.role, publicKey: $0.publicKey, notBefore: "2026-01-01",
                    notAfter: "2030-01-01")
            })
    }

    func bundle(
        _ site: Int, of study: SyntheticStudy? = nil, sequence: Int = 1, previous: String? = nil,
        identifier: String? = nil, key: SiteKey? = nil
    ) throws -> (file: String, bytes: [UInt8]) {
        let name = identifier ?? UUID().uuidString.lowercased().replacing("-", with: "")
        let bundle = try SiteExport(record: (study ?? self.study).record(), key: keys[site]).bundle(
            identifier: name, sequence: sequence, previousSHA256: previous, created: Sites.utc)
        return ("site\(site + 1).vbundle", try bundle.encoded(signedBy: key ?? keys[site]))
    }

    func entry(_ bundle: (file: String, bytes: [UInt8])) throws -> (MergeLedger.Entry, previous: String?) {
        let read = try SiteBundle(verifying: bundle.bytes, file: bundle.file, trust: trust(), today: "2026-11-25")
        let item = try SiteImport(read, file: bundle.file, sha256: SHA256Digest.text(bundle.bytes))
        return (MergeLedger.Entry(item), read.manifest.previousSHA256)
    }

    @discardableResult
    func merge(
        _ bundles: [(file: String, bytes: [UInt8])], into path: String, trust: TrustList? = nil
    ) throws -> StudyMerge.Outcome {
        try StudyMerge(bundles: bundles, trust: trust ?? self.trust(), utc: Sites.utc).merge(into: path)
    }

    func code(_ bundles: [(file: String, bytes: [UInt8])], into path: String) -> BundleError.Code? {
        do {
            try merge(bundles, into: path)
            return nil
        } catch { return (error as? BundleError)?.code }
    }
}

struct StudyMergeTests {
    @Test func fourSitesGiveThePooledFiguresOfOneStudy() throws {
        let folder = try TestFolder()
        let sites = try Sites()
        let bundles = try (0..<4).map { try sites.bundle($0) }
        let outcome = try sites.merge(bundles, into: folder.file("pooled.sqlite"))
        #expect(outcome.sites == ["site1", "site2", "site3", "site4"] && outcome.added.count == 4)
        let pooled = try Store.openForReading(path: folder.file("pooled.sqlite")).record(ofRun: outcome.pooledRunID)
        let whole = sites.study.record()
        #expect(pooled.cases.count == whole.cases.count)
        for line in whole.analyses where line.endpointOID == "EP.MAE" && line.kind != .descriptive {
            let same = try #require(
                pooled.analyses.first {
                    $0.endpointOID == line.endpointOID && $0.kind == line.kind && $0.method == line.method
                        && $0.group == line.group && $0.criterionOID == line.criterionOID && $0.set == line.set
                })
            #expect(same.estimate == line.estimate, "\(line.kind) \(line.method) \(line.group)")
            // Subjects have other names, so that a bootstrap draws them in another order.
            if !line.method.contains("bca") { #expect(same.lower == line.lower && same.upper == line.upper) }
        }
        _ = try AuditVerification.verify(path: folder.file("pooled.sqlite"))
    }

    @Test func nothingButListedFieldsLeavesASite() throws {
        let sites = try Sites()
        let bytes = try sites.bundle(0).bytes
        let text = String(decoding: bytes, as: UTF8.self)
        for secret in ["C1", "P-C1", "Meier", "/data", "secret", "note"] {
            #expect(!text.contains("\"\(secret)") && !text.contains(secret + "/"), "\(secret)")
        }
        #expect(text.contains("\"vendor\":\"V1\"") && text.contains("\"age_band\":\"60-69\""))
        #expect(SiteExport.isBand("60-69") && SiteExport.isBand("90+"))
        #expect(!SiteExport.isBand("67") && !SiteExport.isBand("67-67") && !SiteExport.isBand("1967-03"))
    }

    @Test func theOrderAndGroupingOfBundlesLeaveNoTrace() throws {
        let sites = try Sites(cases: 16)
        var entries: [(MergeLedger.Entry, previous: String?)] = []
        for site in 0..<4 { entries.append(try sites.entry(sites.bundle(site))) }
        var reference = MergeLedger()
        for (entry, previous) in entries { try reference.add(entry, previousSHA256: previous, file: entry.site) }
        var random = SeededGenerator(state: 99)
        for _ in 0..<1000 {
            // Every bundle once, some of them again later.
            let again = entries.filter { _ in Bool.random(using: &random) }
            var ledger = MergeLedger()
            var outcomes: [MergeLedger.Outcome] = []
            for (entry, previous) in entries.shuffled(using: &random) + again.shuffled(using: &random) {
                outcomes.append(try ledger.add(entry, previousSHA256: previous, file: entry.site))
            }
            #expect(ledger == reference && ledger.pooledRunID == reference.pooledRunID)
            #expect(outcomes.count { $0 == .known } == again.count)
        }
    }

    @Test func storesMergedInAnyOrderHoldTheSameResults() throws {
        let folder = try TestFolder()
        let sites = try Sites(cases: 12)
        let bundles = try (0..<4).map { try sites.bundle($0) }
        let orders: [[[Int]]] = [
            [[0, 1, 2, 3]], [[3], [2], [1], [0]], [[1, 3], [1], [0, 2, 3]], [[2, 2, 0], [3, 1]],
        ]
        var digests: Set<String> = []
        var runs: Set<String> = []
        for (number, order) in orders.enumerated() {
            let path = folder.file("\(number).sqlite")
            var last: StudyMerge.Outcome?
            for group in order { last = try sites.merge(group.map { bundles[$0] }, into: path) }
            let outcome = try #require(last)
            digests.insert(outcome.resultsDigest)
            runs.insert(outcome.pooledRunID)
            #expect(outcome.sites.count == 4)
        }
        #expect(digests.count == 1 && runs.count == 1)
        let before = try Data(contentsOf: URL(fileURLWithPath: folder.file("0.sqlite")))
        let again = try sites.merge(bundles, into: folder.file("0.sqlite"))
        #expect(again.added.isEmpty && again.known.count == 4)
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file("0.sqlite"))) == before)
    }

    @Test func everythingThatContradictsTheStoreIsRefusedAndChangesNothing() throws {
        let folder = try TestFolder()
        let path = folder.file("pooled.sqlite")
        let sites = try Sites(cases: 12)
        let first = try sites.bundle(0, identifier: String(repeating: "1", count: 32))
        let sha256 = SHA256Digest.text(first.bytes)
        try sites.merge([first], into: path)
        let before = try Data(contentsOf: URL(fileURLWithPath: path))

        let rewritten = try sites.bundle(0, sequence: 2, identifier: String(repeating: "1", count: 32))
        #expect(sites.code([rewritten], into: path) == .conflict)
        #expect(sites.code([try sites.bundle(0, sequence: 1)], into: path) == .replay)
        #expect(sites.code([try sites.bundle(0, sequence: 2, previous: "0")], into: path) == .chain)
        let amended = try SyntheticStudy(
            sites.study.items, file: SyntheticStudy.protocolFile(margin: "0.7"))
        #expect(sites.code([try sites.bundle(1, of: amended)], into: path) == .incomparable)
        #expect(
            sites.code([try sites.bundle(1, of: SyntheticStudy(sites.study.items, weights: "b"))], into: path)
                == .incomparable)
        var shared = sites.study
        let stolen = try #require(shared.items.first { $0.site == "site1" })
        shared.items.append(
            SyntheticStudy.Item(id: stolen.id, site: "site2", mae: stolen.mae, distance: stolen.distance))
        #expect(sites.code([try sites.bundle(1, of: shared)], into: path) == .duplicateSubject)
        #expect(
            sites.code([try sites.bundle(1, key: SiteKey(holder: "site2", role: .site))], into: path) == .keyUnknown)
        // One bad bundle among good ones: none is taken in.
        #expect(
            sites.code([try sites.bundle(1), try sites.bundle(2), try sites.bundle(0)], into: path) == .replay)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
        #expect(throws: BundleError.self) {
            try sites.merge([try sites.bundle(1)], into: path, trust: sites.trust(version: 0))
        }

        let next = try sites.bundle(0, sequence: 2, previous: sha256)
        #expect(sites.code([next], into: path) == nil)
        let late = try sites.merge([try sites.bundle(1, sequence: 4)], into: path)
        #expect(late.findings.count == 1)
    }

    @Test func aBundleWithAnotherSubjectThanAPseudonymIsNoBundle() throws {
        let sites = try Sites(cases: 8)
        var bundle = try SiteExport(record: sites.study.record(), key: sites.keys[0]).bundle(
            identifier: String(repeating: "a", count: 32), sequence: 1, previousSHA256: nil, created: Sites.utc)
        guard case .object(var members) = bundle.cases[0] else { return }
        members["subject"] = .string("Meier, Anna")
        bundle.cases[0] = .object(members)
        let bytes = try bundle.encoded(signedBy: sites.keys[0])
        let folder = try TestFolder()
        #expect(sites.code([("x", bytes)], into: folder.file("s.sqlite")) == .format)
        #expect(!FileManager.default.fileExists(atPath: folder.file("s.sqlite")))
    }

    @Test func bundlesFromAStoreAreNumberedAndChained() throws {
        let folder = try TestFolder()
        let sites = try Sites(cases: 8, sites: 2)
        let run = try sites.study.write(to: folder.file("site.sqlite"))
        let store = try Store.openForWriting(path: folder.file("site.sqlite"))
        func export() throws -> (bytes: [UInt8], manifest: SiteBundle.Manifest) {
            try store.exportBundle(
                ofRun: run, key: sites.keys[0], identifier: UUID().uuidString.lowercased().replacing("-", with: ""),
                utc: Sites.utc)
        }
        let first = try export()
        let second = try export()
        #expect(first.manifest.sequence == 1 && second.manifest.sequence == 2)
        #expect(second.manifest.previousSHA256 == SHA256Digest.text(first.bytes))
        #expect(second.manifest.auditCount == first.manifest.auditCount + 1)
        let outcome = try sites.merge([("1", first.bytes), ("2", second.bytes)], into: folder.file("pooled.sqlite"))
        #expect(outcome.findings.isEmpty && outcome.sites == ["site1"])
        try store.seal()
        _ = try AuditVerification.verify(path: folder.file("site.sqlite"))
    }

    @Test func failedCasesTravelWithoutTheirMessages() throws {
        let folder = try TestFolder()
        var sites = try Sites(cases: 12)
        var items = sites.study.items
        items[4].mae = nil
        items[4].distance = nil
        sites = try Sites(cases: 12)
        let study = try SyntheticStudy(items)
        let bundles = try (0..<4).map { try sites.bundle($0, of: study) }
        let outcome = try sites.merge(bundles, into: folder.file("p.sqlite"))
        #expect(outcome.status == .partial && outcome.exitCode == 3)
        let pooled = try Store.openForReading(path: folder.file("p.sqlite")).record(ofRun: outcome.pooledRunID)
        let failed = try #require(pooled.cases.first { $0.outcome.status == .failed })
        #expect(failed.outcome.reasonCode == "timed_out" && failed.outcome.message == nil)
    }

    @Test func aTamperedCoordinatorStoreTakesNothingIn() throws {
        let folder = try TestFolder()
        let path = folder.file("pooled.sqlite")
        let sites = try Sites(cases: 8)
        try sites.merge([try sites.bundle(0)], into: path)
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        bytes[bytes.count / 2] ^= 4
        try bytes.write(to: URL(fileURLWithPath: path))
        #expect(throws: StoreError.self) { try sites.merge([try sites.bundle(1)], into: path) }
    }
}

/// Random numbers with a seed.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}
