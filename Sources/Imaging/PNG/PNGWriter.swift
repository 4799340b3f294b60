internal import CPNG

/// Writes PNG files; the same image gives the same bytes.
public enum PNGWriter {
    /// Encodes an image.
    ///
    /// - Parameters:
    ///   - image: Grey or RGB, 8 or 16 bits; samples of an 8-bit image must be ≤ 255.
    ///   - level: Effort of the compression, 0 (store) to 9 (smallest).
    /// - Throws: `ImagingError.cannotWrite`.
    public static func encode(_ image: PNGImage, level: Int = 9) throws(ImagingError) -> [UInt8] {
        if image.bitDepth == 16 {
            return try collect { sink, context, message in
                image.samples.withUnsafeBufferPointer {
                    cpng_write16(
                        $0.baseAddress, UInt32(image.width), UInt32(image.height), Int32(image.channels),
                        Int32(level), sink, context, message)
                }
            }
        }
        let bytes = image.samples.map { UInt8(clamping: $0) }
        return try encode8(
            bytes, width: image.width, height: image.height, channels: image.channels, palette: [], level: level)
    }

    /// Encodes indices into a palette of at most 256 RGB colours, one byte a pixel.
    static func encodeIndexed(
        _ indices: [UInt8], width: Int, height: Int, palette: [SIMD3<UInt8>], level: Int = 9
    ) throws(ImagingError) -> [UInt8] {
        let entries = palette.flatMap { [$0.x, $0.y, $0.z] }
        return try encode8(indices, width: width, height: height, channels: 1, palette: entries, level: level)
    }

    /// Encodes 8-bit samples, channels interleaved.
    static func encode8(
        _ samples: [UInt8], width: Int, height: Int, channels: Int, palette: [UInt8] = [], level: Int = 9
    ) throws(ImagingError) -> [UInt8] {
        guard samples.count == width * height * channels else {
            throw .cannotWrite(path: "PNG", reason: "the samples do not fill the image")
        }
        return try collect { sink, context, message in
            samples.withUnsafeBufferPointer { pixels in
                palette.withUnsafeBufferPointer { entries in
                    cpng_write8(
                        pixels.baseAddress, UInt32(width), UInt32(height), Int32(channels), entries.baseAddress,
                        Int32(entries.count / 3), Int32(level), sink, context, message)
                }
            }
        }
    }

    /// Encodes an image and writes it atomically.
    ///
    /// - Throws: `ImagingError.cannotWrite`.
    public static func write(_ image: PNGImage, to path: String, level: Int = 9) throws(ImagingError) {
        try AtomicFile.write(encode(image, level: level), to: path)
    }

    private static func collect(
        _ write: (cpng_sink, UnsafeMutableRawPointer, UnsafeMutablePointer<CChar>) -> Int32
    ) throws(ImagingError) -> [UInt8] {
        var bytes: [UInt8] = []
        var message = [CChar](repeating: 0, count: Int(CPNG_MESSAGE_LENGTH))
        let sink: cpng_sink = { context, chunk, count in
            guard let context, let chunk else { return }
            context.assumingMemoryBound(to: [UInt8].self).pointee.append(
                contentsOf: UnsafeBufferPointer(start: chunk, count: count))
        }
        let code = withUnsafeMutablePointer(to: &bytes) { target in
            message.withUnsafeMutableBufferPointer { text in
                text.baseAddress.map { write(sink, UnsafeMutableRawPointer(target), $0) } ?? -1
            }
        }
        guard code == 0 else {
            let cause = String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw .cannotWrite(path: "PNG", reason: cause)
        }
        return bytes
    }
}
