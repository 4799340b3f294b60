import Foundation

/// Who may sign what, as the coordinator keeps it: `trust.json`, signed by a root key.
///
/// Versions only grow and the list expires, so that an old list cannot be slipped in (after TUF).
public struct TrustList: Sendable, Equatable {
    /// One public key on the list.
    public struct Entry: Sendable, Equatable {
        /// Site or person that holds the key.
        public var holder: String
        /// What it may sign.
        public var role: KeyRole
        /// Ed25519 public key, 32 bytes.
        public var publicKey: [UInt8]
        /// First day of validity, `YYYY-MM-DD`, UTC.
        public var notBefore: String
        /// Last day of validity, `YYYY-MM-DD`, UTC.
        public var notAfter: String
        /// Day from which its signatures count no more, if it was revoked.
        public var revokedOn: String?

        /// Makes an entry.
        public init(
            holder: String, role: KeyRole, publicKey: [UInt8], notBefore: String, notAfter: String,
            revokedOn: String? = nil
        ) {
            self.holder = holder
            self.role = role
            self.publicKey = publicKey
            self.notBefore = notBefore
            self.notAfter = notAfter
            self.revokedOn = revokedOn
        }

        /// Short name of the key.
        public var identifier: String { SiteKey.identifier(holder: holder, publicKey: publicKey) }
    }

    /// Version of the list; a higher one replaces a lower one.
    public var version: Int
    /// Last day on which the list may be used, `YYYY-MM-DD`, UTC.
    public var expires: String
    /// Keys, in the order of their holders.
    public var entries: [Entry]

    /// Makes a list.
    public init(version: Int, expires: String, entries: [Entry]) {
        self.version = version
        self.expires = expires
        self.entries = entries
    }

    static let domain = "validate/trust/v1"

    private var content: CanonicalJSON {
        .object([
            "format": .string("validate/trust/v1"), "version": .integer(Int64(version)), "expires": .string(expires),
            "keys": .array(
                entries.map { entry in
                    .object([
                        "holder": .string(entry.holder), "role": .string(entry.role.rawValue),
                        "public_key": .string(Hexadecimal.text(entry.publicKey[...])),
                        "not_before": .string(entry.notBefore), "not_after": .string(entry.notAfter),
                        "revoked_on": entry.revokedOn.map { .string($0) } ?? .null,
                    ])
                }),
        ])
    }

    /// The list with its signature, as the bytes of `trust.json`.
    public func signed(by root: SiteKey) throws -> [UInt8] {
        guard root.role == .root else {
            throw BundleError(.keyRole, file: "trust.json", "a trust list is signed by a root key")
        }
        let signature = try root.signature(of: SHA256Digest.of(content.bytes), domain: TrustList.domain)
        return CanonicalJSON.object(["list": content, "signature": .string(Hexadecimal.text(signature[...]))]).bytes
    }

    /// Reads a list and checks signature, validity and version.
    ///
    /// - Parameters:
    ///   - bytes: Bytes of `trust.json`.
    ///   - root: Public key of the root that the coordinator trusts.
    ///   - lastVersion: Highest version used before; a lower one is refused.
    ///   - today: `YYYY-MM-DD`, UTC.
    public init(bytes: [UInt8], root: [UInt8], lastVersion: Int, today: String) throws(BundleError) {
        let file = "trust.json"
        guard let document = try? CanonicalJSON.parse(bytes), let list = document["list"],
            list["format"]?.text == "validate/trust/v1",
            let signature = document["signature"]?.text.flatMap(Hexadecimal.bytes)
        else { throw BundleError(.format, file: file, "not a trust list") }
        guard SiteKey.isValid(signature, of: SHA256Digest.of(list.bytes), domain: TrustList.domain, publicKey: root)
        else {
            throw BundleError(.signatureBad, file: file, "the root key did not sign this list")
        }
        guard let version = list["version"]?.integer, let expires = list["expires"]?.text,
            let keys = list["keys"]?.elements
        else {
            throw BundleError(.format, file: file, "version, expiry or keys are missing")
        }
        guard Int(version) >= lastVersion else {
            throw BundleError(
                .trustRollback, file: file, "version \(version) is older than version \(lastVersion) used before")
        }
        guard today <= expires else { throw BundleError(.keyExpired, file: file, "the list expired on \(expires)") }
        var entries: [Entry] = []
        for key in keys {
            guard let holder = key["holder"]?.text, let role = key["role"]?.text.flatMap(KeyRole.init(rawValue:)),
                let publicKey = key["public_key"]?.text.flatMap(Hexadecimal.bytes), publicKey.count == 32,
                let notBefore = key["not_before"]?.text, let notAfter = key["not_after"]?.text
            else { throw BundleError(.format, file: file, "key \(entries.count + 1) is incomplete") }
            entries.append(
                Entry(
                    holder: holder, role: role, publicKey: publicKey, notBefore: notBefore, notAfter: notAfter,
                    revokedOn: key["revoked_on"]?.text))
        }
        self.init(version: Int(version), expires: expires, entries: entries)
    }

    /// The entry that may sign a bundle of a site today.
    ///
    /// - Throws: `BundleError` with the reason why the key may not.
    func siteKey(_ identifier: String, site: String, today: String, file: String) throws(BundleError) -> Entry {
        guard let entry = entries.first(where: { $0.identifier == identifier }) else {
            throw BundleError(.keyUnknown, file: file, "key \(identifier) is not on the trust list")
        }
        guard entry.role == .site else {
            throw BundleError(
                .keyRole, file: file, "key \(identifier) is a \(entry.role.rawValue) key and may not sign results")
        }
        guard entry.holder == site else {
            throw BundleError(
                .keySite, file: file, "key \(identifier) belongs to site \(entry.holder), the bundle says \(site)")
        }
        if let revoked = entry.revokedOn, today >= revoked {
            throw BundleError(.keyRevoked, file: file, "key \(identifier) was revoked on \(revoked)")
        }
        guard today >= entry.notBefore, today <= entry.notAfter else {
            throw BundleError(
                .keyExpired, file: file,
                "key \(identifier) is valid from \(entry.notBefore) to \(entry.notAfter), not on \(today)")
        }
        return entry
    }
}
