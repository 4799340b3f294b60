import Foundation

/// Results of one site, ready to leave it: no images, no paths, no names; every byte bound by a signature.
///
/// A bundle is a ustar archive of canonical members. The manifest lists each member with its SHA-256 and carries the Merkle root of the result
/// rows and the head of the site's audit chain; an Ed25519 signature over the manifest's hash closes it.
public struct SiteBundle: Sendable, Equatable {
    /// What the manifest says about the results.
    public struct Manifest: Sendable, Equatable {
        /// Random name of the bundle, 32 hexadecimal digits.
        public var identifier: String
        /// Site that made it.
        public var site: String
        /// Study it belongs to (StudyOID).
        public var study: String
        /// Grows with every bundle of the site.
        public var sequence: Int
        /// SHA-256 of the site's previous bundle, if there was one.
        public var previousSHA256: String?
        /// UTC time of the export, for people only.
        public var created: String
        /// SHA-256 of the protocol's bytes.
        public var protocolSHA256: String
        /// Name, version and weights of the model.
        public var modelName: String
        /// Version of the model.
        public var modelVersion: String
        /// SHA-256 of the model's weights.
        public var weightsSHA256: String
        /// SHA-256 of everything else that changes the model's output.
        public var configurationSHA256: String
        /// SHA-256 of the manifest of the site's cohort.
        public var cohortSHA256: String
        /// Seed of the run.
        public var seed: String
        /// Version of the tool that measured.
        public var toolVersion: String
        /// Cases in the bundle.
        public var caseCount: Int
        /// Cases that the site planned.
        public var plannedCount: Int
        /// Rows of the site's audit chain.
        public var auditCount: Int
        /// Hash of the last of them.
        public var auditHead: String

        /// Makes a manifest.
        public init(
            identifier: String, site: String, study: String, sequence: Int, previousSHA256: String?, created: String,
            protocolSHA256: String, modelName: String, modelVersion: String, weightsSHA256: String,
            configurationSHA256: String, cohortSHA256: String, seed: String, toolVersion: String, caseCount: Int,
            plannedCount: Int, auditCount: Int, auditHead: String
        ) {
            self.identifier = identifier
            self.site = site
            self.study = study
            self.sequence = sequence
            self.previousSHA256 = previousSHA256
            self.created = created
            self.protocolSHA256 = protocolSHA256
            self.modelName = modelName
            self.modelVersion = modelVersion
            self.weightsSHA256 = weightsSHA256
            self.configurationSHA256 = configurationSHA256
            self.cohortSHA256 = cohortSHA256
            self.seed = seed
            self.toolVersion = toolVersion
            self.caseCount = caseCount
            self.plannedCount = plannedCount
            self.auditCount = auditCount
            self.auditHead = auditHead
        }
    }

    /// What the bundle is.
    public var manifest: Manifest
    /// One object a case: pseudonym, covariates, outcome.
    public var cases: [CanonicalJSON]
    /// One object a measurement.
    public var results: [CanonicalJSON]
    /// Exact bytes of the protocol.
    public var protocolXML: [UInt8]

    static let format = "validate/bundle/v1"

    /// Tables of a store of which no row is in a bundle, as the manifest says; of `detail`, the slices of an endpoint on the worst slice travel
    /// with their measurement.
    static let omittedTables = ["case_file", "detail", "picture", "vessel_branch"]

    /// Largest bundle, in bytes.
    public static let maximumBytes = TapeArchive.maximumBytes

    /// Makes a bundle.
    public init(manifest: Manifest, cases: [CanonicalJSON], results: [CanonicalJSON], protocolXML: [UInt8]) {
        self.manifest = manifest
        self.cases = cases
        self.results = results
        self.protocolXML = protocolXML
    }

    private static func lines(_ rows: [CanonicalJSON]) -> [UInt8] { rows.flatMap { $0.bytes + [0x0A] } }

    private func members() -> [(name: String, bytes: [UInt8])] {
        [
            ("cases.jsonl", SiteBundle.lines(cases)), ("protocol.xml", protocolXML),
            ("results.jsonl", SiteBundle.lines(results)),
        ]
    }

