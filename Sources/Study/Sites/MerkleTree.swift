import Crypto
import Foundation

/// Root of a Merkle tree over lines, as in RFC 6962: a leaf is hashed behind 0x00, a node behind 0x01.
///
/// The root binds every line and their order; one line can be proven to belong without the others.
public enum MerkleTree {
    /// Root of the tree, 32 bytes; the hash of nothing for no lines.
    public static func root(of lines: [[UInt8]]) -> [UInt8] {
        root(ofLeaves: lines.map { leaf($0) })
    }

    /// Root of the tree over hashed lines.
    static func root(ofLeaves leaves: [[UInt8]]) -> [UInt8] {
        guard !leaves.isEmpty else { return Array(SHA256.hash(data: Data())) }
        var level = leaves
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

    /// Hash of a line.
    static func leaf(_ line: some Collection<UInt8>) -> [UInt8] {
        Array(SHA256.hash(data: [0x00] + Array(line)))
    }

    private static func node(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
        Array(SHA256.hash(data: [0x01] + left + right))
    }
}
