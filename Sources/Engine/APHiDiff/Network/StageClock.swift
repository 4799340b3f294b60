/// Seconds of each stage, for reports.
struct StageClock: Sendable {
    /// The stages in the order in which a slice passes them.
    enum Stage: String, Sendable, CaseIterable {
        /// Slices onto the frame, intensities, bands, conditional mean.
        case prepare
        /// Encoder, codes and features.
        case anatomy
        /// Fusion with the modality code.
        case gates
        /// Every step of the sampler.
        case denoise
        /// Texture of the detail bands.
        case texture
        /// Perceptrons at every pixel of the image.
        case refine
        /// Bands to an image on the source's grid.
        case restore
        /// Liver, vessels and lesions of the generated image.
        case segment
    }

    private(set) var seconds = [Double](repeating: 0, count: Stage.allCases.count)
    private let clock = ContinuousClock()

    /// Runs the body and adds its time to a stage.
    mutating func measure(_ stage: Stage, _ body: () -> Void) {
        let start = clock.now
        body()
        let (whole, fraction) = (clock.now - start).components
        guard let index = Stage.allCases.firstIndex(of: stage) else { return }
        seconds[index] += Double(whole) + Double(fraction) * 1e-18
    }

    /// Adds the times of another clock.
    mutating func add(_ other: StageClock) {
        for index in seconds.indices { seconds[index] += other.seconds[index] }
    }

    /// Stage names with their seconds.
    var named: [(name: String, seconds: Double)] {
        zip(Stage.allCases, seconds).map { ($0.rawValue, $1) }
    }
}
