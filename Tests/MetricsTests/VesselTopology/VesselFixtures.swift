import Foundation
import Imaging
import Testing

/// A mask of the fixtures, with its skeletons where the set has them.
struct VesselFixture: Sendable {
    /// Voxels of each layer, i fastest: mask, skeleton by scikit-image's Lee, homotopic skeleton.
    var layers: [[UInt8]]
    var dimensions: SIMD3<Int>

    /// Reads every record of a file; the format stands in the fixtures' README.
    static func records(_ name: String) throws -> [VesselFixture] {
        let url = try #require(
            Bundle.module.url(forResource: name, withExtension: "rle", subdirectory: "Fixtures/vessel"))
        let bytes = [UInt8](try Data(contentsOf: url))
        var position = 0
        func integer() -> Int {
            var value = 0
            var shift = 0
            while position < bytes.count {
                let byte = bytes[position]
                position += 1
                value |= Int(byte & 127) << shift
                shift += 7
                if byte < 128 { break }
            }
            return value
        }
        var found: [VesselFixture] = []
        while position < bytes.count {
            let dimensions = SIMD3(integer(), integer(), integer())
            let total = dimensions.x * dimensions.y * dimensions.z
            let layers = (0..<integer()).map { _ in
                var voxels = [UInt8](repeating: 0, count: total)
                var at = 0
                var value: UInt8 = 0
                while at < total {
                    let length = integer()
                    if value == 1 { for index in at..<at + length { voxels[index] = 1 } }
                    at += length
                    value = 1 - value
                }
                return voxels
            }
            found.append(VesselFixture(layers: layers, dimensions: dimensions))
        }
        return found
    }

    /// The one record of a golden case.
    static func golden(_ name: String) throws -> VesselFixture { try #require(try records(name).first) }

    /// A layer as a mask with the given voxel size.
    func mask(layer: Int = 0, spacingMM: SIMD3<Double> = SIMD3(1, 1, 1)) throws -> Mask {
        let geometry = try Geometry(dimensions: dimensions, affine: Affine(spacingMM: spacingMM))
        return try Mask(geometry: geometry, voxels: layers[layer])
    }

    /// Voxel size of the golden grids.
    static func spacingMM(ofGrid grid: String) -> SIMD3<Double> {
        grid == "aniso" ? SIMD3(0.78, 0.78, 2.5) : SIMD3(1, 1, 1)
    }
}

extension Mask {
    /// A solid box of ones in a grid with a margin of three voxels.
    static func box(_ size: SIMD3<Int>, spacingMM: SIMD3<Double> = SIMD3(1, 1, 1)) throws -> Mask {
        let geometry = try Geometry(
            dimensions: SIMD3(size.x + 6, size.y + 6, size.z + 6), affine: Affine(spacingMM: spacingMM))
        var mask = Mask(geometry: geometry, repeating: 0)
        for k in 0..<size.z {
            for j in 0..<size.y {
                for i in 0..<size.x { mask[i + 3, j + 3, k + 3] = 1 }
            }
        }
        return mask
    }

    /// Number of non-zero voxels.
    var foregroundCount: Int { voxels.reduce(0) { $0 + ($1 != 0 ? 1 : 0) } }
}

/// Number of places at which two arrays of voxels differ; comparing arrays in an expectation would print them.
func differences(_ a: [UInt8], _ b: [UInt8]) -> Int {
    a.count == b.count ? zip(a, b).reduce(0) { $0 + ($1.0 != $1.1 ? 1 : 0) } : max(a.count, b.count)
}
