/// The names of a single file or a pair, derived from the name that was given.
struct FilePair {
    /// File with the header.
    let header: String
    /// File with the voxels if it is another one.
    let image: String?
    private let saysCompressed: Bool

    init(path: String) {
        let lower = path.lowercased()
        let suffix = lower.hasSuffix(".gz") ? 3 : 0
        let stem = String(lower.dropLast(suffix))
        saysCompressed = suffix > 0
        let tail = String(path.suffix(suffix))
        if stem.hasSuffix(".hdr") || stem.hasSuffix(".img") {
            let base = String(path.dropLast(suffix + 4))
            // Keep the case of the given extension: A.HDR belongs to A.IMG.
            let given = String(path.dropLast(suffix).suffix(3))
            let isUpper = given.uppercased() == given
            header = base + (isUpper ? ".HDR" : ".hdr") + tail
            image = base + (isUpper ? ".IMG" : ".img") + tail
        } else {
            header = path
            image = nil
        }
    }

    func nameFinding(isCompressed: Bool) -> String? {
        switch (saysCompressed, isCompressed) {
        case (true, false): "the name ends in .gz but the content is not gzip"
        case (false, true): "the content is gzip but the name does not end in .gz"
        default: nil
        }
    }
}

/// Extents of the voxel data, checked for overflow and against the budget.
struct VoxelLayout {
    let dimensions: SIMD3<Int>
    let components: Int
    /// Size of the stored voxels in bytes.
    let byteCount: Int

    init(header: NIfTIHeader, path: String, maximumBytes: Int, findings: inout [String]) throws(ImagingError) {
        let sizes = header.extents + Array(repeating: 1, count: 7 - header.extents.count)
        if header.extents.count == 2 { findings.append("dim[0] is 2: the image is 2-D and was taken as one slice") }
        guard sizes[5] == 1, sizes[6] == 1, sizes[3] == 1 || sizes[4] == 1 else {
            // An absurd product is a matter of size, not of a sixth dimension.
            _ = try VoxelLayout.product(sizes, path: path)
            throw .unsupported(path: path, reason: "dim \(header.extents) has more than one dimension beyond space")
        }
        let values = try VoxelLayout.product(sizes, path: path)
        let stored = values.multipliedReportingOverflow(by: header.datatype.byteCount)
        let inMemory = values.multipliedReportingOverflow(by: max(4, header.datatype.byteCount))
        guard !stored.overflow, !inMemory.overflow, inMemory.partialValue <= maximumBytes else {
            throw .tooLarge(
                path: path,
                reason: "dim \(header.extents) is a size beyond the limit of \(maximumBytes) bytes in memory")
        }
        if header.bitsPerVoxel != 8 * header.datatype.byteCount {
            findings.append(
                "bitpix is \(header.bitsPerVoxel), the datatype has \(8 * header.datatype.byteCount) bits; "
                    + "the datatype was used")
        }
        if (0..<3).contains(where: { sizes[$0] == 1 }) {
            findings.append("the grid is small: dim \(Array(sizes[0..<3])) has one voxel along an axis")
        }
        dimensions = SIMD3(sizes[0], sizes[1], sizes[2])
        components = sizes[3] * sizes[4]
        byteCount = stored.partialValue
    }

    private static func product(_ sizes: [Int], path: String) throws(ImagingError) -> Int {
        var result = 1
        for size in sizes {
            let (product, overflow) = result.multipliedReportingOverflow(by: size)
            guard !overflow else {
                throw .tooLarge(path: path, reason: "the product of dim \(sizes) overflows 64 bits")
            }
            result = product
        }
        return result
    }
}

extension NIfTIReader {
    /// Reads the fixed header and, in a single file, everything up to the first voxel.
    static func readHeader(
        _ stream: any ByteStream, files: FilePair, findings: inout [String]
    ) throws(ImagingError) -> NIfTIHeader {
        let path = files.header
        var bytes = try take(348, from: stream)
        if bytes.starts(with: [GzipStream.magic.0, GzipStream.magic.1]) {
            throw .malformed(path: path, reason: "there is no NIfTI header: the content is gzip inside gzip")
        }
        guard bytes.count >= 4 else {
            throw .malformed(path: path, reason: "the file is too short for a NIfTI header (\(bytes.count) bytes)")
        }
        guard let (version, isBigEndian) = NIfTIHeader.recognise(bytes) else {
            throw .malformed(path: path, reason: "there is no NIfTI header: sizeof_hdr is neither 348 nor 540")
        }
        let size = NIfTIHeader.byteCount(version: version)
        bytes += try take(size - 348, from: stream)
        guard bytes.count == size else {
            throw .malformed(path: path, reason: "the header is truncated: \(bytes.count) of \(size) bytes")
        }
        let header = try NIfTIHeader(bytes: bytes, version: version, isBigEndian: isBigEndian, path: path)
        if header.isSingleFile, files.image != nil {
            throw .malformed(path: path, reason: "the magic says single file, the name says .hdr/.img pair")
        }
        if !header.isSingleFile, files.image == nil {
            throw .malformed(path: path, reason: "the magic says .hdr/.img pair, and this is not the .hdr file of one")
        }
        try readExtensions(stream, header: header, headerSize: size, path: path, findings: &findings)
        return header
    }

    private static func take(_ count: Int, from stream: any ByteStream) throws(ImagingError) -> [UInt8] {
        try makeBytes(count: count) { (buffer) throws(ImagingError) in try stream.read(into: buffer) }
    }

    /// Walks the extensions, whose content is not used, up to the first voxel (or the end of a .hdr file).
    private static func readExtensions(
        _ stream: any ByteStream, header: NIfTIHeader, headerSize: Int, path: String, findings: inout [String]
    ) throws(ImagingError) {
        let area: [UInt8]
        if header.isSingleFile {
            guard header.voxelOffset <= min(stream.maximumLength, maximumHeaderBytes) else {
                throw .malformed(
                    path: path,
                    reason: "vox_offset \(header.voxelOffset) lies past the end of the file or of any header")
            }
            area = try take(header.voxelOffset - headerSize, from: stream)
            guard area.count == header.voxelOffset - headerSize else {
                throw .malformed(
                    path: path, reason: "the data are truncated: the file ends before vox_offset \(header.voxelOffset)")
            }
        } else {
            area = try take(min(stream.maximumLength, maximumHeaderBytes), from: stream)
        }
        guard area.count >= 4, area[0] != 0 else { return }
        let field = HeaderBytes(bytes: area, isBigEndian: header.isBigEndian)
        var position = 4
        if area.count < position + 16 {
            findings.append("the extension flag is set but there is no extension")
        }
        while area.count - position >= 16 {
            let size = field.int32(at: position)
            guard size >= 16, size % 16 == 0, size <= area.count - position else {
                throw .malformed(
                    path: path,
                    reason: "an extension has esize \(size): not a positive multiple of 16 that fits before the voxels")
            }
            position += size
        }
    }
}
