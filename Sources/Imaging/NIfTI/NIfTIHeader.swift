/// The facts of a NIfTI-1 or NIfTI-2 header, as stored: nothing is corrected here.
public struct NIfTIHeader: Sendable, Equatable {
    /// Format version, 1 or 2.
    public var version: Int
    /// Whether the file stores big-endian numbers.
    public var isBigEndian: Bool
    /// Whether header and voxels share one file (`n+1`, `n+2`), or form a .hdr/.img pair.
    public var isSingleFile: Bool
    /// The extents dim[1] … dim[dim[0]].
    public var extents: [Int]
    /// Voxel type.
    public var datatype: NIfTIDatatype
    /// Bits per voxel as stored; the datatype decides.
    public var bitsPerVoxel: Int
    /// pixdim[0] … pixdim[7]: qfac, then grid spacings in the unit of `spatialUnitCode`.
    public var pixdim: [Double]
    /// Position of the first voxel in the file, in bytes.
    public var voxelOffset: Int
    /// Scale from stored to real values; 0 means no scaling.
    public var slope: Double
    /// Offset from stored to real values.
    public var intercept: Double
    /// Method code of the quaternion orientation; 0 if there is none.
    public var qformCode: Int
    /// Method code of the affine orientation; 0 if there is none.
    public var sformCode: Int
    /// Quaternion components b, c, d.
    public var quaternion: SIMD3<Double>
    /// Translation of the quaternion orientation, in the file's spatial unit.
    public var quaternionOffset: SIMD3<Double>
    /// Affine orientation as stored, in the file's spatial unit.
    public var sform: Affine
    /// Intent code, such as 1002 for labels and 1006/1007 for displacement and other vectors.
    public var intentCode: Int
    /// Intent name: free text, which may hold patient data.
    public var intentName: String
    /// Description: free text, which may hold patient data.
    public var descriptionText: String
    /// Auxiliary file: free text, which may hold patient data.
    public var auxiliaryFile: String
    /// Spatial unit: 0 unknown, 1 metre, 2 millimetre, 3 micrometre.
    public var spatialUnitCode: Int

    /// Intent of a label map.
    public static let labelIntent = 1002
    /// Intents of a displacement vector and of any other vector at each voxel.
    public static let vectorIntents: Set<Int> = [1006, 1007]
}

extension NIfTIHeader {
    /// Bytes of the fixed header by version.
    static func byteCount(version: Int) -> Int { version == 1 ? 348 : 540 }

    /// Version and byte order from the first four bytes, or nil if they are no NIfTI header size.
    static func recognise(_ head: [UInt8]) -> (version: Int, isBigEndian: Bool)? {
        guard head.count >= 4 else { return nil }
        for isBigEndian in [false, true] {
            switch HeaderBytes(bytes: head, isBigEndian: isBigEndian).int32(at: 0) {
            case 348: return (1, isBigEndian)
            case 540: return (2, isBigEndian)
            default: continue
            }
        }
        return nil
    }

