import Crypto
import GRDB
import Imaging

/// SHA-256 over grid and voxels of an image, so that two runs can be compared without keeping images.
enum OutputDigest {
    static func sha256(of volume: Volume<Float>) -> String {
        var hash = SHA256()
        var encoder = RowEncoder()
        let geometry = volume.geometry
        for axis in 0..<3 { encoder.add(Int64(geometry.dimensions[axis]).databaseValue) }
        for column in 0..<4 {
            let vector = column < 3 ? geometry.affine.column(column) : geometry.affine.translation
            for axis in 0..<3 { encoder.add(vector[axis].databaseValue) }
        }
        hash.update(data: encoder.bytes)
        volume.voxels.withUnsafeBytes { hash.update(bufferPointer: $0) }
        return Hexadecimal.text(Array(hash.finalize())[...])
    }
}
