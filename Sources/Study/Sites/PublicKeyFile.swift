import Cohort
import Foundation

/// The public half of a key, as it goes to the coordinator.
public struct PublicKeyFile: Sendable, Equatable {
    /// Site or person that holds the key.
    public let holder: String
    /// What it may sign.
    public let role: KeyRole
    /// Ed25519 public key, 32 bytes.
    public let publicKey: [UInt8]

    private static let format = "validate/public-key/v1"

    /// Takes the public half of a key.
    public init(of key: SiteKey) {
        holder = key.holder
        role = key.role
        publicKey = key.publicKey
    }

    /// Bytes of the file.
    public var bytes: [UInt8] {
        CanonicalJSON.object([
            "format": .string(PublicKeyFile.format), "holder": .string(holder), "role": .string(role.rawValue),
            "public_key": .string(Hexadecimal.text(publicKey[...])),
        ]).bytes
    }

    /// Reads a public key.
    ///
    /// - Throws: `BundleError.format`.
    public init(bytes: [UInt8], file: String) throws(BundleError) {
        guard bytes.count < 10_000, let content = try? CanonicalJSON.parse(bytes),
            content["format"]?.text == PublicKeyFile.format, let holder = content["holder"]?.text,
            let role = content["role"]?.text.flatMap(KeyRole.init(rawValue:)),
            let publicKey = content["public_key"]?.text.flatMap(Hexadecimal.bytes), publicKey.count == 32
        else { throw BundleError(.format, file: file, "not a public key of validate") }
        self.holder = holder
        self.role = role
        self.publicKey = publicKey
    }

    /// Reads a public key from a file.
    ///
    /// - Throws: `BundleError.format`, `CohortError` for a file that cannot be read.
    public static func read(path: String) throws -> PublicKeyFile {
        try PublicKeyFile(bytes: FileBytes.read(path: path, maximumBytes: 10_000), file: name(path))
    }

    /// Name of a file without its folder, for messages.
    public static func name(_ path: String) -> String { SafeText.printable((path as NSString).lastPathComponent) }
}
