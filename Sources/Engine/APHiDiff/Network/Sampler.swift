import Foundation

/// Noise clocks of the three scales and the noise of a seed.
struct Sampler: Sendable {
    /// Exponents of the clocks, coarse to fine: the coarse scale clears first.
    private let powers: [Double]

    init(_ weights: NetworkWeights) throws(SafetensorsError) {
        powers = try NetworkWeights.describe("clock_powers", of: weights.file)
        guard powers.count == 3, powers.allSatisfy({ $0 > 0 && $0 < 10 }) else {
            throw SafetensorsError(file: weights.file.name, reason: "the clock powers are not three positive numbers")
        }
    }

    /// Noise levels of the three scales at the times of the steps, which run from 1 down in equal parts.
    func levels(steps: Int) -> [[Double]] {
        (0..<steps).map { step in
            let time = 1 - Double(step) / Double(steps)
            return powers.map { pow(time, $0) }
        }
    }

    /// Normal noise of a seed, channels fastest; the same for every slice, so that neighbouring slices agree.
    ///
    /// Element n, counted band by band, is √(−2 ln u) · cos 2πv; u and v are the upper 53 bits of two hashes of the seed and n.
    static func noise(seed: UInt64, size: FrameSize) -> [Float] {
        let pixels = size.pixels(0)
        let golden: UInt64 = 0x9E37_79B9_7F4A_7C15
        func mix(_ x: UInt64) -> UInt64 {
            var z = x &+ golden
            z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
            return z ^ z >> 31
        }
        let key = mix(seed)
        func uniform(_ index: Int) -> Double {
            (Double(mix(key &+ UInt64(index) &* golden) >> 11) + 0.5) * 0x1p-53
        }
        var noise = [Float](repeating: 0, count: Widths.bands * pixels)
        for band in 0..<Widths.bands {
            for pixel in 0..<pixels {
                let n = band * pixels + pixel
                noise[pixel * Widths.bands + band] = Float(
                    (-2 * log(uniform(2 * n))).squareRoot() * cos(2 * Double.pi * uniform(2 * n + 1)))
            }
        }
        return noise
    }
}
