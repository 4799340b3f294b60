import CKernels

/// What source intensity, local mean and local spread say about the target: the image that the network starts from.
struct ConditionalMean: Sendable {
    private struct Description: Decodable {
        let radiusMM: Double
        let intensity, mean, spread: [Double]
        let pairs: [[Int]]

        enum CodingKeys: String, CodingKey {
            case radiusMM = "radius_mm"
            case intensity, mean, spread, pairs
        }
    }

    private let axes: [ck_axis_t]
    private let pairs: [[Int]]
    private let radiusMM: Double
    private let tables: [Float]
    /// Four correcting stages for each pair; nil where the weights have none.
    private let stages: [Float]?
    private static let stageSize = 48 * 16 * 16
    private static let stageCount = 4
    /// Radii, in mm, of the two box means that the stages look at.
    private static let stageRadiiMM = [4.0, 20.0]

    init(_ weights: NetworkWeights) throws(SafetensorsError) {
        let description: Description = try NetworkWeights.describe("naive", of: weights.file)
        let axes = [description.intensity, description.mean, description.spread]
        let isUsable = axes.allSatisfy { axis in
            axis.count == 3 && (2...1024).contains(axis[0]) && axis[0] == axis[0].rounded() && axis[1] < axis[2]
        }
        guard isUsable, (0.5...50).contains(description.radiusMM) else {
            throw SafetensorsError(
                file: weights.file.name, reason: "the table of the conditional mean is not described")
        }
        self.axes = axes.map { ck_axis_t(nodes: Int32($0[0]), first: $0[1], last: $0[2]) }
        pairs = description.pairs
        radiusMM = description.radiusMM
        tables = try weights.file.floats("naive.tables", shape: [pairs.count] + axes.map { Int($0[0]) })
        stages =
            weights.file.tensors["naive.stages"] == nil
            ? nil
            : try weights.file.floats(
                "naive.stages", shape: [pairs.count, ConditionalMean.stageCount, ConditionalMean.stageSize])
    }

    /// Whether there is a table from one series to another.
    func covers(_ source: Int, _ target: Int) -> Bool { pairs.contains([source, target]) }

    /// Computes the image of the middle one of three slices, all in the network's domain.
    func run(
        _ slices: [UnsafePointer<Float>], size: FrameSize, pixelMM: Double, source: Int, target: Int, isCT: Bool,
        work: GrowingBuffer<Float>, into out: UnsafeMutablePointer<Float>
    ) {
        guard let pair = pairs.firstIndex(of: [source, target]) else { return }
        let count = axes.reduce(1) { $0 * Int($1.nodes) }
        let radius = max(1, Int(radiusMM / pixelMM))
        let room = work.elements(4 * size.height * size.width)
        tables.withUnsafeBufferPointer { tables in
            guard let base = tables.baseAddress else { return }
            var three: (UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafePointer<Float>?) = (
                slices[0], slices[1], slices[2]
            )
            withUnsafeBytes(of: &three) { planes in
                ck_conditional_mean(
                    planes.assumingMemoryBound(to: UnsafePointer<Float>?.self).baseAddress, Int32(size.height),
                    Int32(size.width), Int32(radius), base + pair * count, axes, room, out)
            }
        }
        guard let stages else { return }
        let radii = ConditionalMean.stageRadiiMM.map { Int32(max(1, Int($0 / pixelMM))) }
        stages.withUnsafeBufferPointer { stages in
            guard let base = stages.baseAddress else { return }
            ck_refine_mean(
                out, room, Int32(size.height), Int32(size.width), radii,
                ConditionalMean.bodyThreshold(isCT: isCT),
                base + pair * ConditionalMean.stageCount * ConditionalMean.stageSize, Int64(ConditionalMean.stageSize),
                room + size.height * size.width)
        }
    }

    /// Local mean, in the network's domain, above which a pixel of the source counts as body.
    static func bodyThreshold(isCT: Bool) -> Float { isCT ? -1.2 : -0.9 }
}
