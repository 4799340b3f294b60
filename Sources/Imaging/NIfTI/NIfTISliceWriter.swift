/// Writes a NIfTI-1 single file piece by piece, so that a volume never has to be in memory as a whole.
///
/// Equal pieces give equal bytes, however they are cut. The file appears complete, by `finish`, or not at all.
public final class NIfTISliceWriter {
    private let path: String
    private let file: AtomicFile
    private let gzip: GzipSink?
    private let expectedBytes: Int
    private var writtenBytes = 0

    private var sink: any ByteSink {
        if let gzip { return gzip }
        return file
    }

    /// Opens the file and writes its header.
    ///
    /// - Parameters:
    ///   - path: Where to; compressed when it ends in `.gz`.
    ///   - geometry: Grid of the volume.
    ///   - components: Values per voxel: 1, or 3 for a vector field, the component being the slowest index.
    ///   - datatype: How values are stored.
    ///   - slope: Scale from stored to real values.
    ///   - intercept: Offset from stored to real values.
    ///   - compressionLevel: zlib level 0 to 9.
    ///   - description: Header text, cut to 79 bytes.
    /// - Throws: `ImagingError.cannotWrite`.
    public init(
        path: String, geometry: Geometry, components: Int = 1, datatype: NIfTIDatatype, slope: Double = 1,
        intercept: Double = 0, compressionLevel: Int = NIfTIWriter.defaultCompressionLevel, description: String = ""
    ) throws(ImagingError) {
        self.path = path
        file = try AtomicFile(path: path)
        gzip =
            path.lowercased().hasSuffix(".gz")
            ? try GzipSink(target: file, level: compressionLevel, path: path) : nil
        expectedBytes = geometry.voxelCount * components * datatype.byteCount
        let header = try NIfTIHeader.encode(
            geometry: geometry, components: components, datatype: datatype, slope: slope, intercept: intercept,
            intentCode: components == 3 ? 1007 : 0, description: description, path: path)
        try sink.write(header)
    }

    /// Appends stored values in storage order; they have to be of the file's datatype.
    ///
    /// - Throws: `ImagingError.cannotWrite`, also when more comes than the grid holds.
    public func append<Stored: FixedWidthInteger & BitwiseCopyable>(_ values: [Stored]) throws(ImagingError) {
        writtenBytes += values.count * MemoryLayout<Stored>.stride
        guard writtenBytes <= expectedBytes else {
            throw .cannotWrite(path: path, reason: "\(writtenBytes) bytes of voxels for a grid of \(expectedBytes)")
        }
        let sink = sink
        var failure: ImagingError?
        func emit(_ bytes: UnsafeRawBufferPointer) {
            do throws(ImagingError) { try sink.write(bytes) } catch { failure = error }
        }
        #if _endian(little)
        values.withUnsafeBytes(emit)
        #else
        values.map(\.littleEndian).withUnsafeBytes(emit)
        #endif
        if let failure { throw failure }
    }

    /// Completes the file and makes it visible under its name.
    ///
    /// - Throws: `ImagingError.cannotWrite`, also when voxels are missing.
    public func finish() throws(ImagingError) {
        guard writtenBytes == expectedBytes else {
            throw .cannotWrite(path: path, reason: "\(writtenBytes) bytes of voxels for a grid of \(expectedBytes)")
        }
        try gzip?.finish()
        try file.commit()
    }
}
