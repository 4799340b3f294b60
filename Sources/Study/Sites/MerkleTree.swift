import Crypto
import Foundation

/// Root of a Merkle tree over lines, as in RFC 6962: a leaf is hashed behind 0x00, a node behind 0x01.
///
/// The root binds every line and their order; one line can be proven to belong without the others.
public enum MerkleTree {
    /// Root of the tree, 32 bytes; the hash of nothing for no lines.
    public static func root(of lines: [[UInt8]]) -> [UInt8] {
        guard !lines.isEmpty else { return Array(SHA256.hash(data: Data())) }
        var level = lines.map { leaf($0) }
        // Pairing neighbours level by level gives RFC 6962's tree: the left part is always a full power of two.
        while level.count > 1 {
            var next: [[UInt8]] = []
            next.reserveCapacity((level.count + 1) / 2)
            for index in stride(from: 0, to: level.count, by: 2) {
                next.append(index + 1 < level.count ? node(level[index], level[index + 1]) : level[index])
            }
            level = next
        }
        return level[0]
    }

    private static func leaf(_ line: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: Data([0x00] + line))) }

    private static func node(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
        Array(SHA256.hash(data: Data([0x01] + left + right)))
    }
}
