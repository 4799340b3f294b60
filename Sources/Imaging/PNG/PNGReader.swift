internal import CPNG

/// Reads PNG files as untrusted input.
///
/// Stored samples come out as they are: no gamma, no colour management, no alpha. Chunks that do not change them are
/// skipped unread. Limits on sides, pixels and file size hold before anything is allocated.
public enum PNGReader {
    /// Largest width or height, in pixels.
    public static let maximumSide = 16_384
    /// Largest number of pixels.
    public static let maximumPixels = 1 << 25
    /// Largest file, in bytes.
    public static let maximumFileBytes = 256 << 20

    /// Reads a file.
    ///
    /// A palette whose used colours are all grey gives a grey image.
    ///
    /// - Throws: `ImagingError` with the file and the cause.
    public static func read(path: String) throws(ImagingError) -> PNGImage {
        let bytes = try RegularFile(path: path).readAll(maximumBytes: maximumFileBytes)
        return try read(bytes, name: path)
    }

    /// Reads a file that is already in memory; the name goes into errors.
    ///
    /// - Throws: `ImagingError` with the name and the cause.
    public static func read(_ bytes: [UInt8], name: String) throws(ImagingError) -> PNGImage {
        guard !bytes.isEmpty else { throw .malformed(path: name, reason: "the file is empty, not a PNG") }
        let outcome = bytes.withUnsafeBufferPointer { decode($0, name: name) }
        return try outcome.get()
    }

    /// Whether a file holds chunks of text or camera data, where patient data may hide; their content is not read.
    ///
    /// - Throws: `ImagingError` when the file cannot be read.
    public static func holdsText(path: String) throws(ImagingError) -> Bool {
        PNGChunks.holdsText(try RegularFile(path: path).readAll(maximumBytes: maximumFileBytes))
    }

    private static func decode(
        _ bytes: UnsafeBufferPointer<UInt8>, name: String
    ) -> Result<PNGImage, ImagingError> {
        var info = cpng_info()
        var message = [CChar](repeating: 0, count: Int(CPNG_MESSAGE_LENGTH))
        guard let reader = cpng_open(bytes.baseAddress, bytes.count, UInt32(maximumSide), &info, &message) else {
            return .failure(error(text(message), name))
        }
        defer { cpng_close(reader) }
        let pixels = Int(info.width) * Int(info.height)
        guard pixels <= maximumPixels else {
            let size = "\(info.width)×\(info.height) pixels"
            return .failure(.tooLarge(path: name, reason: "\(size); the limit is \(maximumPixels) pixels"))
        }
        // Deflate cannot expand by more than 1032 : 1.
        let stored = pixels / 8 * Int(info.stored_bit_depth)
        guard stored / 1032 <= bytes.count else {
            return .failure(
                .malformed(
                    path: name, reason: "its size, \(info.width)×\(info.height) pixels, does not fit into the data"))
        }
        let count = pixels * Int(info.channels)
        var failed = false
        let samples = [UInt16](unsafeUninitializedCapacity: count) { buffer, initialized in
            failed = cpng_decode(reader, buffer.baseAddress, count, &message) != 0
            initialized = failed ? 0 : count
        }
        guard !failed else { return .failure(error(text(message), name)) }
        var image = PNGImage(
            known: Int(info.width), Int(info.height), Int(info.channels), Int(info.bit_depth), samples)
        if info.is_palette != 0, let grey = image.grey { image = grey }
        image.findings = findings(of: image, hasAlpha: info.has_alpha != 0)
        image.findings += PNGChunks.findings(in: bytes)
        if let warnings = cpng_warnings(reader) {
            image.findings += String(cString: warnings).split(separator: "\n").map(String.init)
        }
        return .success(image)
    }

    private static func findings(of image: PNGImage, hasAlpha: Bool) -> [String] {
        var result: [String] = []
        if image.channels == 3 { result.append("a colour image with 3 channels, not grey") }
        if hasAlpha { result.append("the alpha channel is ignored") }
        return result
    }

    private static func text(_ message: [CChar]) -> String {
        String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func error(_ cause: String, _ name: String) -> ImagingError {
        if cause.contains("exceeds user limit") || cause.contains("exceeds application limits") {
            return .tooLarge(path: name, reason: "\(cause) of \(maximumSide) pixels")
        }
        return .malformed(path: name, reason: "not a sound PNG: \(words[cause] ?? cause)")
    }

    /// What libpng means where its own words do not say it.
    private static let words = [
        "PNG unsigned integer out of range": "the length of a chunk, or the size in IHDR, is 2^31 or more",
        "IEND: out of place": "IEND comes before any image data (IDAT)",
    ]
}
