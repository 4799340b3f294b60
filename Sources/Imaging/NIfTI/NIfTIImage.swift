/// The content of a NIfTI file: header facts, geometry, and voxels that are converted on demand.
public struct NIfTIImage: Sendable {
    /// Where the image came from.
    public let path: String
    /// The header as stored.
    public let header: NIfTIHeader
    /// Grid with the affine to RAS mm.
    public let geometry: Geometry
    /// Values per voxel: 1 for a scalar volume, 3 for a field of vectors, more for a series.
    public let components: Int
    /// Oddities that did not stop the reading, in words; never text from the header.
    public let findings: [String]
    /// Smallest finite real value.
    public let minimum: Double
    /// Largest finite real value.
    public let maximum: Double
    /// Number of stored values that are NaN or infinite.
    public let nonFiniteCount: Int

    private let stored: StoredVoxels

    /// Combines header and voxels; values are examined once for the findings.
    ///
    /// - Throws: `ImagingError.malformed` when no value is finite.
    init(
        path: String, header: NIfTIHeader, geometry: Geometry, components: Int, stored: StoredVoxels,
        findings: [String]
    ) throws(ImagingError) {
        self.path = path
        self.header = header
        self.geometry = geometry
        self.components = components
        self.stored = stored

        let range = stored.visit(0..<stored.count, RangePass())
        guard !range.isEmpty else {
            throw .malformed(path: path, reason: "no voxel is finite: all are NaN or infinite")
        }
        let ends = [range.minimum, range.maximum].map { value in
            stored.scaling.map { value * $0.slope + $0.intercept } ?? value
        }
        minimum = min(ends[0], ends[1])
        maximum = max(ends[0], ends[1])
        nonFiniteCount = range.nonFiniteCount
        self.findings =
            findings
            + NIfTIImage.valueFindings(
                header: header, stored: stored, range: range, minimum: minimum, maximum: maximum)
    }

    /// The real values as Float.
    ///
    /// - Throws: `ImagingError.unsupported` when the file holds more than one value per voxel.
    public func volume() throws(ImagingError) -> Volume<Float> {
        try requireOneComponent()
        return Volume(sameGridAs: geometry, voxels: floats(ofComponent: 0))
    }

    /// One component of a series or vector field, as Float; `index` counts from 0.
    ///
    /// - Throws: `ImagingError.unsupported` when there is no such component.
    public func volume(component index: Int) throws(ImagingError) -> Volume<Float> {
        guard index >= 0, index < components else {
            throw .unsupported(path: path, reason: "component \(index) is asked for, the file has \(components)")
        }
        return Volume(sameGridAs: geometry, voxels: floats(ofComponent: index))
    }

    /// The values as labels.
    ///
    /// - Throws: `ImagingError.malformed` at the first value that is not an integer from 0 to 2³¹ − 1.
    public func labels() throws(ImagingError) -> LabelMap {
        try requireOneComponent()
        let labels: [Int32] = try labelled(LabelPass(scaling: stored.scaling))
        return LabelMap(sameGridAs: geometry, voxels: labels)
    }

    /// The labelled voxels: 1 where the value is not zero, 0 elsewhere.
    ///
    /// - Throws: `ImagingError.malformed` at the first value that is not a label; a probability map or an image
    ///   is no mask.
    public func mask() throws(ImagingError) -> Mask {
        try requireOneComponent()
        let labels: [UInt8] = try labelled(LabelPass(scaling: stored.scaling))
        return Mask(sameGridAs: geometry, voxels: labels)
    }

    /// The vectors of a field of three components.
    ///
    /// - Parameter anyIntent: Also take a 4-D file (i, j, k, 3) that has no vector intent.
    /// - Returns: The field, with components in the frame of the data set.
    /// - Throws: `ImagingError.unsupported` when the file is no vector field.
    public func vectorField(anyIntent: Bool = false) throws(ImagingError) -> VectorField {
        guard components == 3 else {
            throw .unsupported(
                path: path, reason: "a vector field has 3 values per voxel (dim 5), this file has \(components)")
        }
        guard anyIntent || header.extents.count == 5 || NIfTIHeader.vectorIntents.contains(header.intentCode) else {
            throw .unsupported(path: path, reason: "three 4-D volumes without a vector intent are not a vector field")
        }
        do throws(GeometryError) {
            return try VectorField(
                geometry: geometry, x: floats(ofComponent: 0), y: floats(ofComponent: 1), z: floats(ofComponent: 2))
        } catch {
            throw .malformed(path: path, reason: error.description)
        }
    }

    private func floats(ofComponent index: Int) -> [Float] {
        let count = geometry.voxelCount
        return stored.visit((index * count)..<((index + 1) * count), FloatPass(scaling: stored.scaling))
    }

    private func labelled<Storage>(_ pass: LabelPass<Storage>) throws(ImagingError) -> [Storage] {
        switch stored.visit(0..<stored.count, pass) {
        case .success(let labels): return labels
        case .failure(let problem):
            let size = geometry.dimensions
            let place =
                "(\(problem.offset % size.x), \(problem.offset / size.x % size.y), \(problem.offset / (size.x * size.y)))"
            throw .malformed(
                path: path,
                reason: "voxel \(place) is \(problem.value): labels and masks hold integers that are not negative")
        }
    }

    private func requireOneComponent() throws(ImagingError) {
        guard components == 1 else {
            throw .unsupported(
                path: path,
                reason: "the file holds \(components) values per voxel (4-D or vector) where one volume is expected"
            )
        }
    }
}

extension NIfTIImage {
    private static func valueFindings(
        header: NIfTIHeader, stored: StoredVoxels, range: StoredRange, minimum: Double, maximum: Double
    ) -> [String] {
        var findings: [String] = []
        if range.nonFiniteCount > 0 {
            findings.append("\(range.nonFiniteCount) values are not finite (NaN or infinite)")
        }
        if minimum == maximum {
            findings.append(
                minimum == 0
                    ? "the image is constant: every value is 0, an empty mask or an empty image"
                    : "the image is constant: every value is \(minimum)")
        }
        let largest = max(abs(minimum), abs(maximum))
        if !(largest <= Double(Float.greatestFiniteMagnitude)) {
            findings.append("the range exceeds that of Float: values overflow to infinity (slope or stored values)")
        }
        if stored.datatype.byteCount == 8, stored.datatype.isInteger,
            max(abs(range.minimum), abs(range.maximum)) > 0x1p53
        {
            findings.append("integers beyond 2^53 lose precision")
        } else if stored.datatype.byteCount >= 4, stored.datatype.isInteger, stored.scaling == nil, largest > 0x1p24 {
            findings.append("integers beyond 2^24 lose precision as Float")
        }
        return findings
    }
}
