/// A number type that voxels are stored in.
protocol StoredScalar: BitwiseCopyable, Comparable {
    /// Bounds from which a search for the extremes starts.
    static var lowest: Self { get }
    static var highest: Self { get }
    var asDouble: Double { get }
    var asFloat: Float { get }
    /// The value as a label, if it is an integer that fits.
    var asLabel: Int32? { get }
    var isFiniteValue: Bool { get }
}

extension StoredScalar where Self: FixedWidthInteger {
    static var lowest: Self { .min }
    static var highest: Self { .max }
    var asDouble: Double { Double(self) }
    var asFloat: Float { Float(self) }
    var asLabel: Int32? { Int32(exactly: self) }
    var isFiniteValue: Bool { true }
}

extension UInt8: StoredScalar {}
extension Int8: StoredScalar {}
extension UInt16: StoredScalar {}
extension Int16: StoredScalar {}
extension UInt32: StoredScalar {}
extension Int32: StoredScalar {}
extension UInt64: StoredScalar {}
extension Int64: StoredScalar {}

extension Float: StoredScalar {
    static var lowest: Float { -.infinity }
    static var highest: Float { .infinity }
    var asDouble: Double { Double(self) }
    var asFloat: Float { self }
    var asLabel: Int32? { Int32(exactly: self) }
    var isFiniteValue: Bool { isFinite }
}

extension Double: StoredScalar {
    static var lowest: Double { -.infinity }
    static var highest: Double { .infinity }
    var asDouble: Double { self }
    var asFloat: Float { Float(self) }
    var asLabel: Int32? { Int32(exactly: self) }
    var isFiniteValue: Bool { isFinite }
}

/// Voxel values as they lie in the file, in native byte order, and the scale to real values.
struct StoredVoxels: Sendable {
    var bytes: [UInt8]
    let datatype: NIfTIDatatype
    /// Scale to real values; nil if stored values are the real ones.
    let scaling: (slope: Double, intercept: Double)?

    var count: Int { bytes.count / datatype.byteCount }

    /// Runs a visitor with the values of a range, read as what they are.
    func visit<Visitor: StoredVisitor>(_ range: Range<Int>, _ visitor: Visitor) -> Visitor.Output {
        switch datatype {
        case .uint8: visitor.visit(Values<UInt8>(bytes, range))
        case .int8: visitor.visit(Values<Int8>(bytes, range))
        case .uint16: visitor.visit(Values<UInt16>(bytes, range))
        case .int16: visitor.visit(Values<Int16>(bytes, range))
        case .uint32: visitor.visit(Values<UInt32>(bytes, range))
        case .int32: visitor.visit(Values<Int32>(bytes, range))
        case .uint64: visitor.visit(Values<UInt64>(bytes, range))
        case .int64: visitor.visit(Values<Int64>(bytes, range))
        case .float32: visitor.visit(Values<Float>(bytes, range))
        case .float64: visitor.visit(Values<Double>(bytes, range))
        }
    }

    /// Turns big-endian into native values in place.
    mutating func swapBytes() {
        let width = datatype.byteCount
        let total = count
        bytes.withUnsafeMutableBytes { raw in
            switch width {
            case 2: swapEach(raw, total, UInt16.self)
            case 4: swapEach(raw, total, UInt32.self)
            case 8: swapEach(raw, total, UInt64.self)
            default: break
            }
        }
    }
}

private func swapEach<T: FixedWidthInteger & BitwiseCopyable>(
    _ raw: UnsafeMutableRawBufferPointer, _ count: Int, _ type: T.Type
) {
    let width = MemoryLayout<T>.size
    for index in 0..<count {
        let value = raw.loadUnaligned(fromByteOffset: index * width, as: T.self)
        raw.storeBytes(of: value.byteSwapped, toByteOffset: index * width, as: T.self)
    }
}

/// A range of stored values of one type.
struct Values<T: StoredScalar> {
    private let bytes: [UInt8]
    let range: Range<Int>

    init(_ bytes: [UInt8], _ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count / MemoryLayout<T>.size)
        self.bytes = bytes
        self.range = range
    }

    /// Calls the body with every value; the range was checked once.
    @inline(__always)
    func forEach(_ body: (Int, T) -> Void) {
        bytes.withUnsafeBytes { raw in
            for index in range {
                let value = raw.loadUnaligned(fromByteOffset: index &* MemoryLayout<T>.size, as: T.self)
                body(index &- range.lowerBound, value)
            }
        }
    }
}

/// A pass over stored values that is compiled once for every type.
protocol StoredVisitor {
    associatedtype Output
    func visit<T: StoredScalar>(_ values: Values<T>) -> Output
}
