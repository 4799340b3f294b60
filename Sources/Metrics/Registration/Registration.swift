public import Imaging

/// Registration of two images of one modality, `plk3d/1`: pyramidal, locally normalised Gauss–Newton in three dimensions.
///
/// Per level both images are brought to the level's voxels and normalised by local mean and standard deviation, which makes
/// the squared difference insensitive to gain, contrast and shading. A step solves three normal equations per node, summed
/// over a Gaussian window, with the gradient of the mean of both images and Cauchy weights; steps are limited, smoothed by
/// their certainty and added to the displacement, by which the generated image is interpolated anew. There is no random
/// number in it, and no sum depends on threads.
///
/// Source: Lucas, Kanade 1981 (normal equations); Knutsson, Westin 1993 (certainty-weighted smoothing); Malis 2004
/// (symmetric gradients).
public enum Registration {
    /// Where anatomy of the reference is found in the generated image.
    ///
    /// - Parameters:
    ///   - generated: Moving image; same modality and grid as the reference.
    ///   - reference: Fixed image.
    ///   - liver: What is followed, in the reference, non-zero inside.
    ///   - settings: Frozen numbers of the method.
    ///   - threads: Threads to use; the bits do not depend on it.
    /// - Returns: The displacement in RAS mm on the part of the grid around the liver, with axes towards R, A and S, and
    ///   the liver on that part.
    /// - Throws: `RegistrationError` for different grids, an empty mask or values that are not finite.
    public static func displacement(
        of generated: Volume<Float>, onto reference: Volume<Float>, liver: Mask,
        settings: RegistrationSettings = .plk3d1, threads: Int = 1
    ) throws(RegistrationError) -> (field: DisplacementField, liver: Mask) {
        let pair = try RegistrationPair(
            reference: reference, generated: generated, liver: liver, settings: settings, threads: threads)
        let u = try pair.register(fixed: pair.reference, moving: pair.generated)
        return (try pair.field(u), pair.liver)
    }
}
