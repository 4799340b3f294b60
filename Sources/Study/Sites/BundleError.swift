/// Why a bundle, a key or a trust list was refused.
///
/// Every refusal has its own stable code, and nothing is imported.
public struct BundleError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Stable codes, for people and for scripts.
    public enum Code: String, Sendable, CaseIterable {
        /// Not a bundle, or a member does not have its form.
        case format = "E-FORMAT"
        /// A format version that this tool does not read.
        case version = "E-VERSION"
        /// A member is not in canonical encoding.
        case canonical = "E-CANON"
        /// A member's bytes are not those that were signed.
        case hash = "E-HASH"
        /// A member that the manifest lists is missing.
        case missing = "E-MISSING"
        /// A member that the manifest does not list.
        case extra = "E-EXTRA"
        /// No signature.
        case signatureMissing = "E-SIG-NONE"
        /// The signature does not fit the manifest.
        case signatureBad = "E-SIG-BAD"
        /// The signing key is not on the trust list.
        case keyUnknown = "E-KEY-UNKNOWN"
        /// The key may not sign bundles.
        case keyRole = "E-KEY-ROLE"
        /// The key belongs to another site.
        case keySite = "E-KEY-SITE"
        /// The key is not yet or no longer valid.
        case keyExpired = "E-KEY-EXPIRED"
        /// The key was revoked.
        case keyRevoked = "E-KEY-REVOKED"
        /// An older trust list than the one used before.
        case trustRollback = "E-TRUST-ROLLBACK"
        /// An older or equal sequence number than the last one merged.
        case replay = "E-REPLAY"
        /// The audit chain does not hold.
        case chain = "E-CHAIN"
        /// The same bundle identity with other content.
        case conflict = "E-CONFLICT"
        /// One subject or one image from two sites.
        case duplicateSubject = "E-DUP-SUBJECT"
        /// Another protocol, schema or model.
        case incomparable = "E-INCOMPARABLE"
        /// Larger than a bundle may be.
        case limit = "E-LIMIT"
    }

    /// The code.
    public let code: Code
    /// File that was refused, without its folder.
    public let file: String
    /// What is wrong, with the member or row concerned.
    public let message: String

    /// Makes an error.
    public init(_ code: Code, file: String, _ message: String) {
        self.code = code
        self.file = file
        self.message = message
    }

    /// The refusal in one line.
    public var description: String { "\(code.rawValue) \(file): \(message)" }
}
