/// Overlap of each mask with the other's centreline: clDice (Shit et al., CVPR 2021), in voxels, without a tolerance.
struct CentrelineDice: Sendable {
    /// Harmonic mean of topology sensitivity and precision; nil when both skeletons or the one needed are empty.
    let value: Double?

    init(reference: BitMask, generated: BitMask, referenceSkeleton: BitMask, generatedSkeleton: BitMask) {
        let referenceCount = referenceSkeleton.count
        let generatedCount = generatedSkeleton.count
        guard referenceCount > 0, generatedCount > 0 else {
            value = nil
            return
        }
        let sensitivity = Double(referenceSkeleton.countShared(with: generated)) / Double(referenceCount)
        let precision = Double(generatedSkeleton.countShared(with: reference)) / Double(generatedCount)
        value = sensitivity + precision > 0 ? 2 * sensitivity * precision / (sensitivity + precision) : 0
    }
}

/// The skeletons of the published clDice: scikit-image's, of the masks as they are stored, cavities and all.
final class PublishedCentrelines {
    private let reference: BitMask
    private let generated: BitMask
    private var referenceSkeleton: BitMask?
    private var generatedSkeleton: BitMask?

    /// Takes two masks of one frame; they are turned back to the stored axis order where the frame's is another.
    init(reference: BitMask, generated: BitMask) {
        guard !reference.frame.isInStoredOrder,
            let frame = BitFrame(
                around: [reference.unpacked(), generated.unpacked()], geometry: reference.frame.geometry,
                axes: .stored)
        else {
            self.reference = reference
            self.generated = generated
            return
        }
        self.reference = BitMask(reference.unpacked(), frame: frame)
        self.generated = BitMask(generated.unpacked(), frame: frame)
    }

    /// Thins the reference mask.
    func thinReference() { referenceSkeleton = Skeleton.lee94.thinned(reference) }

    /// Thins the generated mask.
    func thinGenerated() { generatedSkeleton = Skeleton.lee94.thinned(generated) }

    /// clDice, once both masks are thinned; nil when a skeleton holds no voxel.
    var dice: Double? {
        guard let referenceSkeleton, let generatedSkeleton else { return nil }
        return CentrelineDice(
            reference: reference, generated: generated, referenceSkeleton: referenceSkeleton,
            generatedSkeleton: generatedSkeleton
        ).value
    }
}
