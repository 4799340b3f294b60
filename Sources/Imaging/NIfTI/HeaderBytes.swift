/// Fields of a binary header by offset, in the byte order of the file.
///
/// Callers read only inside the fixed header, whose length was checked when it was loaded.
struct HeaderBytes {
    let bytes: [UInt8]
    let isBigEndian: Bool

    private func integer<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type, at offset: Int) -> T {
        let raw = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: T.self) }
        return isBigEndian ? T(bigEndian: raw) : T(littleEndian: raw)
    }

    func int16(at offset: Int) -> Int { Int(integer(Int16.self, at: offset)) }
    func int32(at offset: Int) -> Int { Int(integer(Int32.self, at: offset)) }
    func int64(at offset: Int) -> Int { Int(integer(Int64.self, at: offset)) }
    func float32(at offset: Int) -> Double { Double(Float(bitPattern: integer(UInt32.self, at: offset))) }
    func float64(at offset: Int) -> Double { Double(bitPattern: integer(UInt64.self, at: offset)) }

    /// Text up to the first NUL; bytes that are not UTF-8 are replaced.
    func text(at offset: Int, count: Int) -> String {
        String(decoding: bytes[offset..<(offset + count)].prefix { $0 != 0 }, as: UTF8.self)
    }
}
