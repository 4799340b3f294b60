/// What a NIfTI file is made of besides its fixed header.
protocol NIfTIContent {
    var geometry: Geometry { get }
    var components: Int { get }
    var datatype: NIfTIDatatype { get }
    var slope: Double { get }
    var intercept: Double { get }
    var intentCode: Int { get }
    func emitVoxels(to sink: any ByteSink, path: String) throws(ImagingError)
}

extension NIfTIContent {
    var components: Int { 1 }
    var slope: Double { 1 }
    var intercept: Double { 0 }
    var intentCode: Int { 0 }
}

/// Real values, stored in any datatype.
struct ScalarContent: NIfTIContent {
    let geometry: Geometry
    let voxels: [Float]
    let datatype: NIfTIDatatype
    let slope: Double
    let intercept: Double

    func emitVoxels(to sink: any ByteSink, path: String) throws(ImagingError) {
        // The file keeps the scale as Float: stored values must be right for what a reader will see.
        let scale = Scale(slope: Double(Float(slope)), intercept: Double(Float(intercept)))
        switch datatype {
        case .uint8: try emit(UInt8.self, scale, sink, path)
        case .int8: try emit(Int8.self, scale, sink, path)
        case .uint16: try emit(UInt16.self, scale, sink, path)
        case .int16: try emit(Int16.self, scale, sink, path)
        case .uint32: try emit(UInt32.self, scale, sink, path)
        case .int32: try emit(Int32.self, scale, sink, path)
        case .uint64: try emit(UInt64.self, scale, sink, path)
        case .int64: try emit(Int64.self, scale, sink, path)
        case .float32:
            try emitChunks(voxels, to: sink, path: path) { value in Float(scale.stored(value)).bitPattern.littleEndian }
        case .float64:
            try emitChunks(voxels, to: sink, path: path) { value in scale.stored(value).bitPattern.littleEndian }
        }
    }

    private struct Scale {
        let slope: Double
        let intercept: Double

        @inline(__always)
        func stored(_ value: Float) -> Double { (Double(value) - intercept) / slope }
    }

    private func emit<T: FixedWidthInteger & BitwiseCopyable>(
        _ type: T.Type, _ scale: Scale, _ sink: any ByteSink, _ path: String
    ) throws(ImagingError) {
        try emitChunks(voxels, to: sink, path: path) { value in
            T(exactly: scale.stored(value).rounded())?.littleEndian
        }
    }
}

/// A mask as unsigned bytes, as it is.
struct MaskContent: NIfTIContent {
    let mask: Mask
    var geometry: Geometry { mask.geometry }
    var datatype: NIfTIDatatype { .uint8 }

    func emitVoxels(to sink: any ByteSink, path: String) throws(ImagingError) { try sink.write(mask.voxels) }
}

/// Labels in the smallest signed or unsigned type that holds them.
struct LabelContent: NIfTIContent {
    let labels: LabelMap
    let datatype: NIfTIDatatype
    var geometry: Geometry { labels.geometry }

    init(labels: LabelMap) {
        self.labels = labels
        let largest = labels.voxels.max() ?? 0
        let smallest = labels.voxels.min() ?? 0
        if smallest >= 0, largest <= 255 {
            datatype = .uint8
        } else if smallest >= Int32(Int16.min), largest <= Int32(Int16.max) {
            datatype = .int16
        } else {
            datatype = .int32
        }
    }

    func emitVoxels(to sink: any ByteSink, path: String) throws(ImagingError) {
        switch datatype {
        case .uint8: try emitChunks(labels.voxels, to: sink, path: path) { UInt8(exactly: $0) }
        case .int16: try emitChunks(labels.voxels, to: sink, path: path) { Int16(exactly: $0)?.littleEndian }
        default: try emitChunks(labels.voxels, to: sink, path: path) { $0.littleEndian }
        }
    }
}

/// Three components as float32, component slowest.
struct VectorContent: NIfTIContent {
    let field: VectorField
    var geometry: Geometry { field.geometry }
    var components: Int { 3 }
    var datatype: NIfTIDatatype { .float32 }
    var intentCode: Int { 1007 }

    func emitVoxels(to sink: any ByteSink, path: String) throws(ImagingError) {
        for component in [field.x, field.y, field.z] {
            try emitChunks(component, to: sink, path: path) { $0.bitPattern.littleEndian }
        }
    }
}

/// Converts and writes values piece by piece, so that no second copy of a volume is made.
private func emitChunks<Source, Stored: BitwiseCopyable>(
    _ source: [Source], to sink: any ByteSink, path: String, _ convert: (Source) -> Stored?
) throws(ImagingError) {
    let size = 1 << 16
    var chunk: [Stored] = []
    chunk.reserveCapacity(size)
    var start = 0
    while start < source.count {
        let end = min(start + size, source.count)
        chunk.removeAll(keepingCapacity: true)
        for index in start..<end {
            guard let value = convert(source[index]) else {
                throw .cannotWrite(
                    path: path, reason: "value \(source[index]) of voxel \(index) does not fit the datatype")
            }
            chunk.append(value)
        }
        var failure: ImagingError?
        chunk.withUnsafeBytes { raw in
            do throws(ImagingError) { try sink.write(raw) } catch { failure = error }
        }
        if let failure { throw failure }
        start = end
    }
}
