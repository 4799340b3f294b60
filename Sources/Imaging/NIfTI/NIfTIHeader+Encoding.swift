extension NIfTIHeader {
    /// The first 352 bytes of a NIfTI-1 single file: header and an empty extension flag, little-endian.
    ///
    /// Both orientations are set when the axes are orthogonal; a sheared grid has no quaternion.
    static func encode(
        geometry: Geometry, components: Int, datatype: NIfTIDatatype, slope: Double, intercept: Double,
        intentCode: Int, description: String, path: String
    ) throws(ImagingError) -> [UInt8] {
        let size = geometry.dimensions
        guard max(size.x, size.y, size.z, components) <= Int(Int16.max) else {
            throw .cannotWrite(
                path: path, reason: "\(size.x)×\(size.y)×\(size.z) exceeds the 32767 voxels per axis of NIfTI-1")
        }
        var bytes = HeaderBuilder(count: 352)
        bytes.set(Int32(348), at: 0)
        bytes.set(UInt8(ascii: "r"), at: 38)
        let extents = components == 1 ? [3, size.x, size.y, size.z] : [5, size.x, size.y, size.z, 1, components]
        for index in 0..<8 { bytes.set(Int16(index < extents.count ? extents[index] : 1), at: 40 + 2 * index) }
        bytes.set(Int16(intentCode), at: 68)
        bytes.set(Int16(datatype.rawValue), at: 70)
        bytes.set(Int16(8 * datatype.byteCount), at: 72)

        let spacing = geometry.spacingMM
        let quaternion = Quaternion(of: geometry.affine)
        let pixdim = [quaternion?.qfac ?? 1, spacing.x, spacing.y, spacing.z, 1, 1, 1, 1]
        for (index, value) in pixdim.enumerated() { bytes.set(Float(value), at: 76 + 4 * index) }
        bytes.set(Float(352), at: 108)
        bytes.set(Float(slope), at: 112)
        bytes.set(Float(intercept), at: 116)
        bytes.set(UInt8(2), at: 123)
        bytes.set(Array(description.utf8.prefix(79)), at: 148)

        let affine = geometry.affine
        if let quaternion {
            bytes.set(Int16(1), at: 252)
            for (index, value) in [quaternion.b, quaternion.c, quaternion.d].enumerated() {
                bytes.set(Float(value), at: 256 + 4 * index)
            }
            for axis in 0..<3 { bytes.set(Float(affine.translation[axis]), at: 268 + 4 * axis) }
        }
        bytes.set(Int16(1), at: 254)
        for (row, values) in [affine.row0, affine.row1, affine.row2].enumerated() {
            for column in 0..<4 { bytes.set(Float(values[column]), at: 280 + 16 * row + 4 * column) }
        }
        bytes.set(Array("n+1".utf8), at: 344)
        return bytes.bytes
    }
}

/// Little-endian fields at fixed places.
private struct HeaderBuilder {
    private(set) var bytes: [UInt8]

    init(count: Int) { bytes = Array(repeating: 0, count: count) }

    mutating func set(_ value: some FixedWidthInteger, at offset: Int) {
        withUnsafeBytes(of: value.littleEndian) { raw in
            for (index, byte) in raw.enumerated() { bytes[offset + index] = byte }
        }
    }

    mutating func set(_ value: Float, at offset: Int) { set(value.bitPattern, at: offset) }

    mutating func set(_ text: [UInt8], at offset: Int) {
        for (index, byte) in text.enumerated() { bytes[offset + index] = byte }
    }
}

/// Rotation of an affine with orthogonal axes, as the three imaginary parts of its unit quaternion.
struct Quaternion {
    let b: Double
    let c: Double
    let d: Double
    /// −1 when the third axis has to be flipped to make the rotation proper.
    let qfac: Double

    /// Nil when the axes are not orthogonal within 1e-5.
    init?(of affine: Affine) {
        let u = affine.column(0) / length(affine.column(0))
        let v = affine.column(1) / length(affine.column(1))
        var w = affine.column(2) / length(affine.column(2))
        let cosines = [(u * v).sum(), (u * w).sum(), (v * w).sum()]
        guard cosines.allSatisfy({ abs($0) < 1e-5 }) else { return nil }
        qfac = affine.determinant < 0 ? -1 : 1
        w *= qfac
        // Rows of the rotation are (u.x, v.x, w.x) and so on. The largest of the four squares is taken as divisor.
        let squares = [1 + u.x + v.y + w.z, 1 + u.x - v.y - w.z, 1 + v.y - u.x - w.z, 1 + w.z - u.x - v.y]
        var largest = 0
        for index in 1..<4 where squares[index] > squares[largest] + 1e-9 { largest = index }
        let root = squares[largest].squareRoot()
        let (x, y, z, real): (Double, Double, Double, Double)
        switch largest {
        case 0: (real, x, y, z) = (root, (v.z - w.y) / root, (w.x - u.z) / root, (u.y - v.x) / root)
        case 1: (real, x, y, z) = ((v.z - w.y) / root, root, (u.y + v.x) / root, (w.x + u.z) / root)
        case 2: (real, x, y, z) = ((w.x - u.z) / root, (u.y + v.x) / root, root, (v.z + w.y) / root)
        default: (real, x, y, z) = ((u.y - v.x) / root, (w.x + u.z) / root, (v.z + w.y) / root, root)
        }
        // The format keeps only b, c, d and takes the real part as not negative.
        let sign: Double = real < 0 ? -0.5 : 0.5
        (b, c, d) = (x * sign, y * sign, z * sign)
    }
}
