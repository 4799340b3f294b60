/// Voxel types of NIfTI that are read here: all real integers and the IEEE floats.
public enum NIfTIDatatype: Int, Sendable, CaseIterable {
    /// Unsigned 8-bit integer.
    case uint8 = 2
    /// Signed 16-bit integer.
    case int16 = 4
    /// Signed 32-bit integer.
    case int32 = 8
    /// 32-bit float.
    case float32 = 16
    /// 64-bit float.
    case float64 = 64
    /// Signed 8-bit integer.
    case int8 = 256
    /// Unsigned 16-bit integer.
    case uint16 = 512
    /// Unsigned 32-bit integer.
    case uint32 = 768
    /// Signed 64-bit integer.
    case int64 = 1024
    /// Unsigned 64-bit integer.
    case uint64 = 1280

    /// Bytes of one stored value.
    public var byteCount: Int {
        switch self {
        case .uint8, .int8: 1
        case .int16, .uint16: 2
        case .int32, .uint32, .float32: 4
        case .int64, .uint64, .float64: 8
        }
    }

    /// Whether stored values are integers.
    public var isInteger: Bool { self != .float32 && self != .float64 }

    /// The name of a datatype code that the format knows but that is not read here.
    static func unsupportedName(code: Int) -> String? {
        switch code {
        case 1: "binary"
        case 32: "complex64"
        case 128: "RGB24"
        case 1536: "float128"
        case 1792: "complex128"
        case 2048: "complex256"
        case 2304: "RGBA32"
        default: nil
        }
    }
}
