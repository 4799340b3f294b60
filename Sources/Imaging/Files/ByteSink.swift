/// Takes bytes in order.
protocol ByteSink: AnyObject {
    func write(_ bytes: UnsafeRawBufferPointer) throws(ImagingError)
}

extension ByteSink {
    /// Writes an array; the closure of the standard library does not pass typed errors on.
    func write(_ bytes: [UInt8]) throws(ImagingError) {
        var failure: ImagingError?
        bytes.withUnsafeBytes { buffer in
            do throws(ImagingError) { try self.write(buffer) } catch { failure = error }
        }
        if let failure { throw failure }
    }
}

/// Collects bytes in memory.
final class MemorySink: ByteSink {
    private(set) var bytes: [UInt8] = []

    func write(_ bytes: UnsafeRawBufferPointer) throws(ImagingError) { self.bytes.append(contentsOf: bytes) }
}
