public import Cohort
import Imaging

/// Finished volumes of any model, listed in the cohort's column `generated`.
public struct VolumesGenerator: Generator {
    /// What the user says the model is, with the digest of all volumes as its weights.
    public let identity: ModelIdentity

    /// Takes the volumes of a cohort.
    ///
    /// - Throws: `GeneratorError.finishedVolumeMissing` when no case has one, `.outputInvalid` for a file that cannot
    ///   be read.
    public init(cohort: Cohort, options: GeneratorOptions = GeneratorOptions()) throws(GeneratorError) {
        var lines: [String] = []
        for item in cohort.cases.sorted(by: { $0.id < $1.id }) {
            guard let path = item.generated else { continue }
            do throws(CohortError) {
                lines.append("\(item.id)\t\(try FileDigest.sha256(path: cohort.path(path)))\n")
            } catch { throw GeneratorError(.outputInvalid, error.description) }
        }
        guard !lines.isEmpty else {
            throw GeneratorError(
                .finishedVolumeMissing, "no case of the cohort lists a finished volume (column 'generated')")
        }
        identity = ModelIdentity(
            name: options.modelName ?? "volumes", version: options.modelVersion ?? "1",
            weightsSHA256: FileDigest.sha256(Array(lines.joined().utf8)),
            configurationSHA256: FileDigest.sha256(Array("volumes/1".utf8)))
    }

    static func make(_ order: GeneratorFactory.Order) throws(GeneratorError) -> any Generator {
        guard order.argument == nil else { throw GeneratorError(.inputRefused, "'volumes' takes no argument") }
        guard let cohort = order.cohort else {
            throw GeneratorError(.inputRefused, "'volumes' needs a cohort that lists them")
        }
        return try VolumesGenerator(cohort: cohort, options: order.options)
    }

    /// Reads the finished volume of a case.
    public func generate(_ request: GenerationRequest) throws(GeneratorError) -> GeneratedCase {
        guard let path = request.finishedVolumePath else {
            throw GeneratorError(.finishedVolumeMissing, "the cohort lists no finished volume for this case")
        }
        do throws(ImagingError) {
            return GeneratedCase(volume: try VolumeReader.readVolume(path: path))
        } catch { throw GeneratorError(.outputInvalid, error.description) }
    }
}
