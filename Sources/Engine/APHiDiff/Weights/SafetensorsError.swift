/// Why a safetensors file is refused.
public struct SafetensorsError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Name of the file, without its folders.
    public let file: String
    /// What is wrong, in words.
    public let reason: String

    /// Makes an error.
    public init(file: String, reason: String) {
        self.file = file
        self.reason = reason
    }

    /// The error in words.
    public var description: String { "\(file): \(reason)" }
}
