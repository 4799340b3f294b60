/// Looks at the list of chunks of a PNG file, without their contents.
enum PNGChunks {
    private static let texts: Set<String> = ["tEXt", "zTXt", "iTXt", "eXIf"]

    /// What a reader should know about chunks that were skipped: text can hold patient data, a profile is not applied.
    static func findings(in bytes: UnsafeBufferPointer<UInt8>) -> [String] {
        var textCount = 0
        var textBytes = 0
        var hasProfile = false
        walk(bytes) { type, length in
            if texts.contains(type) {
                textCount += 1
                textBytes += length
            }
            if type == "iCCP" { hasProfile = true }
        }
        var result: [String] = []
        // Few short texts are what every camera and converter writes.
        if textCount > 16 || textBytes > 1024 {
            result.append("\(textCount) text chunks with \(textBytes) bytes, skipped unread")
        }
        if hasProfile { result.append("an ICC profile (iCCP chunk), not applied") }
        return result
    }

    /// Whether there are chunks of text or camera data.
    static func holdsText(_ bytes: [UInt8]) -> Bool {
        var found = false
        bytes.withUnsafeBufferPointer { buffer in
            walk(buffer) { type, _ in found = found || texts.contains(type) }
        }
        return found
    }

    /// Calls with type and length of every chunk before IEND; stops where the list does not hold together.
    private static func walk(_ bytes: UnsafeBufferPointer<UInt8>, _ visit: (String, Int) -> Void) {
        var position = 8
        while position + 12 <= bytes.count {
            let length = (0..<4).reduce(0) { $0 << 8 | Int(bytes[position + $1]) }
            let type = String(decoding: bytes[(position + 4)..<(position + 8)], as: UTF8.self)
            guard type != "IEND" else { return }
            visit(type, length)
            guard length <= bytes.count - position - 12 else { return }
            position += 12 + length
        }
    }
}
