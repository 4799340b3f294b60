import Foundation

/// Compares the engine with the vectors of the reference implementation that lie beside the weights.
public struct EngineVerification: Sendable {
    /// One comparison.
    public struct Check: Sendable {
        /// Case and stage, such as `ct-t1.image.1`.
        public let name: String
        /// Largest absolute difference.
        public let maximumDifference: Double
        /// Range of the reference's values.
        public let range: Double
        /// What the difference may be, as a share of the range.
        public let tolerance: Double
        /// Difference over range.
        public var share: Double { range > 0 ? maximumDifference / range : maximumDifference }
        /// Whether the difference is small enough.
        public var passes: Bool { share <= tolerance }
    }

    /// Largest difference of the float path, as a share of the range of the reference.
    public static let floatTolerance = 1e-4

    /// The comparisons, in the order of the file.
    public private(set) var checks: [Check] = []
    /// Share of the codes that both implementations choose alike, by case.
    public private(set) var codeAgreement: [(name: String, fine: Double, coarse: Double)] = []
    /// Whether every comparison passes.
    public var passes: Bool { !checks.isEmpty && checks.allSatisfy(\.passes) }

    /// Runs every case of the parity file.
    ///
    /// - Parameters:
    ///   - weights: The weights to verify.
    ///   - precision: The float path is held to `floatTolerance`; for the integer path the differences are reported against `tolerance`.
    ///   - tolerance: Allowed share of the range.
    ///   - stages: Whether stages are compared beside the images.
    /// - Throws: `GeneratorError` (`weights_invalid`) when the vectors are missing or damaged.
    public init(
        _ weights: EngineWeights, precision: EnginePrecision = .fp32, tolerance: Double = floatTolerance,
        stages: Bool = true
    ) throws(GeneratorError) {
        do {
            let file = try SafetensorsFile(path: weights.folder.appendingPathComponent(EngineWeights.parityName).path)
            let names = file.tensors.keys.filter { $0.hasSuffix(".source") }.map { String($0.dropLast(7)) }.sorted()
            var networks: [[Int]: Network] = [:]
            for name in names {
                let shape = try file.entry(name + ".source").shape
                guard shape.count == 3, shape[0] == 3, shape[1] % 64 == 0, shape[2] % 64 == 0, shape[1] > 0,
                    shape[1] <= 1024, shape[2] > 0, shape[2] <= 1024
                else { throw SafetensorsError(file: file.name, reason: "\(name).source is not three slices") }
                let size = FrameSize(height: shape[1], width: shape[2])
                let network = try networks[shape] ?? Network(weights.network, size: size, precision: precision)
                networks[shape] = network
                try compare(name, network, file, tolerance, stages)
            }
            if stages, precision == .fp32, let network = networks.values.first { try compareDeformation(network, file) }
        } catch let error as GeneratorError {
            throw error
        } catch {
            throw GeneratorError(.weightsInvalid, "\(error)")
        }
    }

    private mutating func add(_ name: String, _ values: [Float], _ reference: [Float], _ tolerance: Double) {
        var difference = values.count == reference.count ? 0 : Double.infinity
        for (a, b) in zip(values, reference) {
            let d = abs(Double(a) - Double(b))
            difference = d.isNaN ? .infinity : max(difference, d)
        }
        let range = Double((reference.max() ?? 0) - (reference.min() ?? 0))
        checks.append(Check(name: name, maximumDifference: difference, range: range, tolerance: tolerance))
    }

