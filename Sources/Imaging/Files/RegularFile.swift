import Glibc

/// A regular file opened for reading; closed when it goes out of use.
///
/// Devices, pipes, sockets and folders are refused: opening never blocks, and the size is known.
final class RegularFile {
    let path: String
    /// Size in bytes at opening.
    let size: Int
    private let descriptor: Int32

    /// Opens the file.
    ///
    /// - Throws: `ImagingError.notFound`, or `.unreadable` with the cause in words.
    init(path: String) throws(ImagingError) {
        // A NUL inside a Swift string would cut the C path and open another file.
        guard !path.isEmpty, !path.utf8.contains(0) else { throw .notFound(path: path) }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else {
            let code = errno
            if code == ENOENT || code == ENOTDIR { throw .notFound(path: path) }
            throw .unreadable(path: path, reason: systemMessage(code))
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let code = errno
            close(descriptor)
            throw .unreadable(path: path, reason: systemMessage(code))
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw .unreadable(path: path, reason: "it is not a regular file")
        }
        self.path = path
        self.size = Int(status.st_size)
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Reads from a position until the buffer is full or the file ends; returns the number of bytes read.
    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(ImagingError) -> Int {
        guard let base = buffer.baseAddress else { return 0 }
        var done = 0
        while done < buffer.count {
            let count = pread(descriptor, base + done, buffer.count - done, off_t(offset + done))
            if count == 0 { break }
            if count < 0 {
                if errno == EINTR { continue }
                throw .unreadable(path: path, reason: systemMessage(errno))
            }
            done += count
        }
        return done
    }

    /// Reads the whole file, which must not be larger than the limit.
    func readAll(maximumBytes: Int) throws(ImagingError) -> [UInt8] {
        guard size <= maximumBytes else {
            throw .tooLarge(path: path, reason: "the file has \(size) bytes, the limit is \(maximumBytes)")
        }
        return try makeBytes(count: size) { (buffer) throws(ImagingError) in
            try self.read(at: 0, into: buffer)
        }
    }
}

/// The system's words for an error number.
func systemMessage(_ code: Int32) -> String {
    guard let text = strerror(code) else { return "error \(code)" }
    return String(cString: text)
}

/// Allocates bytes without clearing them first and lets `fill` write them; the result holds as many as it reports.
func makeBytes(
    count: Int,
    fill: (UnsafeMutableRawBufferPointer) throws(ImagingError) -> Int
) throws(ImagingError) -> [UInt8] {
    var failure: ImagingError?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
        do throws(ImagingError) {
            initialized = try fill(
                UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: buffer[..<count])))
        } catch {
            initialized = 0
            failure = error
        }
    }
    if let failure { throw failure }
    return bytes
}