    private func manifestContent(_ members: [(name: String, bytes: [UInt8])]) -> CanonicalJSON {
        .object([
            "format": .string(SiteBundle.format), "bundle_id": .string(manifest.identifier),
            "site": .string(manifest.site),
            "study": .string(manifest.study), "sequence": .integer(Int64(manifest.sequence)),
            "previous_sha256": manifest.previousSHA256.map { .string($0) } ?? .null,
            "created": .string(manifest.created),
            "protocol_sha256": .string(manifest.protocolSHA256), "model_name": .string(manifest.modelName),
            "model_version": .string(manifest.modelVersion), "weights_sha256": .string(manifest.weightsSHA256),
            "configuration_sha256": .string(manifest.configurationSHA256),
            "cohort_sha256": .string(manifest.cohortSHA256), "seed": .string(manifest.seed),
            "tool_version": .string(manifest.toolVersion), "case_count": .integer(Int64(manifest.caseCount)),
            "planned_count": .integer(Int64(manifest.plannedCount)),
            "audit_count": .integer(Int64(manifest.auditCount)),
            "audit_head": .string(manifest.auditHead),
            "omitted_tables": .array(SiteBundle.omittedTables.map { .string($0) }),
            "results_root": .string(Hexadecimal.text(MerkleTree.root(of: results.map(\.bytes))[...])),
            "members": .array(
                members.map { member in
                    .object([
                        "name": .string(member.name), "size": .integer(Int64(member.bytes.count)),
                        "sha256": .string(SHA256Digest.text(member.bytes)),
                    ])
                }),
        ])
    }

    /// The signed bundle as bytes.
    public func encoded(signedBy key: SiteKey) throws -> [UInt8] {
        let members = members()
        let manifestBytes = manifestContent(members).bytes
        let signature = try key.signature(of: SHA256Digest.of(manifestBytes), domain: SiteBundle.format)
        let note = CanonicalJSON.object([
            "key": .string(key.identifier), "signature": .string(Hexadecimal.text(signature[...])),
        ])
        return TapeArchive.encode(members + [("manifest.json", manifestBytes), ("signature.json", note.bytes)])
    }

    /// Reads a bundle and verifies every promise of it before anything is used.
    ///
    /// - Parameters:
    ///   - bytes: The file.
    ///   - file: Its name without folder, for messages.
    ///   - trust: Keys that the reader trusts.
    ///   - today: `YYYY-MM-DD`, UTC.
    public init(verifying bytes: [UInt8], file: String, trust: TrustList, today: String) throws(BundleError) {
        var members: [String: [UInt8]] = [:]
        for member in try TapeArchive.decode(bytes, file: file) { members[member.name] = member.bytes }
        guard let manifestBytes = members.removeValue(forKey: "manifest.json") else {
            throw BundleError(.missing, file: file, "manifest.json is missing")
        }
        let content = try SiteBundle.canonical(manifestBytes, member: "manifest.json", file: file)
        guard let format = content["format"]?.text else {
            throw BundleError(.format, file: file, "the manifest names no format")
        }
        guard format == SiteBundle.format else {
            throw BundleError(.version, file: file, "format \(format) is not \(SiteBundle.format)")
        }
        guard let noteBytes = members.removeValue(forKey: "signature.json") else {
            throw BundleError(.signatureMissing, file: file, "signature.json is missing")
        }
        let note = try SiteBundle.canonical(noteBytes, member: "signature.json", file: file)
        guard let keyName = note["key"]?.text, let signature = note["signature"]?.text.flatMap(Hexadecimal.bytes),
            let site = content["site"]?.text
        else { throw BundleError(.format, file: file, "signature or site is missing") }
        let entry = try trust.siteKey(keyName, site: site, today: today, file: file)
        guard
            SiteKey.isValid(
                signature, of: SHA256Digest.of(manifestBytes), domain: SiteBundle.format, publicKey: entry.publicKey)
        else { throw BundleError(.signatureBad, file: file, "the signature does not fit the manifest") }
        try SiteBundle.checkMembers(members, listed: content["members"]?.elements ?? [], file: file)

        manifest = try Manifest(content, file: file)
        cases = try SiteBundle.rows(members["cases.jsonl"], member: "cases.jsonl", file: file).map(\.row)
        let lines = try SiteBundle.rows(members["results.jsonl"], member: "results.jsonl", file: file)
        results = lines.map(\.row)
        protocolXML = members["protocol.xml"] ?? []
        let root = MerkleTree.root(ofLeaves: lines.map(\.leaf))
        guard content["results_root"]?.text == Hexadecimal.text(root[...]) else {
            throw BundleError(.hash, file: file, "the result rows do not give the root in the manifest")
        }
        guard SHA256Digest.text(protocolXML) == manifest.protocolSHA256 else {
            throw BundleError(.hash, file: file, "protocol.xml is not the protocol that the manifest names")
        }
        guard cases.count == manifest.caseCount else {
            throw BundleError(.format, file: file, "\(cases.count) cases, the manifest says \(manifest.caseCount)")
        }
    }

