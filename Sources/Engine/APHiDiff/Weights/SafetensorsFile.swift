import Cohort

/// A safetensors file that has passed every check, with its data in memory.
public struct SafetensorsFile: Sendable {
    /// Largest file that is read, in bytes.
    public static let maximumBytes = 1 << 30

    /// Name of the file, without its folders.
    public let name: String
    /// SHA-256 of the whole file, 64 hexadecimal digits.
    public let sha256: String
    /// Tensors by name.
    public let tensors: [String: TensorEntry]
    /// Free text of the file.
    public let metadata: [String: String]
    private let bytes: [UInt8]
    private let dataStart: Int

    /// Reads and checks a file.
    ///
    /// - Throws: `SafetensorsError` naming the file and the cause.
    public init(path: String) throws(SafetensorsError) {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        let bytes: [UInt8]
        do throws(CohortError) {
            bytes = try FileBytes.read(path: path, maximumBytes: SafetensorsFile.maximumBytes)
        } catch {
            throw SafetensorsError(file: name, reason: "it cannot be read: \(error)")
        }
        try self.init(name: name, bytes: bytes)
    }

    /// Checks the bytes of a file.
    public init(name: String, bytes: [UInt8]) throws(SafetensorsError) {
        guard bytes.count >= 8 else {
            throw SafetensorsError(
                file: name, reason: bytes.isEmpty ? "the file is empty" : "the file is too short for a header length")
        }
        let length = bytes[0..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= UInt64(SafetensorsHeader.maximumBytes) else {
            throw SafetensorsError(
                file: name, reason: "the header length \(length) is larger than \(SafetensorsHeader.maximumBytes) bytes"
            )
        }
        let end = 8 + Int(length)
        guard length >= 2, end <= bytes.count else {
            throw SafetensorsError(
                file: name,
                reason: "the header length \(length) does not fit a file of \(bytes.count) bytes: truncated?")
        }
        let header = try SafetensorsHeader(bytes[8..<end], bufferBytes: bytes.count - end, file: name)
        self.name = name
        self.sha256 = FileDigest.sha256(bytes)
        self.tensors = header.tensors
        self.metadata = header.metadata
        self.bytes = bytes
        self.dataStart = end
    }

    /// The raw bytes of a tensor, or nil when there is none of this name.
    public func withBytes<Result>(of tensor: String, _ body: (UnsafeRawBufferPointer) -> Result) -> Result? {
        guard let entry = tensors[tensor] else { return nil }
        return bytes.withUnsafeBytes { buffer in
            let range = dataStart + entry.bytes.lowerBound..<dataStart + entry.bytes.upperBound
            return body(UnsafeRawBufferPointer(rebasing: buffer[range]))
        }
    }

    /// The values of a tensor of floats or small whole numbers; every one must be finite.
    ///
    /// - Throws: `SafetensorsError` when it is missing, of another shape or type, or holds NaN or infinity.
    public func floats(_ tensor: String, shape: [Int]? = nil) throws(SafetensorsError) -> [Float] {
        let entry = try self.entry(tensor, shape: shape)
        let count = entry.count
        let values: [Float]? =
            withBytes(of: tensor) { raw in
                switch entry.type {
                case .f32: (0..<count).map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
                case .f64: (0..<count).map { Float(raw.loadUnaligned(fromByteOffset: 8 * $0, as: Double.self)) }
                case .f16: (0..<count).map { floatFromHalf(raw.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self)) }
                case .bf16:
                    (0..<count).map {
                        Float(bitPattern: UInt32(raw.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self)) << 16)
                    }
                case .i8: (0..<count).map { Float(raw.loadUnaligned(fromByteOffset: $0, as: Int8.self)) }
                case .u8: (0..<count).map { Float(raw[$0]) }
                case .i32: (0..<count).map { Float(raw.loadUnaligned(fromByteOffset: 4 * $0, as: Int32.self)) }
                default: nil
                }
            } ?? nil
        guard let values else {
            throw SafetensorsError(file: name, reason: "tensor \(tensor) has the dtype \(entry.type.rawValue)")
        }
        guard values.allSatisfy(\.isFinite) else {
            throw SafetensorsError(
                file: name, reason: "tensor \(tensor) holds values that are not finite (NaN or infinity)")
        }
        return values
    }

    /// The values of a tensor of 16- or 32-bit whole numbers.
    public func integers(_ tensor: String, shape: [Int]? = nil) throws(SafetensorsError) -> [Int32] {
        let entry = try self.entry(tensor, shape: shape)
        let count = entry.count
        let values: [Int32]? =
            withBytes(of: tensor) { raw in
                switch entry.type {
                case .i16: (0..<count).map { Int32(raw.loadUnaligned(fromByteOffset: 2 * $0, as: Int16.self)) }
                case .i32: (0..<count).map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: Int32.self) }
                default: nil
                }
            } ?? nil
        guard let values else {
            throw SafetensorsError(
                file: name, reason: "tensor \(tensor) has the dtype \(entry.type.rawValue), not I16 or I32")
        }
        return values
    }

    /// The values of a tensor of signed bytes.
    public func bytesSigned(_ tensor: String, shape: [Int]? = nil) throws(SafetensorsError) -> [Int8] {
        let entry = try self.entry(tensor, shape: shape)
        guard entry.type == .i8, let values = withBytes(of: tensor, { Array($0.bindMemory(to: Int8.self)) }) else {
            throw SafetensorsError(file: name, reason: "tensor \(tensor) has the dtype \(entry.type.rawValue), not I8")
        }
        return values
    }

    /// The entry of a tensor that must be there, with this shape if one is given.
    public func entry(_ tensor: String, shape: [Int]? = nil) throws(SafetensorsError) -> TensorEntry {
        guard let entry = tensors[tensor] else {
            throw SafetensorsError(file: name, reason: "tensor \(tensor) is missing")
        }
        if let shape, entry.shape != shape {
            throw SafetensorsError(file: name, reason: "tensor \(tensor) has the shape \(entry.shape), not \(shape)")
        }
        return entry
    }
}

/// The value of a 16-bit float.
private func floatFromHalf(_ bits: UInt16) -> Float {
    let sign = UInt32(bits >> 15) << 31
    let exponent = UInt32(bits >> 10 & 31)
    let fraction = UInt32(bits & 1023)
    switch exponent {
    case 0: return (sign == 0 ? 1 : -1) * Float(fraction) * 0x1p-24
    case 31: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
    default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
    }
}
