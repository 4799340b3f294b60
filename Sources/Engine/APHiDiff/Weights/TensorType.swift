/// Element types of the safetensors format.
public enum TensorType: String, Sendable, CaseIterable {
    /// One byte, 0 or 1.
    case bool = "BOOL"
    /// 8-bit unsigned.
    case u8 = "U8"
    /// 8-bit signed.
    case i8 = "I8"
    /// 8-bit float with 4 bits of exponent.
    case f8e4m3 = "F8_E4M3"
    /// 8-bit float with 5 bits of exponent.
    case f8e5m2 = "F8_E5M2"
    /// 16-bit unsigned.
    case u16 = "U16"
    /// 16-bit signed.
    case i16 = "I16"
    /// 16-bit float.
    case f16 = "F16"
    /// Upper half of a 32-bit float.
    case bf16 = "BF16"
    /// 32-bit unsigned.
    case u32 = "U32"
    /// 32-bit signed.
    case i32 = "I32"
    /// 32-bit float.
    case f32 = "F32"
    /// 64-bit unsigned.
    case u64 = "U64"
    /// 64-bit signed.
    case i64 = "I64"
    /// 64-bit float.
    case f64 = "F64"

    /// Bytes of one element.
    public var byteCount: Int {
        switch self {
        case .bool, .u8, .i8, .f8e4m3, .f8e5m2: 1
        case .u16, .i16, .f16, .bf16: 2
        case .u32, .i32, .f32: 4
        case .u64, .i64, .f64: 8
        }
    }
}