    private static func checkMembers(
        _ members: [String: [UInt8]], listed: [CanonicalJSON], file: String
    ) throws(BundleError) {
        var unlisted = Set(members.keys)
        for entry in listed {
            guard let name = entry["name"]?.text, let hash = entry["sha256"]?.text else {
                throw BundleError(.format, file: file, "the manifest's list of members is damaged")
            }
            guard let bytes = members[name] else { throw BundleError(.missing, file: file, "\(name) is missing") }
            guard SHA256Digest.text(bytes) == hash else {
                throw BundleError(.hash, file: file, "\(name) is not what was signed")
            }
            unlisted.remove(name)
        }
        if let name = unlisted.min() {
            throw BundleError(.extra, file: file, "\(Printable.text(name)) is not in the manifest")
        }
        for name in ["cases.jsonl", "protocol.xml", "results.jsonl"] where members[name] == nil {
            throw BundleError(.missing, file: file, "\(name) is missing")
        }
    }

    private static func canonical(
        _ bytes: some Collection<UInt8>, member: String, file: String
    ) throws(BundleError) -> CanonicalJSON {
        do throws(CanonicalJSON.Failure) {
            return try CanonicalJSON.parse(Array(bytes))
        } catch {
            throw BundleError(.canonical, file: file, "\(member) is not canonical JSON")
        }
    }

    /// The rows of a member and their leaves in the Merkle tree.
    private static func rows(
        _ bytes: [UInt8]?, member: String, file: String
    ) throws(BundleError) -> [(row: CanonicalJSON, leaf: [UInt8])] {
        guard let bytes, !bytes.isEmpty else { return [] }
        guard bytes.last == 0x0A else {
            throw BundleError(.canonical, file: file, "\(member) does not end with a newline")
        }
        let lines = bytes.dropLast().split(separator: 0x0A, omittingEmptySubsequences: false)
        return try ParallelRows.map(lines) { index, line throws(BundleError) in
            (
                row: try canonical(line, member: "\(member), line \(index + 1),", file: file),
                leaf: MerkleTree.leaf(line)
            )
        }
    }
}

extension SiteBundle.Manifest {
    fileprivate init(_ content: CanonicalJSON, file: String) throws(BundleError) {
        func text(_ key: String) throws(BundleError) -> String {
            guard let value = content[key]?.text else {
                throw BundleError(.format, file: file, "the manifest has no \(key)")
            }
            return value
        }
        func number(_ key: String) throws(BundleError) -> Int {
            guard let value = content[key]?.integer, value >= 0 else {
                throw BundleError(.format, file: file, "the manifest has no \(key)")
            }
            return Int(value)
        }
        self.init(
            identifier: try text("bundle_id"), site: try text("site"), study: try text("study"),
            sequence: try number("sequence"), previousSHA256: content["previous_sha256"]?.text,
            created: try text("created"),
            protocolSHA256: try text("protocol_sha256"), modelName: try text("model_name"),
            modelVersion: try text("model_version"), weightsSHA256: try text("weights_sha256"),
            configurationSHA256: try text("configuration_sha256"), cohortSHA256: try text("cohort_sha256"),
            seed: try text("seed"),
            toolVersion: try text("tool_version"), caseCount: try number("case_count"),
            plannedCount: try number("planned_count"), auditCount: try number("audit_count"),
            auditHead: try text("audit_head"))
    }
}

/// Text from outside without control characters.
enum Printable {
    static func text(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value >= 32 && $0.value != 127 ? $0 : " " }))
    }
}
