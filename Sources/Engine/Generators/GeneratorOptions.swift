/// What the user may set about a generator.
public struct GeneratorOptions: Sendable, Equatable {
    /// Name of the model under test, where the generator does not bring its own (finished volumes, a command).
    public var modelName: String?
    /// Its version.
    public var modelVersion: String?
    /// File of weights that replaces the embedded ones, for generators that have weights.
    public var weightsPath: String?
    /// Wall-clock limit of one case, in seconds, for a command.
    public var timeLimitSeconds: Int
    /// Limit of the address space of one case, in MiB, for a command.
    public var memoryLimitMiB: Int
    /// Threads that fitting may use; no result depends on it.
    public var threads: Int

    /// Makes options.
    public init(
        modelName: String? = nil, modelVersion: String? = nil, weightsPath: String? = nil,
        timeLimitSeconds: Int = 3600, memoryLimitMiB: Int = 16_384, threads: Int = 1
    ) {
        self.modelName = modelName
        self.modelVersion = modelVersion
        self.weightsPath = weightsPath
        self.timeLimitSeconds = timeLimitSeconds
        self.memoryLimitMiB = memoryLimitMiB
        self.threads = threads
    }
}
