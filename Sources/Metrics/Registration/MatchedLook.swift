import Imaging
import CKernels

/// The reference in the look of the generated image: same anatomy, the other's blur, contrast, shading and noise.
///
/// What a registration prints between the reference and this image, where nothing moved, is its floor.
struct MatchedLook {
    /// The reference, blurred and mapped by a smooth gain and offset; without added noise.
    private(set) var image: [Float]
    /// Sigma of the Gaussian that fits best, mm.
    private(set) var blurMM = 0.0
    /// Standard deviation of the noise that the generated image has beyond it.
    private(set) var noise = 0.0

    /// Windows in which gain and offset are found: shading, but not anatomy, varies more slowly.
    static let windowMM = 25.0

    /// Measures the look of the generated image after it was brought onto the reference.
    ///
    /// - Parameter aligned: The generated image at x + u, u the displacement found.
    init(of pair: RegistrationPair, aligned: [Float]) throws(RegistrationError) {
        image = [Float](repeating: 0, count: pair.frame.count)
        let failed = ck_match_look(
            pair.reference, aligned, pair.generated, pair.liver.voxels, pair.frame.size, pair.frame.spacing,
            Self.windowMM,
            Int32(pair.threads), &image, &blurMM, &noise)
        guard failed == 0 else { throw .outOfMemory }
    }

    /// Adds white noise of the measured strength.
    func addNoise(to image: inout [Float], seed: UInt64) {
        ck_add_noise(&image, Int64(image.count), noise, seed)
    }
}
