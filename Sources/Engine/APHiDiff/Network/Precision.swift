/// How the network computes.
public enum EnginePrecision: String, Sendable, Codable, CaseIterable {
    /// 8-bit activations and weights with exact 32-bit sums; what the network is released with.
    case int8
    /// 32-bit floats everywhere, from the same weights; the reference.
    case fp32
}
