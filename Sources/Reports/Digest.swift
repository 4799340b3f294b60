internal import Crypto

/// Hashes as text.
enum Digest {
    /// SHA-256 as 64 hexadecimal digits.
    static func sha256(_ bytes: [UInt8]) -> String {
        let hex: [Character] = Array("0123456789abcdef")
        var text = ""
        for byte in SHA256.hash(data: bytes) {
            text.append(hex[Int(byte >> 4)])
            text.append(hex[Int(byte & 15)])
        }
        return text
    }

    /// SHA-256 in base64, as a page's policy names a program.
    static func sha256Base64(_ bytes: [UInt8]) -> String { base64(Array(SHA256.hash(data: bytes))) }

    /// Base64 of bytes, for data addresses.
    static func base64(_ bytes: [UInt8]) -> String {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var result: [UInt8] = []
        result.reserveCapacity((bytes.count + 2) / 3 * 4)
        var index = 0
        while index < bytes.count {
            let left = bytes.count - index
            let a = bytes[index]
            let b = left > 1 ? bytes[index + 1] : 0
            let c = left > 2 ? bytes[index + 2] : 0
            result.append(digits[Int(a >> 2)])
            result.append(digits[Int((a & 3) << 4 | b >> 4)])
            result.append(left > 1 ? digits[Int((b & 15) << 2 | c >> 6)] : UInt8(ascii: "="))
            result.append(left > 2 ? digits[Int(c & 63)] : UInt8(ascii: "="))
            index += 3
        }
        return String(decoding: result, as: UTF8.self)
    }
}
