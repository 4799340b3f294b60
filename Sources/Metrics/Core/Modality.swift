/// What made an image.
public enum Modality: String, Sendable, Codable, CaseIterable {
    /// Computed tomography, in HU.
    case ct = "CT"
    /// Magnetic resonance, in arbitrary units.
    case mr = "MR"
}
