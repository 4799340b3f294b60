import Glibc

/// A file that appears complete or not at all: written beside its place, synced, renamed, and the folder synced.
public final class AtomicFile: ByteSink {
    private let path: String
    private let folder: String
    private let temporary: String
    private var descriptor: Int32
    private var isCommitted = false

    /// Creates the temporary file in the folder of the path.
    ///
    /// - Throws: `ImagingError.cannotWrite`, here and in the other calls.
    public init(path: String) throws(ImagingError) {
        guard let last = path.utf8.last, last != UInt8(ascii: "/"), !path.utf8.contains(0) else {
            throw .cannotWrite(path: path, reason: "this is not a file name")
        }
        self.path = path
        if let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) {
            folder = slash == path.startIndex ? "/" : String(path[..<slash])
        } else {
            folder = "."
        }
        var generator = SystemRandomNumberGenerator()
        var name = ""
        var opened: Int32 = -1
        // The name is random and exclusive: two writers never share one, nobody can place a link there first.
        for _ in 0..<16 where opened < 0 {
            name = "\(folder)/.part-\(String(UInt64.random(in: .min ... .max, using: &generator), radix: 36))"
            opened = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o666)
            if opened < 0, errno != EEXIST { break }
        }
        guard opened >= 0 else { throw .cannotWrite(path: path, reason: systemMessage(errno)) }
        temporary = name
        descriptor = opened
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        if !isCommitted { unlink(temporary) }
    }

    /// Appends bytes.
    public func write(_ bytes: UnsafeRawBufferPointer) throws(ImagingError) {
        guard let base = bytes.baseAddress else { return }
        var done = 0
        while done < bytes.count {
            let count = Glibc.write(descriptor, base + done, bytes.count - done)
            if count < 0 {
                if errno == EINTR { continue }
                throw .cannotWrite(path: path, reason: systemMessage(errno))
            }
            done += count
        }
    }

    /// Makes the file durable and visible under its name, replacing what was there.
    public func commit() throws(ImagingError) {
        guard fsync(descriptor) == 0 else { throw .cannotWrite(path: path, reason: systemMessage(errno)) }
        let closed = close(descriptor)
        descriptor = -1
        guard closed == 0 else { throw .cannotWrite(path: path, reason: systemMessage(errno)) }
        guard rename(temporary, path) == 0 else { throw .cannotWrite(path: path, reason: systemMessage(errno)) }
        isCommitted = true
        let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw .cannotWrite(path: path, reason: systemMessage(errno)) }
        defer { close(directory) }
        // Some file systems cannot sync a folder and say so with EINVAL; the rename is then as durable as it gets.
        guard fsync(directory) == 0 || errno == EINVAL else {
            throw .cannotWrite(path: path, reason: systemMessage(errno))
        }
    }

    /// Writes a whole file in one call.
    public static func write(_ bytes: [UInt8], to path: String) throws(ImagingError) {
        let file = try AtomicFile(path: path)
        try file.write(bytes)
        try file.commit()
    }
}
