import Foundation
import Imaging
import Testing

/// A C-ordered `.npy` array; the last axis runs fastest, so numpy's (z, y, x) is the storage order of a volume.
struct NumpyFile {
    var shape: [Int]
    var values: [Double]
    var kind: String

    enum Problem: Error {
        case format(String)
    }

    init(_ url: URL) throws {
        let bytes = [UInt8](try Data(contentsOf: url))
        guard bytes.count > 10, bytes[0] == 0x93, bytes[6] == 1 else { throw Problem.format(url.lastPathComponent) }
        let headerLength = Int(bytes[8]) | Int(bytes[9]) << 8
        let header = String(decoding: bytes[10..<10 + headerLength], as: UTF8.self)
        guard !header.contains("'fortran_order': True"), let descriptor = header.firstMatch(of: /'descr': '([^']+)'/),
            let shapeText = header.firstMatch(of: /'shape': \(([^)]*)\)/)
        else { throw Problem.format(header) }
        kind = String(descriptor.1)
        shape = shapeText.1.split(separator: ",").compactMap { Int($0.trimmingCharacters(in: .whitespaces)) }
        let count = shape.reduce(1, *)
        let body = bytes[(10 + headerLength)...]
        values = body.withUnsafeBytes { raw in
            (0..<count).map { index in
                switch descriptor.1 {
                case "<f4": Double(raw.loadUnaligned(fromByteOffset: index * 4, as: Float.self))
                case "<f8": raw.loadUnaligned(fromByteOffset: index * 8, as: Double.self)
                case "|u1", "|b1": Double(raw.loadUnaligned(fromByteOffset: index, as: UInt8.self))
                default: .nan
                }
            }
        }
    }

    /// The array as a volume with axes x, y, z; a 2-D array becomes one slice.
    func volume<Scalar: Sendable>(spacingMM: SIMD3<Double>, _ convert: (Double) -> Scalar) throws -> Volume<Scalar> {
        let zyx = shape.count == 2 ? [1] + shape : shape
        let geometry = try Geometry(
            dimensions: SIMD3(zyx[2], zyx[1], zyx[0]), affine: Affine(spacingMM: spacingMM))
        return try Volume(geometry: geometry, voxels: values.map(convert))
    }
}

/// The golden vectors of the image and surface metrics.
struct GoldenMetrics {
    let folder: URL
    let root: [String: Any]

    init() throws {
        let resources = try #require(Bundle.module.resourceURL)
        folder = resources.appending(path: "Fixtures/golden-metrics")
        let data = try Data(contentsOf: folder.appending(path: "expected.json"))
        root = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    func cases(_ kind: String) throws -> [[String: Any]] { try #require(root[kind] as? [[String: Any]]) }

    func image(_ name: String) throws -> Volume<Float>? {
        let url = folder.appending(path: name)
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        return try NumpyFile(url).volume(spacingMM: SIMD3(1, 1, 1), { Float($0) })
    }

    func mask(_ name: String, spacingMM: SIMD3<Double> = SIMD3(1, 1, 1)) throws -> Mask? {
        let url = folder.appending(path: name)
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        return try NumpyFile(url).volume(spacingMM: spacingMM, { $0 != 0 ? 1 : 0 })
    }
}
