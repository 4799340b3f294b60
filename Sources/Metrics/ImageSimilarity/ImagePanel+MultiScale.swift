extension ImagePanel {
    /// The multi-scale presets.
    mutating func measureMultiScaleSimilarity(_ refusal: NotComputedReason?) {}
}
