/// Where a stack of slices lies: the side file `geometry.txt`.
///
/// Lines of `key: numbers`. `spacing` (mm along column, row, slice) is required; `origin` (world RAS mm of the first
/// pixel of the first slice), `column`, `row` and `slice` (unit vectors, RAS, in which the indices grow), `slope` and
/// `intercept` (value = slope × sample + intercept) have to be given as well: nothing about a patient is guessed.
struct PNGStackGeometry: Sendable, Equatable {
    var affine: Affine
    var slope: Double
    var intercept: Double

    private static let keys: [(name: String, count: Int)] = [
        ("spacing", 3), ("origin", 3), ("column", 3), ("row", 3), ("slice", 3), ("slope", 1), ("intercept", 1),
    ]

    init(path: String) throws(ImagingError) {
        let bytes = try RegularFile(path: path).readAll(maximumBytes: 4096)
        try self.init(text: String(decoding: bytes, as: UTF8.self), path: path)
    }

    init(text: String, path: String) throws(ImagingError) {
        var values: [String: [Double]] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: ":", maxSplits: 1).map { $0.split(separator: " ") }
            guard let key = parts.first?.first.map(String.init), !key.hasPrefix("#") else { continue }
            guard let expected = PNGStackGeometry.keys.first(where: { $0.name == key }), parts.count == 2 else {
                throw .malformed(path: path, reason: "'\(key)' is none of the keys of a stack's geometry")
            }
            let numbers = parts[1].compactMap { Double($0) }
            guard numbers.count == expected.count, parts[1].count == expected.count,
                numbers.allSatisfy({ $0.isFinite && abs($0) <= 1e6 })
            else { throw .malformed(path: path, reason: "'\(key)' needs \(expected.count) finite numbers") }
            guard values.updateValue(numbers, forKey: key) == nil else {
                throw .malformed(path: path, reason: "'\(key)' is there twice")
            }
        }
        func vector(_ key: String) throws(ImagingError) -> SIMD3<Double> {
            guard let v = values[key] else { throw .malformed(path: path, reason: "'\(key)' is missing") }
            return SIMD3(v[0], v[1], v[2])
        }
        func scalar(_ key: String) throws(ImagingError) -> Double {
            guard let v = values[key] else { throw .malformed(path: path, reason: "'\(key)' is missing") }
            return v[0]
        }
        let spacing = try vector("spacing")
        let origin = try vector("origin")
        var axes: [SIMD3<Double>] = []
        for key in ["column", "row", "slice"] {
            let axis = try vector(key)
            guard abs(length(axis) - 1) < 1e-3 else {
                throw .malformed(path: path, reason: "'\(key)' is not a vector of length 1")
            }
            axes.append(axis * spacing[axes.count])
        }
        affine = Affine(
            SIMD4(axes[0].x, axes[1].x, axes[2].x, origin.x),
            SIMD4(axes[0].y, axes[1].y, axes[2].y, origin.y),
            SIMD4(axes[0].z, axes[1].z, axes[2].z, origin.z))
        slope = try scalar("slope")
        intercept = try scalar("intercept")
    }
}
