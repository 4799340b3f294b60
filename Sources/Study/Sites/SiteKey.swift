import Crypto
import Foundation
import Glibc

/// What a key may sign.
public enum KeyRole: String, Sendable, CaseIterable {
    /// Result bundles of its own site.
    case site
    /// Approvals of reports.
    case reviewer
    /// Protocols and reference sets.
    case release
    /// Trust lists, nothing else.
    case root
}

/// A private Ed25519 key with the name of its holder.
///
/// The file holds one canonical JSON object and may be read by its owner only. It never leaves the site.
public struct SiteKey: Sendable {
    /// Site or person the key belongs to.
    public let holder: String
    /// What it may sign.
    public let role: KeyRole
    private let key: Curve25519.Signing.PrivateKey
    /// Secret for pseudonyms, 32 bytes, kept beside the key.
    private let pseudonymSecret: [UInt8]

    /// Makes a new key from the system's random numbers.
    public init(holder: String, role: KeyRole) {
        self.holder = holder
        self.role = role
        key = Curve25519.Signing.PrivateKey()
        pseudonymSecret = SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) }
    }

    /// Public half, 32 bytes.
    public var publicKey: [UInt8] { Array(key.publicKey.rawRepresentation) }

    /// Short name of the key, eight hexadecimal digits: the first bytes of a hash of holder and public key (C2SP signed notes).
    public var identifier: String { SiteKey.identifier(holder: holder, publicKey: publicKey) }

    static func identifier(holder: String, publicKey: [UInt8]) -> String {
        Hexadecimal.text(Array(SHA256.hash(data: Data(holder.utf8) + Data([0x0A, 0x01]) + Data(publicKey))).prefix(4))
    }

    /// Signs a message for one purpose; a signature for another purpose never fits.
    ///
    /// - Parameters:
    ///   - digest: SHA-256 of what is signed.
    ///   - domain: Purpose, such as `validate/bundle/v1`.
    public func signature(of digest: [UInt8], domain: String) throws -> [UInt8] {
        Array(try key.signature(for: Data(domain.utf8) + Data([0x0A]) + Data(digest)))
    }

    /// Whether a signature fits.
    static func isValid(_ signature: [UInt8], of digest: [UInt8], domain: String, publicKey: [UInt8]) -> Bool {
        guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey) else { return false }
        return key.isValidSignature(Data(signature), for: Data(domain.utf8) + Data([0x0A]) + Data(digest))
    }

    /// Pseudonym of a subject at this site: 20 letters and digits of a keyed hash, which nobody can undo by trying identifiers.
    public func pseudonym(of subject: String, study: String) -> String {
        let trimmed = subject.trimmingCharacters(in: .whitespacesAndNewlines).precomposedStringWithCanonicalMapping
        let code = HMAC<SHA256>.authenticationCode(
            for: Data(study.utf8) + Data([0]) + Data(trimmed.utf8), using: SymmetricKey(data: pseudonymSecret))
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567")
        var buffer: UInt64 = 0
        var bits = 0
        var text = ""
        for byte in code where text.count < 20 {
            buffer = buffer << 8 | UInt64(byte)
            bits += 8
            while bits >= 5, text.count < 20 {
                bits -= 5
                text.append(alphabet[Int(buffer >> UInt64(bits) & 31)])
            }
        }
        return text
    }

    /// Writes the private key, readable by its owner only; never over an existing file.
    public func write(to path: String) throws {
        let content = CanonicalJSON.object([
            "format": .string("validate/private-key/v1"), "holder": .string(holder), "role": .string(role.rawValue),
            "key": .string(Hexadecimal.text(Array(key.rawRepresentation)[...])),
            "pseudonym_secret": .string(Hexadecimal.text(pseudonymSecret[...])),
        ])
        let file = (path as NSString).lastPathComponent
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw BundleError(.format, file: file, "the key file exists or cannot be created")
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try handle.write(contentsOf: Data(content.bytes))
        try handle.synchronize()
    }

    /// Reads a private key that only its owner may read.
    ///
    /// - Throws: `BundleError` when others may read it or it is not a key.
    public init(readingFrom path: String) throws(BundleError) {
        let file = (path as NSString).lastPathComponent
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        guard let permissions = attributes?[.posixPermissions] as? NSNumber else {
            throw BundleError(.missing, file: file, "the key file does not exist or cannot be read")
        }
        guard permissions.intValue & 0o077 == 0 else {
            throw BundleError(.format, file: file, "others may read this private key: run chmod 600 on it")
        }
        guard let data = FileManager.default.contents(atPath: path), data.count < 10_000,
            let content = try? CanonicalJSON.parse(Array(data)), content["format"]?.text == "validate/private-key/v1",
            let holder = content["holder"]?.text, let role = content["role"]?.text.flatMap(KeyRole.init(rawValue:)),
            let raw = content["key"]?.text.flatMap(Hexadecimal.bytes),
            let secret = content["pseudonym_secret"]?.text.flatMap(Hexadecimal.bytes),
            let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: raw), secret.count == 32
        else { throw BundleError(.format, file: file, "not a private key of validate") }
        self.holder = holder
        self.role = role
        self.key = key
        pseudonymSecret = secret
    }
}

/// Bytes as lower-case hexadecimal digits.
enum Hexadecimal {
    static func text(_ bytes: ArraySlice<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    static func bytes(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count % 2 == 0, digits.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) else {
            return nil
        }
        return stride(from: 0, to: digits.count, by: 2).compactMap {
            UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
        }
    }
}
