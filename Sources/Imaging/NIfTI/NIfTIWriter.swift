/// Writes NIfTI-1 single files, compressed when the name ends in `.gz`.
///
/// Equal input gives equal bytes. A file appears complete or not at all.
public enum NIfTIWriter {
    /// Compression level that is used when none is asked for: images gain little from more, and it costs much time.
    public static let defaultCompressionLevel: Int = 3

    /// Writes a scalar volume.
    ///
    /// - Parameters:
    ///   - volume: Real values.
    ///   - path: Where to; `.nii` or `.nii.gz`.
    ///   - datatype: How values are stored; integers are rounded to nearest, ties away from zero.
    ///   - slope: Scale from stored to real values.
    ///   - intercept: Offset from stored to real values.
    ///   - compressionLevel: zlib level 0 to 9.
    ///   - description: Header text, cut to 79 bytes; never put patient data there.
    /// - Throws: `ImagingError.cannotWrite`, also when a value does not fit the datatype.
    public static func write(
        _ volume: Volume<Float>, to path: String, datatype: NIfTIDatatype = .float32, slope: Double = 1,
        intercept: Double = 0, compressionLevel: Int = defaultCompressionLevel, description: String = ""
    ) throws(ImagingError) {
        let content = ScalarContent(
            geometry: volume.geometry, voxels: volume.voxels, datatype: datatype, slope: slope, intercept: intercept)
        try write(content, to: path, level: compressionLevel, description: description)
    }

    /// Writes a mask as unsigned bytes.
    public static func write(
        _ mask: Mask, to path: String, compressionLevel: Int = defaultCompressionLevel, description: String = ""
    ) throws(ImagingError) {
        try write(MaskContent(mask: mask), to: path, level: compressionLevel, description: description)
    }

    /// Writes a label map in the smallest of uint8, int16, int32 that holds its labels.
    public static func write(
        _ labels: LabelMap, to path: String, compressionLevel: Int = defaultCompressionLevel, description: String = ""
    ) throws(ImagingError) {
        try write(LabelContent(labels: labels), to: path, level: compressionLevel, description: description)
    }

    /// Writes a vector field as 5-D float32 (i, j, k, 1, 3) with vector intent.
    public static func write(
        _ field: VectorField, to path: String, compressionLevel: Int = defaultCompressionLevel,
        description: String = ""
    ) throws(ImagingError) {
        try write(VectorContent(field: field), to: path, level: compressionLevel, description: description)
    }

    /// Encodes a scalar volume in memory, as `write` would.
    public static func encode(
        _ volume: Volume<Float>, datatype: NIfTIDatatype = .float32, slope: Double = 1, intercept: Double = 0,
        compressed: Bool = false, compressionLevel: Int = defaultCompressionLevel, description: String = ""
    ) throws(ImagingError) -> [UInt8] {
        let content = ScalarContent(
            geometry: volume.geometry, voxels: volume.voxels, datatype: datatype, slope: slope, intercept: intercept)
        return try encode(content, compressed: compressed, level: compressionLevel, description: description)
    }

    /// Encodes a mask in memory, as `write` would.
    public static func encode(
        _ mask: Mask, compressed: Bool = false, compressionLevel: Int = defaultCompressionLevel,
        description: String = ""
    ) throws(ImagingError) -> [UInt8] {
        try encode(
            MaskContent(mask: mask), compressed: compressed, level: compressionLevel, description: description)
    }

    /// Encodes a label map in memory, as `write` would.
    public static func encode(
        _ labels: LabelMap, compressed: Bool = false, compressionLevel: Int = defaultCompressionLevel,
        description: String = ""
    ) throws(ImagingError) -> [UInt8] {
        try encode(
            LabelContent(labels: labels), compressed: compressed, level: compressionLevel, description: description)
    }

    /// Encodes a vector field in memory, as `write` would.
    public static func encode(
        _ field: VectorField, compressed: Bool = false, compressionLevel: Int = defaultCompressionLevel,
        description: String = ""
    ) throws(ImagingError) -> [UInt8] {
        try encode(
            VectorContent(field: field), compressed: compressed, level: compressionLevel, description: description)
    }

    private static func write(
        _ content: some NIfTIContent, to path: String, level: Int, description: String
    ) throws(ImagingError) {
        let file = try AtomicFile(path: path)
        if path.lowercased().hasSuffix(".gz") {
            let gzip = try GzipSink(target: file, level: level, path: path)
            try emit(content, to: gzip, description: description, path: path)
            try gzip.finish()
        } else {
            try emit(content, to: file, description: description, path: path)
        }
        try file.commit()
    }

    private static func encode(
        _ content: some NIfTIContent, compressed: Bool, level: Int, description: String
    ) throws(ImagingError) -> [UInt8] {
        let memory = MemorySink()
        if compressed {
            let gzip = try GzipSink(target: memory, level: level, path: "memory")
            try emit(content, to: gzip, description: description, path: "memory")
            try gzip.finish()
        } else {
            try emit(content, to: memory, description: description, path: "memory")
        }
        return memory.bytes
    }

    private static func emit(
        _ content: some NIfTIContent, to sink: any ByteSink, description: String, path: String
    ) throws(ImagingError) {
        guard content.slope.isFinite, content.slope != 0, content.intercept.isFinite else {
            throw .cannotWrite(
                path: path, reason: "slope \(content.slope) and intercept \(content.intercept) are no usable scale")
        }
        try sink.write(
            NIfTIHeader.encode(
                geometry: content.geometry, components: content.components, datatype: content.datatype,
                slope: content.slope, intercept: content.intercept, intentCode: content.intentCode,
                description: description, path: path))
        try content.emitVoxels(to: sink, path: path)
    }
}
