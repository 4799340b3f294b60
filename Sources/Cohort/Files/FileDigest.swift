import Crypto
import Foundation
import Glibc

/// SHA-256 of files and bytes as 64 hexadecimal digits.
public enum FileDigest {
    /// The digest of bytes.
    public static func sha256(_ bytes: [UInt8]) -> String { text(SHA256.hash(data: bytes)) }

    /// The digest of a regular file, read in pieces.
    ///
    /// - Throws: `CohortError.notFound` or `.unreadable`.
    public static func sha256(path: String) throws(CohortError) -> String {
        var hash = SHA256()
        try FileBytes.stream(path: path) {
            hash.update(bufferPointer: $0)
            return true
        }
        return text(hash.finalize())
    }

    static func text(_ digest: SHA256.Digest) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var output: [UInt8] = []
        output.reserveCapacity(64)
        for byte in digest {
            output.append(digits[Int(byte >> 4)])
            output.append(digits[Int(byte & 15)])
        }
        return String(decoding: output, as: UTF8.self)
    }
}

/// Reads regular files in bounded pieces.
public enum FileBytes {
    /// The whole content of a file of limited size.
    ///
    /// - Throws: `CohortError.notFound`, `.unreadable`, or `.malformed` when the file is larger than the limit.
    public static func read(path: String, maximumBytes: Int) throws(CohortError) -> [UInt8] {
        var bytes: [UInt8] = []
        var isTooLong = false
        try stream(path: path) { piece in
            bytes.append(contentsOf: piece)
            isTooLong = bytes.count > maximumBytes
            return !isTooLong
        }
        guard !isTooLong else {
            throw .malformed(
                file: path, line: nil, column: nil, reason: "the file is larger than the limit of \(maximumBytes) bytes"
            )
        }
        return bytes
    }

    /// Hands the file over in pieces until its end or until the body returns false.
    static func stream(path: String, _ body: (UnsafeRawBufferPointer) -> Bool) throws(CohortError) {
        // O_NONBLOCK: opening a FIFO must not wait for a writer.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { throw .notFound(path: path) }
            throw .unreadable(path: path, reason: String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else {
            throw .unreadable(path: path, reason: "it is not a regular file")
        }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count == 0 { return }
            if count < 0 {
                if errno == EINTR { continue }
                throw .unreadable(path: path, reason: String(cString: strerror(errno)))
            }
            guard body(UnsafeRawBufferPointer(rebasing: buffer[..<count])) else { return }
        }
    }
}
