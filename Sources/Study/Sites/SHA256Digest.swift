import Crypto
import Foundation

/// SHA-256 of bytes.
enum SHA256Digest {
    /// The digest, 32 bytes.
    static func of(_ bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }

    /// The digest as 64 hexadecimal digits.
    static func text(_ bytes: [UInt8]) -> String { Hexadecimal.text(of(bytes)[...]) }
}
