/// One tensor as the header declares it, checked against the file.
public struct TensorEntry: Sendable, Equatable {
    /// Element type.
    public let type: TensorType
    /// Sizes, slowest dimension first.
    public let shape: [Int]
    /// Bytes from the end of the header.
    public let bytes: Range<Int>

    /// Number of elements.
    public var count: Int { shape.reduce(1, *) }
}

/// What the header of a safetensors file says, after every check that needs no tensor data.
///
/// Stricter than the reference: no leading space, no duplicate name or field, no unknown field, offsets and sizes as plain whole numbers,
/// tensors that fill the buffer without holes or overlaps.
struct SafetensorsHeader: Sendable {
    /// Longest header that is read, in bytes; the reference has the same limit.
    static let maximumBytes = 100_000_000
    /// More dimensions than any layer has.
    static let maximumDimensions = 8

    private(set) var tensors: [String: TensorEntry] = [:]
    private(set) var metadata: [String: String] = [:]

    /// Parses the JSON text of a header.
    ///
    /// - Parameters:
    ///   - text: Bytes of the header.
    ///   - bufferBytes: Bytes that follow the header in the file.
    init(_ text: ArraySlice<UInt8>, bufferBytes: Int, file: String) throws(SafetensorsError) {
        guard text.first == UInt8(ascii: "{") else {
            throw SafetensorsError(file: file, reason: "the header does not start with {")
        }
        var scanner = HeaderScanner(text, file: file)
        var hasMetadata = false
        try scanner.object { (scanner, name) throws(SafetensorsError) in
            if name == "__metadata__" {
                guard !hasMetadata else { throw scanner.failure("duplicate key __metadata__") }
                hasMetadata = true
                metadata = try Self.metadata(&scanner)
            } else {
                try Self.check(name: name, &scanner)
                guard tensors[name] == nil else { throw scanner.failure("duplicate tensor name \(name)") }
                tensors[name] = try Self.tensor(&scanner, name: name, bufferBytes: bufferBytes)
            }
        }
        try scanner.requireEnd()
        try requireFull(bufferBytes: bufferBytes, file: file)
    }

    private static func metadata(_ scanner: inout HeaderScanner) throws(SafetensorsError) -> [String: String] {
        var metadata: [String: String] = [:]
        try scanner.object { (scanner, key) throws(SafetensorsError) in
            guard metadata[key] == nil else { throw scanner.failure("duplicate key in __metadata__") }
            guard let value = try scanner.stringIfNext() else {
                throw scanner.failure("a value of __metadata__ is not a string")
            }
            metadata[key] = value
        }
        return metadata
    }

    /// Names go into messages and reports: no control characters, nothing that could be a path or markup.
    private static func check(name: String, _ scanner: inout HeaderScanner) throws(SafetensorsError) {
        let isHarmless = name.unicodeScalars.allSatisfy {
            $0.value >= 32 && $0.value != 127 && !($0.value >= 128 && $0.value < 160) && $0 != "<" && $0 != ">"
        }
        guard !name.isEmpty, name.utf8.count <= 256, isHarmless, !name.contains("..") else {
            throw scanner.failure("a tensor name is empty, too long, or holds a character that names may not have")
        }
    }

    private static func tensor(
        _ scanner: inout HeaderScanner, name: String, bufferBytes: Int
    ) throws(SafetensorsError) -> TensorEntry {
        var type: TensorType?
        var shape: [Int]?
        var offsets: [Int]?
        try scanner.object { (scanner, field) throws(SafetensorsError) in
            switch field {
            case "dtype":
                guard type == nil else { throw scanner.failure("duplicate field dtype of tensor \(name)") }
                guard let text = try scanner.stringIfNext(), let known = TensorType(rawValue: text) else {
                    throw scanner.failure("the dtype of tensor \(name) is not one of the format")
                }
                type = known
            case "shape":
                guard shape == nil else { throw scanner.failure("duplicate field shape of tensor \(name)") }
                shape = try scanner.wholeNumbers(atMost: maximumDimensions, what: "shape of tensor \(name)")
            case "data_offsets":
                guard offsets == nil else { throw scanner.failure("duplicate field data_offsets of tensor \(name)") }
                offsets = try scanner.wholeNumbers(atMost: 2, what: "data_offsets of tensor \(name)")
            default:
                throw scanner.failure("unknown field in the entry of tensor \(name)")
            }
        }
        guard let type else { throw scanner.failure("missing field dtype of tensor \(name)") }
        guard let shape else { throw scanner.failure("missing field shape of tensor \(name)") }
        guard let offsets else { throw scanner.failure("missing field data_offsets of tensor \(name)") }
        guard offsets.count == 2 else { throw scanner.failure("data_offsets of tensor \(name) are not two numbers") }
        guard offsets[0] <= offsets[1], offsets[1] <= bufferBytes else {
            throw scanner.failure(
                "data_offsets of tensor \(name) are no range inside the \(bufferBytes) bytes of data; is the file truncated?"
            )
        }
        var bytes = type.byteCount
        for size in shape {
            let (product, overflow) = bytes.multipliedReportingOverflow(by: size)
            guard !overflow else { throw scanner.failure("the shape of tensor \(name) overflows") }
            bytes = product
        }
        guard bytes == offsets[1] - offsets[0] else {
            throw scanner.failure(
                "the shape of tensor \(name) needs \(bytes) bytes, its data_offsets give \(offsets[1] - offsets[0])")
        }
        return TensorEntry(type: type, shape: shape, bytes: offsets[0]..<offsets[1])
    }

    /// Tensors must follow each other without hole or overlap and end where the file ends.
    private func requireFull(bufferBytes: Int, file: String) throws(SafetensorsError) {
        let ordered = tensors.values.map(\.bytes).sorted {
            ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound)
        }
        var end = 0
        for range in ordered {
            guard range.lowerBound >= end else {
                throw SafetensorsError(file: file, reason: "header: data_offsets of two tensors overlap")
            }
            guard range.lowerBound == end else {
                throw SafetensorsError(file: file, reason: "header: data_offsets leave a hole between tensors")
            }
            end = range.upperBound
        }
        guard end == bufferBytes else {
            throw SafetensorsError(
                file: file, reason: "the file has \(bufferBytes - end) trailing bytes after the last tensor")
        }
    }
}
