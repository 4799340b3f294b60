/// Reads NIfTI-1 and NIfTI-2 files: single, gzip-compressed, and .hdr/.img pairs, in either byte order.
///
/// Files are untrusted: every declared size is checked against the file and the budget before memory is taken.
public enum NIfTIReader {
    /// Default budget of one image in memory: 2 GiB, counted as Float values or stored bytes, whichever is more.
    public static let defaultMaximumBytes: Int = 2 << 30

    /// No header area (header, extensions, padding) is larger than this.
    static let maximumHeaderBytes = 16 << 20

    /// Reads one file; for a pair, either name will do.
    ///
    /// - Parameters:
    ///   - path: A `.nii`, `.nii.gz`, `.hdr` or `.img` file. Compression is known by content, not by name.
    ///   - maximumBytes: Budget in memory, in bytes.
    /// - Returns: The image; its oddities are in `findings`.
    /// - Throws: `ImagingError` that names the file and the field that is wrong.
    public static func read(
        path: String, maximumBytes: Int = defaultMaximumBytes
    ) throws(ImagingError) -> NIfTIImage {
        let files = FilePair(path: path)
        var findings: [String] = []
        let stream = try openStream(path: files.header)
        if let finding = files.nameFinding(isCompressed: stream.isCompressed) { findings.append(finding) }

        let header = try readHeader(stream, files: files, findings: &findings)
        let layout = try VoxelLayout(header: header, path: path, maximumBytes: maximumBytes, findings: &findings)
        let affine = try header.affine(path: path, findings: &findings)
        let geometry = try makeGeometry(layout.dimensions, affine, header: header, path: path)
        if header.intentCode == NIfTIHeader.labelIntent {
            findings.append("the intent code says that this is a label map")
        }

        let data: any ByteStream
        let dataPath: String
        if let image = files.image {
            data = try openImage(image, for: files.header)
            dataPath = image
            try skip(header.voxelOffset, in: data, path: image)
        } else {
            data = stream
            dataPath = path
        }
        let bytes = try readVoxels(layout, header: header, from: data, path: dataPath)
        switch try data.tail() {
        case .none: break
        case .moreData(true): findings.append("there are trailing data after the volume of the declared size")
        case .moreData(false):
            findings.append(
                "there are large trailing data after the volume of the declared size; the gzip CRC was not reached")
        case .bytesAfterStream(let count):
            findings.append("there are \(count) trailing bytes after the gzip stream")
        }

        let scaled = header.slope != 0 && (header.slope != 1 || header.intercept != 0)
        var stored = StoredVoxels(
            bytes: bytes, datatype: header.datatype,
            scaling: scaled ? (slope: header.slope, intercept: header.intercept) : nil)
        if header.isBigEndian { stored.swapBytes() }
        return try NIfTIImage(
            path: path, header: header, geometry: geometry, components: layout.components, stored: stored,
            findings: findings)
    }

    private static func makeGeometry(
        _ dimensions: SIMD3<Int>, _ affine: Affine, header: NIfTIHeader, path: String
    ) throws(ImagingError) -> Geometry {
        do throws(GeometryError) {
            return try Geometry(dimensions: dimensions, affine: affine)
        } catch {
            let source = header.sformCode > 0 ? "sform" : header.qformCode > 0 ? "qform" : "pixdim"
            throw .malformed(path: path, reason: "by its \(source), \(error.description)")
        }
    }

    private static func openImage(_ image: String, for header: String) throws(ImagingError) -> any ByteStream {
        do throws(ImagingError) {
            return try openStream(path: image)
        } catch ImagingError.notFound {
            throw .malformed(path: header, reason: "the .img file of the pair is missing")
        }
    }

    private static func skip(_ count: Int, in stream: any ByteStream, path: String) throws(ImagingError) {
        guard count > 0 else { return }
        guard count <= min(stream.maximumLength, maximumHeaderBytes) else {
            throw .malformed(path: path, reason: "vox_offset \(count) lies past the end of the image data")
        }
        _ = try makeBytes(count: count) { (buffer) throws(ImagingError) in try stream.read(into: buffer) }
    }

    private static func readVoxels(
        _ layout: VoxelLayout, header: NIfTIHeader, from stream: any ByteStream, path: String
    ) throws(ImagingError) -> [UInt8] {
        let offset = header.voxelOffset
        // Not "offset + size > length": the sum may overflow.
        guard offset <= stream.maximumLength, layout.byteCount <= stream.maximumLength - offset else {
            throw .malformed(
                path: path,
                reason: "the data are truncated: \(layout.byteCount) bytes of voxels at vox_offset \(offset) "
                    + "are declared, which the file size does not hold")
        }
        let bytes = try makeBytes(count: layout.byteCount) { (buffer) throws(ImagingError) in
            try stream.read(into: buffer)
        }
        guard bytes.count == layout.byteCount else {
            throw .malformed(
                path: path,
                reason:
                    "the data are truncated: \(layout.byteCount) bytes of voxels are declared, \(bytes.count) follow"
            )
        }
        return bytes
    }
}
