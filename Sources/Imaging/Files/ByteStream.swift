/// What follows in a stream after the bytes that a format declares.
enum StreamTail: Equatable {
    /// Nothing: the stream ends there, and its checksum (if it has one) is verified.
    case none
    /// More content; the checksum of a compressed stream was verified, or its end was too far away to do so.
    case moreData(isVerified: Bool)
    /// Bytes after the end of the compressed stream, whose checksum is verified.
    case bytesAfterStream(Int)
}

/// Bytes in order, from a plain or a compressed file.
protocol ByteStream: AnyObject {
    /// Upper bound of the number of bytes that the stream can deliver, known before reading.
    var maximumLength: Int { get }
    /// Whether the content is compressed.
    var isCompressed: Bool { get }
    /// Reads until the buffer is full or the stream ends; returns the number of bytes read.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(ImagingError) -> Int
    /// Says what follows what has been read, and verifies the checksum.
    func tail() throws(ImagingError) -> StreamTail
}

/// The bytes of a file as they are.
final class PlainStream: ByteStream {
    private let file: RegularFile
    private var position = 0

    init(file: RegularFile) { self.file = file }

    var maximumLength: Int { file.size }
    var isCompressed: Bool { false }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(ImagingError) -> Int {
        let count = try file.read(at: position, into: buffer)
        position += count
        return count
    }

    func tail() throws(ImagingError) -> StreamTail { position < file.size ? .moreData(isVerified: true) : .none }
}

/// Opens a file as a stream; gzip is known by its content, not by its name.
func openStream(path: String) throws(ImagingError) -> any ByteStream {
    let file = try RegularFile(path: path)
    let head = try makeBytes(count: 2) { (buffer) throws(ImagingError) in try file.read(at: 0, into: buffer) }
    guard !head.isEmpty else { throw .malformed(path: path, reason: "the file is empty (zero bytes)") }
    let isGzip = head.count == 2 && (head[0], head[1]) == GzipStream.magic
    return isGzip ? GzipStream(file: file) : PlainStream(file: file)
}