    /// Reads and checks the fixed header.
    ///
    /// - Throws: `ImagingError.malformed` or `.unsupported`, naming the field.
    init(bytes: [UInt8], version: Int, isBigEndian: Bool, path: String) throws(ImagingError) {
        let field = HeaderBytes(bytes: bytes, isBigEndian: isBigEndian)
        self.version = version
        self.isBigEndian = isBigEndian
        isSingleFile = try NIfTIHeader.magic(bytes, version: version, path: path)

        let dim = (0..<8).map { version == 1 ? field.int16(at: 40 + 2 * $0) : field.int64(at: 16 + 8 * $0) }
        extents = try NIfTIHeader.extents(dim, path: path)

        let code = field.int16(at: version == 1 ? 70 : 12)
        guard let datatype = NIfTIDatatype(rawValue: code) else {
            if let name = NIfTIDatatype.unsupportedName(code: code) {
                throw .unsupported(path: path, reason: "datatype \(code) (\(name)) is not an integer or float type")
            }
            throw .malformed(path: path, reason: "datatype \(code) is not a NIfTI type")
        }
        self.datatype = datatype
        bitsPerVoxel = field.int16(at: version == 1 ? 72 : 14)

        func number(_ at1: Int, _ at2: Int) -> Double {
            version == 1 ? field.float32(at: at1) : field.float64(at: at2)
        }
        func integer(_ at1: Int, _ at2: Int) -> Int { version == 1 ? field.int16(at: at1) : field.int32(at: at2) }

        pixdim = (0..<8).map { number(76 + 4 * $0, 104 + 8 * $0) }
        slope = number(112, 176)
        intercept = number(116, 184)
        qformCode = integer(252, 344)
        sformCode = integer(254, 348)
        quaternion = SIMD3(number(256, 352), number(260, 360), number(264, 368))
        quaternionOffset = SIMD3(number(268, 376), number(272, 384), number(276, 392))
        let rows = (0..<3).map { row in
            SIMD4(
                number(280 + 16 * row, 400 + 32 * row), number(284 + 16 * row, 408 + 32 * row),
                number(288 + 16 * row, 416 + 32 * row), number(292 + 16 * row, 424 + 32 * row))
        }
        sform = Affine(rows[0], rows[1], rows[2])
        intentCode = integer(68, 504)
        intentName = field.text(at: version == 1 ? 328 : 508, count: 16)
        descriptionText = field.text(at: version == 1 ? 148 : 240, count: 80)
        auxiliaryFile = field.text(at: version == 1 ? 228 : 320, count: 24)
        // The lower three bits hold the spatial unit, the rest the unit of time.
        spatialUnitCode = (version == 1 ? Int(bytes[123]) : field.int32(at: 500)) & 7

        if version == 1 {
            let stored = field.float32(at: 108)
            guard let offset = Int(exactly: stored) else {
                throw .malformed(path: path, reason: "vox_offset \(stored) is not a whole number of bytes")
            }
            voxelOffset = offset
        } else {
            voxelOffset = field.int64(at: 168)
        }
        try check(path: path)
    }

    private static func magic(_ bytes: [UInt8], version: Int, path: String) throws(ImagingError) -> Bool {
        let start = version == 1 ? 344 : 4
        let magic = Array(bytes[start..<(start + 4)])
        let digit = UInt8(ascii: version == 1 ? "1" : "2")
        let single = [UInt8(ascii: "n"), UInt8(ascii: "+"), digit, 0]
        let pair = [UInt8(ascii: "n"), UInt8(ascii: "i"), digit, 0]
        guard magic == single || magic == pair else {
            if version == 1, magic == [0, 0, 0, 0] {
                throw .unsupported(
                    path: path,
                    reason: "there is no NIfTI magic: this is an Analyze 7.5 header, which has no orientation")
            }
            throw .malformed(path: path, reason: "the magic bytes \(magic) are not those of NIfTI-\(version)")
        }
        if version == 2, Array(bytes[8..<12]) != [0x0d, 0x0a, 0x1a, 0x0a] {
            throw .malformed(
                path: path, reason: "the NIfTI-2 magic is corrupt: the file was damaged by a transfer in text mode")
        }
        return magic == single
    }

    private static func extents(_ dim: [Int], path: String) throws(ImagingError) -> [Int] {
        guard (1...7).contains(dim[0]) else {
            throw .malformed(path: path, reason: "dim[0] is \(dim[0]), not 1 to 7")
        }
        for axis in 1...dim[0] where dim[axis] < 1 {
            throw .malformed(path: path, reason: "dim[\(axis)] is \(dim[axis]), not positive")
        }
        guard dim[0] >= 2 else {
            throw .unsupported(path: path, reason: "dim[0] is 1: a line of voxels is not a volume")
        }
        return Array(dim[1...dim[0]])
    }

    private func check(path: String) throws(ImagingError) {
        // A slope of zero switches scaling off; then the intercept is ignored, whatever it is.
        if slope != 0, !slope.isFinite || !intercept.isFinite {
            throw .malformed(path: path, reason: "scl_slope \(slope) and scl_inter \(intercept) are not finite")
        }
        let smallest = isSingleFile ? NIfTIHeader.byteCount(version: version) + 4 : 0
        guard voxelOffset >= smallest else {
            throw .malformed(
                path: path, reason: "vox_offset \(voxelOffset) lies inside the header, which ends at byte \(smallest)")
        }
    }
}
