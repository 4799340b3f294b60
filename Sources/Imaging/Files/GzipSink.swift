import CZlib

/// Compresses into another sink as one gzip member without name and time: equal content gives equal bytes.
final class GzipSink: ByteSink {
    private let target: any ByteSink
    private let path: String
    // zlib keeps a pointer back to its stream, so the stream needs a fixed address.
    private let stream: UnsafeMutablePointer<z_stream>
    private let output: UnsafeMutableRawBufferPointer
    private var started = false

    /// Prepares the compressor; the level goes from 0 (store) to 9 (smallest).
    init(target: any ByteSink, level: Int, path: String) throws(ImagingError) {
        self.target = target
        self.path = path
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        output = .allocate(byteCount: 1 << 18, alignment: 16)
        let bounded = Int32(max(0, min(9, level)))
        // 15 + 16: full window, gzip wrapper; 8: zlib's own default for memory.
        let code = deflateInit2_(
            stream, bounded, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard code == Z_OK else { throw .cannotWrite(path: path, reason: "zlib cannot start (code \(code))") }
        started = true
    }

    deinit {
        if started { deflateEnd(stream) }
        stream.deinitialize(count: 1)
        stream.deallocate()
        output.deallocate()
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(ImagingError) {
        var rest = bytes
        while !rest.isEmpty {
            // avail_in has 32 bits.
            let part = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
            // zlib's interface lacks const; it does not write to its input.
            stream.pointee.next_in = UnsafeMutablePointer(
                mutating: part.baseAddress?.assumingMemoryBound(to: Bytef.self))
            stream.pointee.avail_in = uInt(part.count)
            while stream.pointee.avail_in > 0 { try step(Z_NO_FLUSH) }
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(part.count))
        }
    }

    /// Writes what is left and the trailer with CRC and length.
    func finish() throws(ImagingError) {
        while try step(Z_FINISH) != Z_STREAM_END {}
    }

    @discardableResult
    private func step(_ flush: Int32) throws(ImagingError) -> Int32 {
        stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: Bytef.self)
        stream.pointee.avail_out = uInt(output.count)
        let code = deflate(stream, flush)
        guard code == Z_OK || code == Z_STREAM_END else {
            throw .cannotWrite(path: path, reason: "zlib cannot compress (code \(code))")
        }
        let produced = output.count - Int(stream.pointee.avail_out)
        if produced > 0 { try target.write(UnsafeRawBufferPointer(rebasing: output[..<produced])) }
        return code
    }
}
