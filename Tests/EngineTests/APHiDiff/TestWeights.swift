import Foundation

@testable import Engine

/// The weights of the checkout, if they are there.
enum TestWeights {
    /// Folder of the weights.
    static let folder: URL? = {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Sources/Engine/Resources")
        let file = folder.appendingPathComponent(EngineWeights.fileName).path
        return FileManager.default.fileExists(atPath: file) ? folder : nil
    }()

    /// Why tests are skipped without them.
    static let absent = "the weights are not in the checkout"

    private static let weights: Result<EngineWeights, any Error> = Result {
        guard let folder else { throw CocoaError(.fileNoSuchFile) }
        return try EngineWeights(folder: folder)
    }

    /// The weights, read once for all tests.
    static func shared() throws -> EngineWeights { try weights.get() }

    /// Small slices, so that tests are quick.
    static let size = FrameSize(height: 128, width: 128)

    private static let model: Result<APHiDiffModel, any Error> = Result {
        try APHiDiffModel(weights: try weights.get(), precision: .int8, size: size)
    }

    /// The released arithmetic on small slices, prepared once for all tests.
    static func smallModel() throws -> APHiDiffModel { try model.get() }
}
