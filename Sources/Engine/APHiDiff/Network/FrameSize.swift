/// Size of the slices that the network computes on.
struct FrameSize: Sendable, Equatable {
    /// Rows of a slice; divisible by 64.
    let height: Int
    /// Columns of a slice; divisible by 64.
    let width: Int

    /// What the network is released for.
    static let standard = FrameSize(height: 512, width: 512)

    /// Rows of level `level`; level 0 is the bands.
    func rows(_ level: Int) -> Int { height >> (2 + level) }
    /// Columns of level `level`.
    func columns(_ level: Int) -> Int { width >> (2 + level) }
    /// Pixels of level `level`.
    func pixels(_ level: Int) -> Int { rows(level) * columns(level) }
    /// A map of level `level`.
    func map(_ level: Int, _ channels: Int, images: Int = 1) -> FeatureMap {
        FeatureMap(height: rows(level), width: columns(level), channels: channels, images: images)
    }
}

/// Widths that the architecture fixes.
enum Widths {
    /// Bands of a slice.
    static let bands = 16
    /// Of the anatomical features, fine to coarse.
    static let anatomy = [32, 64, 128, 192, 256]
    /// Of the denoiser, fine to coarse.
    static let denoiser = [32, 96, 192, 320, 640]
    /// Of the modality code.
    static let code = 256
    /// Of the embedding of a step.
    static let embedding = 256
    /// Blocks of each level, on the way down and again on the way up.
    static let blocks = [1, 1, 1, 1, 2]
    /// Background, liver, vessel, lesion.
    static let classes = 4
}
