public import Cohort
import Imaging

/// The naive baseline as a generator: each case is predicted from the pairs of all other subjects of the cohort.
///
/// One map per pair of series, such as CT → MR-T1. Learning reads one pair at a time, so that memory does not grow with
/// the cohort.
public struct IntensityMapGenerator: Generator {
    /// The digest of all training pairs as weights.
    public let identity: ModelIdentity
    /// Cases that could not be learned from, with the reason.
    public let leftOut: [(caseID: String, reason: String)]
    private let maps: [SeriesPair: IntensityMap]

    private struct SeriesPair: Hashable {
        var source: String
        var target: String
    }

    /// Learns from a cohort.
    ///
    /// - Throws: `GeneratorError.inputRefused` when no pair can be learned from.
    public init(
        cohort: Cohort, options: GeneratorOptions = GeneratorOptions(),
        progress: GeneratorFactory.Progress = { _, _ in }
    ) throws(GeneratorError) {
        var groups: [SeriesPair: [CohortCase]] = [:]
        for item in cohort.cases.sorted(by: { $0.id < $1.id }) {
            guard let source = item.source else { continue }
            groups[SeriesPair(source: source.series.name, target: item.truth.series.name), default: []].append(item)
        }
        var maps: [SeriesPair: IntensityMap] = [:]
        var pairs: [String] = []
        var leftOut: [(caseID: String, reason: String)] = []
        let total = max(1, groups.values.reduce(0) { $0 + $1.count })
        var done = 0
        for (pair, cases) in groups.sorted(by: { ($0.key.source, $0.key.target) < ($1.key.source, $1.key.target) }) {
            var map = IntensityMap(edgesFrom: IntensityMapGenerator.samples(of: cases, cohort))
            for item in cases {
                do throws(GeneratorError) {
                    pairs.append(try IntensityMapGenerator.learn(item, cohort, into: &map))
                } catch {
                    leftOut.append((item.id, error.message))
                }
                done += 1
                progress("learning the intensity map", Double(done) / Double(total))
            }
            maps[pair] = map
        }
        guard !pairs.isEmpty else {
            throw GeneratorError(
                .inputRefused,
                "the intensity map finds no pair to learn from"
                    + (leftOut.first.map { ": case \($0.caseID): \($0.reason)" } ?? ""))
        }
        self.maps = maps
        self.leftOut = leftOut
        identity = ModelIdentity(
            name: options.modelName ?? "intensity-map", version: options.modelVersion ?? "1",
            weightsSHA256: FileDigest.sha256(Array(pairs.joined().utf8)),
            configurationSHA256: FileDigest.sha256(Array("intensity-map/1 \(IntensityMap.binSizes)".utf8)))
    }

    static func make(_ order: GeneratorFactory.Order) throws(GeneratorError) -> any Generator {
        guard order.argument == nil else { throw GeneratorError(.inputRefused, "'intensity-map' takes no argument") }
        guard let cohort = order.cohort else {
            throw GeneratorError(.inputRefused, "'intensity-map' needs a cohort to learn from")
        }
        return try IntensityMapGenerator(cohort: cohort, options: order.options, progress: order.progress)
    }

    /// Predicts a case from the other subjects.
    public func generate(_ request: GenerationRequest) throws(GeneratorError) -> GeneratedCase {
        guard let source = request.source, let series = request.sourceSeries else {
            throw GeneratorError(.sourceMissing, "the cohort lists no source image for this case")
        }
        let pair = SeriesPair(source: series.name, target: request.targetSeries.name)
        guard let map = maps[pair] else {
            throw GeneratorError(
                .inputRefused, "the intensity map has learned no pair from \(pair.source) to \(pair.target)")
        }
        do throws(IntensityMap.Failure) {
            return GeneratedCase(volume: try map.predict(subject: request.subject, source: source))
        } catch { throw GeneratorError(.inputRefused, error.description) }
    }

    private static func samples(of cases: [CohortCase], _ cohort: Cohort) -> IntensityMapSamples {
        var samples = IntensityMapSamples()
        for item in cases where samples.sourceCount < IntensityMapSamples.sufficientSources {
            // A source that cannot be read is reported when its pair is learned.
            guard let path = item.source?.path, let source = try? VolumeReader.readVolume(path: cohort.path(path))
            else { continue }
            samples.add(source)
        }
        return samples
    }

    /// Learns one case and returns its line of the digest.
    private static func learn(
        _ item: CohortCase, _ cohort: Cohort, into map: inout IntensityMap
    ) throws(GeneratorError) -> String {
        guard let sourcePath = item.source?.path else { throw GeneratorError(.sourceMissing, "no source is listed") }
        let paths = [sourcePath, item.truth.path].map { cohort.path($0) }
        var digests: [String] = []
        do throws(CohortError) {
            for path in paths { digests.append(try FileDigest.sha256(path: path)) }
        } catch { throw GeneratorError(.inputRefused, error.description) }
        let source: Volume<Float>
        let truth: Volume<Float>
        do throws(ImagingError) {
            source = try VolumeReader.readVolume(path: paths[0])
            truth = try VolumeReader.readVolume(path: paths[1])
        } catch { throw GeneratorError(.inputRefused, error.description) }
        do throws(IntensityMap.Failure) {
            try map.learn(subject: item.subject, source: source, truth: truth)
        } catch { throw GeneratorError(.inputRefused, error.description) }
        return "\(item.id)\t\(item.subject)\t\(digests[0])\t\(digests[1])\n"
    }
}
