/// A volume as a folder of grey PNG slices, with its geometry in a side file.
///
/// Slices are ordered by the last number in their names (natural order: 2 before 10) and must be complete: the numbers
/// are consecutive, sizes and depths equal, every slice readable. Column is i, row is j, slice is k; the geometry is
/// that of these axes.
public enum PNGStack {
    /// Name of the side file.
    public static let geometryName = "geometry.txt"
    /// Largest number of slices.
    public static let maximumSlices = 4096

    /// The slices of a folder.
    public struct Slices: Sendable {
        /// Paths in the order of the stack.
        public var paths: [String]
        /// Dimensions in voxels.
        public var dimensions: SIMD3<Int>
        /// 8 or 16.
        public var bitDepth: Int
        /// Stored samples, i fastest.
        public var samples: [UInt16]
        /// What is odd about the files, each once.
        public var findings: [String]
    }

    /// Reads a folder as a volume; the side file says where it lies and how samples become values.
    ///
    /// - Throws: `ImagingError` with the file and the cause.
    public static func readVolume(folder: String) throws(ImagingError) -> Volume<Float> {
        let side = try PNGStackGeometry(path: folder + "/" + geometryName)
        let slices = try readSlices(folder: folder)
        let geometry: Geometry
        do throws(GeometryError) {
            geometry = try Geometry(dimensions: slices.dimensions, affine: side.affine)
        } catch {
            throw .malformed(path: folder + "/" + geometryName, reason: error.description)
        }
        let slope = side.slope
        let intercept = side.intercept
        return Volume(sameGridAs: geometry, voxels: slices.samples.map { Float(slope * Double($0) + intercept) })
    }

    /// Reads a folder as labels, which are the stored samples as they are.
    ///
    /// - Throws: `ImagingError` with the file and the cause; also when the side file maps samples to other values.
    public static func readLabels(folder: String) throws(ImagingError) -> LabelMap {
        let side = try PNGStackGeometry(path: folder + "/" + geometryName)
        guard side.slope == 1, side.intercept == 0 else {
            throw .malformed(path: folder + "/" + geometryName, reason: "labels need slope 1 and intercept 0")
        }
        return try readVolume(folder: folder).map { Int32($0) }
    }

    /// Reads the slices of a folder.
    ///
    /// - Throws: `ImagingError` with the file and the cause: no PNG, a gap, a duplicate, unequal slices, damage.
    public static func readSlices(folder: String) throws(ImagingError) -> Slices {
        let names = try FolderListing.names(in: folder).filter { $0.lowercased().hasSuffix(".png") }
        guard !names.isEmpty else { throw .malformed(path: folder, reason: "the folder is empty of PNG files") }
        guard names.count <= maximumSlices else {
            throw .tooLarge(path: folder, reason: "\(names.count) slices; the limit is \(maximumSlices)")
        }
        let paths = try ordered(names, in: folder).map { folder + "/" + $0 }
        var result = Slices(
            paths: paths, dimensions: SIMD3(0, 0, paths.count), bitDepth: 0, samples: [], findings: [])
        for path in paths { try append(PNGReader.read(path: path), from: path, to: &result) }
        return result
    }

    private static func append(
        _ read: PNGImage, from path: String, to slices: inout Slices
    ) throws(ImagingError) {
        guard let image = read.grey else {
            throw .unsupported(path: path, reason: "a colour image with \(read.channels) channels; a slice is grey")
        }
        if slices.bitDepth == 0 {
            slices.dimensions.x = image.width
            slices.dimensions.y = image.height
            slices.bitDepth = image.bitDepth
            let (count, overflow) = image.samples.count.multipliedReportingOverflow(by: slices.dimensions.z)
            guard !overflow, count <= 1 << 30 else {
                throw .tooLarge(path: path, reason: "the stack would have more than 2^30 voxels")
            }
            slices.samples.reserveCapacity(count)
        }
        guard (image.width, image.height) == (slices.dimensions.x, slices.dimensions.y) else {
            throw .malformed(
                path: path,
                reason: "size \(image.width)×\(image.height) in a stack of \(slices.dimensions.x)×"
                    + "\(slices.dimensions.y): mixed sizes")
        }
        guard image.bitDepth == slices.bitDepth else {
            throw .malformed(
                path: path, reason: "\(image.bitDepth) bits in a stack of \(slices.bitDepth): mixed bit depth")
        }
        slices.samples += image.samples
        for finding in read.findings where !slices.findings.contains(finding) { slices.findings.append(finding) }
    }

    /// Names by their last number; gaps, duplicates and names without a number are refused.
    private static func ordered(_ names: [String], in folder: String) throws(ImagingError) -> [String] {
        var numbered: [(number: Int, name: String)] = []
        for name in names {
            guard let number = lastNumber(in: name.dropLast(4)) else {
                throw .malformed(
                    path: folder + "/" + name, reason: "the name has no number, so the order of slices is unknown")
            }
            numbered.append((number, name))
        }
        numbered.sort { ($0.number, $0.name) < ($1.number, $1.name) }
        for (a, b) in zip(numbered, numbered.dropFirst()) {
            guard a.number != b.number else {
                throw .malformed(
                    path: folder + "/" + b.name, reason: "duplicate slice index \(b.number), as in '\(a.name)'")
            }
            guard b.number == a.number + 1 else {
                throw .malformed(path: folder, reason: "slice index \(a.number + 1) is missing: a gap in the stack")
            }
        }
        return numbered.map(\.name)
    }

    private static func lastNumber(in name: Substring) -> Int? {
        let digits = name.utf8.reversed().drop { !isDigit($0) }.prefix(while: isDigit)
        guard !digits.isEmpty, digits.count <= 9 else { return nil }
        return digits.reversed().reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
}
