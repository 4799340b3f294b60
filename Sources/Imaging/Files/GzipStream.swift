import CZlib

/// The inflated content of a gzip file, member after member.
///
/// zlib verifies the header, CRC-32 and length of each member; nothing is inflated beyond what the caller asks for.
final class GzipStream: ByteStream {
    /// First two bytes of every gzip member.
    static let magic: (UInt8, UInt8) = (0x1f, 0x8b)

    private let file: RegularFile
    // zlib keeps a pointer back to its stream, so the stream needs a fixed address.
    private let stream: UnsafeMutablePointer<z_stream>
    private let input: UnsafeMutableRawBufferPointer
    private var filePosition = 0
    private var started = false
    private var ended = false

    init(file: RegularFile) {
        self.file = file
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        input = .allocate(byteCount: 1 << 18, alignment: 16)
    }

    deinit {
        if started { inflateEnd(stream) }
        stream.deinitialize(count: 1)
        stream.deallocate()
        input.deallocate()
    }

    /// Deflate cannot expand by more than 1032 : 1.
    var maximumLength: Int {
        let (product, overflow) = file.size.multipliedReportingOverflow(by: 1032)
        return overflow ? .max : product
    }

    var isCompressed: Bool { true }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(ImagingError) -> Int {
        guard let base = buffer.baseAddress else { return 0 }
        try start()
        var done = 0
        while done < buffer.count, !ended {
            // avail_out has 32 bits.
            let chunk = min(buffer.count - done, 1 << 30)
            stream.pointee.next_out = (base + done).assumingMemoryBound(to: Bytef.self)
            stream.pointee.avail_out = uInt(chunk)
            try step()
            done += chunk - Int(stream.pointee.avail_out)
        }
        return done
    }

    /// Inflates at most this much after the declared content, only to reach the checksum.
    private static let tailLimit = 16 << 20

    func tail() throws(ImagingError) -> StreamTail {
        // Damage can make a stream longer than declared: without the checksum, wrong voxels would pass.
        let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
        defer { scratch.deallocate() }
        var extra = 0
        while extra < GzipStream.tailLimit {
            let count = try read(into: scratch)
            extra += count
            if count < scratch.count { break }
        }
        if extra > 0 { return .moreData(isVerified: ended) }
        let left = Int(stream.pointee.avail_in) + (file.size - filePosition)
        return left > 0 ? .bytesAfterStream(left) : .none
    }

    private func start() throws(ImagingError) {
        guard !started else { return }
        // 15 + 16: full window, gzip wrapper required.
        let code = inflateInit2_(stream, 31, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard code == Z_OK else { throw .unreadable(path: file.path, reason: "zlib cannot start (code \(code))") }
        started = true
    }

    /// One call of inflate: progress, the end of a member, or an error.
    private func step() throws(ImagingError) {
        if stream.pointee.avail_in == 0 { try refill() }
        let code = inflate(stream, Z_NO_FLUSH)
        switch code {
        case Z_OK:
            return
        case Z_BUF_ERROR where stream.pointee.avail_in == 0:
            return
        case Z_STREAM_END:
            try nextMember()
        case Z_MEM_ERROR:
            throw .unreadable(path: file.path, reason: "not enough memory to inflate")
        default:
            let cause = stream.pointee.msg.map { String(cString: $0) } ?? "code \(code)"
            throw .malformed(path: file.path, reason: "the gzip data are corrupt: \(GzipStream.words(for: cause))")
        }
    }

    /// zlib calls the CRC and the stored length "checks"; say what is meant.
    private static func words(for cause: String) -> String {
        switch cause {
        case "incorrect data check": "the CRC does not match (incorrect data check)"
        case "incorrect length check": "the stored length does not match (incorrect length check)"
        default: "\(cause) in the deflate stream or its header"
        }
    }

    private func refill() throws(ImagingError) {
        let count = try file.read(at: filePosition, into: input)
        guard count > 0 else {
            throw .malformed(
                path: file.path,
                reason:
                    "the gzip stream is truncated: the file ends inside its header, data or trailer (CRC and length)")
        }
        filePosition += count
        stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: Bytef.self)
        stream.pointee.avail_in = uInt(count)
    }

    /// After a member: another one, or the end.
    ///
    /// Anything else is left for `tail()` to report.
    private func nextMember() throws(ImagingError) {
        if stream.pointee.avail_in < 2 {
            let left = Int(stream.pointee.avail_in)
            if let next = stream.pointee.next_in, left > 0 { input[0] = next.pointee }
            let rest = UnsafeMutableRawBufferPointer(rebasing: input[left...])
            let count = try file.read(at: filePosition, into: rest)
            filePosition += count
            stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: Bytef.self)
            stream.pointee.avail_in = uInt(left + count)
        }
        guard stream.pointee.avail_in >= 2, let next = stream.pointee.next_in,
            (next[0], next[1]) == GzipStream.magic
        else {
            ended = true
            return
        }
        guard inflateReset(stream) == Z_OK else {
            throw .unreadable(path: file.path, reason: "zlib cannot start the next gzip member")
        }
    }
}
