public import Foundation

/// AP-HiDiff with its weights, prepared for inference; shared by all threads and cases.
public final class APHiDiffModel: Sendable {
    /// The weights.
    public let weights: EngineWeights
    /// How it computes.
    public let precision: EnginePrecision
    let network: Network

    /// Reads and prepares the weights of a folder.
    ///
    /// - Throws: `GeneratorError` (`weights_invalid`) naming the file and the cause.
    public convenience init(folder: URL, precision: EnginePrecision = .int8) throws(GeneratorError) {
        try self.init(weights: try EngineWeights(folder: folder), precision: precision, size: .standard)
    }

    /// Prepares weights that have been read.
    convenience init(weights: EngineWeights, precision: EnginePrecision) throws(GeneratorError) {
        try self.init(weights: weights, precision: precision, size: .standard)
    }

    init(weights: EngineWeights, precision: EnginePrecision, size: FrameSize) throws(GeneratorError) {
        self.weights = weights
        self.precision = precision
        do {
            network = try Network(weights.network, size: size, precision: precision)
        } catch let error as GeneratorError {
            throw error
        } catch {
            throw GeneratorError(.weightsInvalid, "\(error)")
        }
    }
}