    private mutating func compare(
        _ name: String, _ network: Network, _ file: SafetensorsFile, _ tolerance: Double, _ stages: Bool
    ) throws {
        let size = network.size
        let count = size.height * size.width
        let series = try file.floats(name + ".series", shape: [2]).map { Int($0) }
        guard series.allSatisfy({ network.series.indices.contains($0) }),
            network.conditionalMean.covers(series[0], series[1])
        else { throw SafetensorsError(file: file.name, reason: "\(name).series names no pair of series") }
        let reference = try file.floats(name + ".reference", shape: [1])[0]
        var source = try file.integers(name + ".source").map { Float($0) }
        let codes: SliceWorker.Codes = (
            try file.integers(name + ".codes.fine"), try file.integers(name + ".codes.coarse")
        )
        guard codes.fine.allSatisfy({ (0..<256).contains($0) }), codes.coarse.allSatisfy({ (0..<1024).contains($0) })
        else { throw SafetensorsError(file: file.name, reason: "\(name).codes are no codes") }
        source.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            network.sourceDomain(series[0], reference: reference).encode(base, 3 * count, into: base)
        }
        for steps in [1, 2, 4] where file.tensors["\(name).image.\(steps)"] != nil {
            let study = network.study(
                source: series[0], target: series[1], pixelMM: 0.8, sliceMM: 2.8, steps: steps, seed: 17)
            var seen = Seen()
            let image = EngineVerification.generate(network, source, study, codes, &seen)
            if steps == 1 {
                let agreement = seen.agreement(codes)
                codeAgreement.append((name, agreement.fine, agreement.coarse))
                if stages, file.tensors[name + ".source_bands"] != nil {
                    try compareStages(name, seen, study, network, file, tolerance)
                }
            }
            add("\(name).image.\(steps)", image, try file.floats("\(name).image.\(steps)"), tolerance)
        }
    }

    /// What a run leaves behind for comparison.
    private struct Seen {
        var inputs: [Float] = []
        var fused: [[Float]] = []
        var logits: [Float] = []
        var bands: [Float] = []
        var fineCodes: [Int32] = []
        var coarseCodes: [Int32] = []

        func agreement(_ codes: SliceWorker.Codes) -> (fine: Double, coarse: Double) {
            func share(_ a: [Int32], _ b: [Int32]) -> Double {
                Double(zip(a, b).reduce(0) { $0 + ($1.0 == $1.1 ? 1 : 0) }) / Double(max(1, a.count))
            }
            return (share(fineCodes, codes.fine), share(coarseCodes, codes.coarse))
        }
    }

    private static func generate(
        _ network: Network, _ source: [Float], _ study: Network.Study, _ codes: SliceWorker.Codes, _ seen: inout Seen
    ) -> [Float] {
        let count = network.size.height * network.size.width
        let worker = SliceWorker(network)
        var image = [Float](repeating: 0, count: count)
        let box = SeenBox()
        var probe = SliceWorker.Probe()
        probe.codes = { _ in codes }
        probe.afterConditions = { _, inputs, fused, anatomy in
            box.seen.inputs = inputs.array
            box.seen.fused = fused.map(\.array)
            box.seen.logits = anatomy.logits.array
            box.seen.fineCodes = anatomy.fineCodes
            box.seen.coarseCodes = anatomy.coarseCodes
        }
        probe.afterSteps = { _, bands in box.seen.bands = bands.array }
        source.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            worker.generate(
                planes: (0..<3).map { base + $0 * count }, study: study, segmenting: false, probe: probe
            ) { _, plane, _ in
                image.withUnsafeMutableBufferPointer { out in
                    guard let out = out.baseAddress else { return }
                    network.targetDomain(study.target).decode(plane, count, into: out)
                }
            }
        }
        seen = box.seen
        return image
    }

    private final class SeenBox {
        var seen = Seen()
    }

    private mutating func compareStages(
        _ name: String, _ seen: Seen, _ study: Network.Study, _ network: Network, _ file: SafetensorsFile,
        _ tolerance: Double
    ) throws {
        let pixels = network.size.pixels(0)
        func planes(_ values: [Float], _ channels: Int, _ range: Range<Int>) -> [Float] {
            let pixels = values.count / channels
            return range.flatMap { c in (0..<pixels).map { values[$0 * channels + c] } }
        }
        add(
            name + ".source_bands", planes(seen.inputs, 48, 16..<32), try file.floats(name + ".source_bands"), tolerance
        )
        add(name + ".naive_bands", planes(seen.inputs, 48, 32..<48), try file.floats(name + ".naive_bands"), tolerance)
        add(name + ".z", study.code, try file.floats(name + ".z"), tolerance)
        for (level, fused) in seen.fused.enumerated() {
            let width = Widths.denoiser[level]
            add(
                "\(name).fused.\(level)", planes(fused, width, 0..<width), try file.floats("\(name).fused.\(level)"),
                tolerance)
        }
        let rows = network.size.rows(0)
        let columns = network.size.columns(0)
        var logits = [Float](repeating: 0, count: 16 * pixels)
        for (index, value) in seen.logits.enumerated() {
            let (pixel, channel) = (index / 16, index % 16)
            let y = 2 * (pixel / columns) + channel % 4 / 2
            let x = 2 * (pixel % columns) + channel % 2
            logits[((channel / 4) * 2 * rows + y) * 2 * columns + x] = value
        }
        add(name + ".anatomy_logits", logits, try file.floats(name + ".anatomy_logits"), tolerance)
        add(name + ".bands.1", planes(seen.bands, 16, 0..<16), try file.floats(name + ".bands.1"), tolerance)
    }

    private mutating func compareDeformation(_ network: Network, _ file: SafetensorsFile) throws {
        guard let entry = file.tensors["deformation.cells"], entry.shape.count == 3 else { return }
        let phases = try file.floats("deformation.phases", shape: [3]).map(Double.init)
        let cells = BreathingField.Cells(size: entry.shape, channels: 1, values: try file.floats("deformation.cells"))
        let velocity = network.breathing.velocity(
            cells, sourcePhase: phases[0], targetPhase: phases[1], amplitudeMM: phases[2], threads: 1)
        let displacement = network.breathing.exponential(velocity, threads: 1)
        let tolerance = EngineVerification.floatTolerance
        add("deformation.velocity", velocity.values, try file.floats("deformation.velocity"), tolerance)
        add("deformation.displacement", displacement.values, try file.floats("deformation.displacement"), tolerance)
    }
}
