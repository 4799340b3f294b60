import GRDB

extension Store {
    private static let exportAction = "export bundle"

    /// Makes the next signed bundle of a run and notes it in the audit trail.
    ///
    /// The note is written first: a bundle that is lost on its way leaves a gap in the numbers, never two bundles of one number.
    ///
    /// - Parameters:
    ///   - run: UUID of the run.
    ///   - key: Private key of the site.
    ///   - identifier: Random name, 32 hexadecimal digits.
    ///   - utc: Time now, UTC ISO 8601.
    /// - Returns: Bytes of the bundle and its manifest.
    /// - Throws: `BundleError`, `StoreError`.
    public func exportBundle(
        ofRun run: String, key: SiteKey, identifier: String, utc: String
    ) throws -> (bytes: [UInt8], manifest: SiteBundle.Manifest) {
        let export = try SiteExport(record: record(ofRun: run, pictures: false), key: key)
        let object = "site \(key.holder)"
        let last = try read { db in
            try String.fetchOne(
                db, sql: "SELECT after FROM audit WHERE action = ? AND object = ? ORDER BY seq DESC LIMIT 1",
                arguments: [Store.exportAction, object])
        }
        let previous = last.flatMap { try? CanonicalJSON.parse(Array($0.utf8)) }
        let sequence = Int(previous?["sequence"]?.integer ?? 0) + 1
        let bundle = export.bundle(
            identifier: identifier, sequence: sequence, previousSHA256: previous?["sha256"]?.text, created: utc)
        let bytes = try bundle.encoded(signedBy: key)
        let note = CanonicalJSON.object([
            "bundle": .string(identifier), "sequence": .integer(Int64(sequence)),
            "sha256": .string(SHA256Digest.text(bytes)), "key": .string(key.identifier),
        ])
        try write { db in
            try AuditChain.append(
                db, utc: utc, user: user, action: Store.exportAction, object: object, before: last ?? "",
                after: String(decoding: note.bytes, as: UTF8.self), reason: "results of run \(run) leave the site")
        }
        return (bytes, bundle.manifest)
    }
}
