/// What generated the images: enough to tell two models apart and to find one again.
public struct ModelIdentity: Sendable, Equatable, Codable {
    /// Name, such as `AP-HiDiff` or `intensity-map`.
    public var name: String
    /// Version.
    public var version: String
    /// SHA-256 of the weights, 64 hexadecimal digits; of the volumes or the executable where there are no weights.
    public var weightsSHA256: String
    /// SHA-256 of everything else that changes the output.
    public var configurationSHA256: String
    /// Number of parameters, where it is known.
    public var parameters: Int?

    /// Makes an identity.
    public init(
        name: String, version: String, weightsSHA256: String, configurationSHA256: String, parameters: Int? = nil
    ) {
        self.name = name
        self.version = version
        self.weightsSHA256 = weightsSHA256
        self.configurationSHA256 = configurationSHA256
        self.parameters = parameters
    }
}
