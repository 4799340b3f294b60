import CKernels

/// One thread's memory, and the way of a group of neighbouring slices through the network.
final class SliceWorker {
    /// Slices that share a pass through the coarsest level, where most weights are.
    static let group = 4

    private let network: Network
    private let anatomyMemory: AnatomyNetwork.Memory
    private let denoiserMemory: Denoiser.Memory
    private let textureMemory: Texture.Memory
    private let slices: [Denoiser.Slice]
    private let bands: [FeatureMap]
    private let gateRoom = GrowingBuffer<Float>()
    private let meanRoom = GrowingBuffer<Float>()
    private let plane: FeatureMap
    private let refinementRoom = GrowingBuffer<Float>()
    private let scratch = Scratch()
    /// Times since the worker was made.
    private(set) var clock = StageClock()

    init(_ network: Network) {
        self.network = network
        let size = network.size
        anatomyMemory = AnatomyNetwork.Memory(size: size)
        denoiserMemory = Denoiser.Memory(size: size, group: SliceWorker.group)
        textureMemory = Texture.Memory(size: size)
        slices = (0..<SliceWorker.group).map { _ in Denoiser.Slice(size: size) }
        bands = (0..<SliceWorker.group + 2).map { _ in size.map(0, Widths.bands) }
        plane = FeatureMap(height: size.height, width: size.width, channels: 1)
    }

    /// Codes that replace the nearest ones, to compare with another implementation.
    typealias Codes = (fine: [Int32], coarse: [Int32])

    /// What a test may look at between the stages.
    struct Probe {
        var codes: ((Int) -> Codes?)?
        var afterConditions:
            ((Int, _ inputs: FeatureMap, _ fused: [FeatureMap], _ anatomy: AnatomyNetwork.Memory) -> Void)?
        var afterSteps: ((Int, _ bands: FeatureMap) -> Void)?
    }

    /// Generates a group.
    ///
    /// - Parameters:
    ///   - planes: Source slices in the network's domain: one before the group, the group, one after it.
    ///   - study: What the slices have in common.
    ///   - segmenting: Whether the generated slices are encoded again for the anatomy head.
    ///   - deliver: Called for each slice of the group with its plane in the domain and, if asked for, the logits of the anatomy head.
    func generate(
        planes: [UnsafePointer<Float>], study: Network.Study, segmenting: Bool, probe: Probe? = nil,
        deliver: (Int, UnsafePointer<Float>, FeatureMap?) -> Void
    ) {
        let count = planes.count - 2
        precondition(count >= 1 && count <= SliceWorker.group)
        let size = network.size
        clock.measure(.prepare) {
            for (index, plane) in planes.enumerated() {
                network.statistics.pack(plane, size: size, series: study.source, into: bands[index], at: 0)
            }
        }
        for index in 0..<count { condition(index, planes, study, probe) }
        clock.measure(.denoise) {
            for (number, step) in study.steps.enumerated() {
                for index in 0..<count {
                    network.denoiser.descend(slices[index], index: index, step: step, denoiserMemory, scratch)
                }
                network.denoiser.bottom(count, step: step, denoiserMemory, scratch)
                let isLast = number == study.steps.count - 1
                for index in 0..<count {
                    network.denoiser.ascend(slices[index], index: index, step: step, denoiserMemory, scratch)
                    network.denoiser.advance(slices[index], step: step, denoiserMemory)
                    if isLast { probe?.afterSteps?(index, denoiserMemory.estimate) }
                }
            }
        }
        for index in 0..<count { finish(index, planes, study, segmenting, deliver) }
    }

    private func condition(
        _ index: Int, _ planes: [UnsafePointer<Float>], _ study: Network.Study, _ probe: Probe?
    ) {
        let size = network.size
        let pixels = Int64(size.pixels(0))
        let slice = slices[index]
        let m = anatomyMemory
        clock.measure(.prepare) {
            network.conditionalMean.run(
                Array(planes[index..<index + 3]), size: size, pixelMM: study.pixelMM, source: study.source,
                target: study.target, isCT: network.isCT(study.source), work: meanRoom, into: plane.values)
            network.statistics.pack(
                plane.values, size: size, series: study.target, into: slice.inputs, at: 2 * Widths.bands)
            for neighbour in 0..<3 {
                ck_copy_channels(
                    bands[index + neighbour].values, pixels, 16, 0, 16, nil, nil, m.bands.values, 48,
                    Int32(neighbour * Widths.bands))
            }
            ck_copy_channels(bands[index + 1].values, pixels, 16, 0, 16, nil, nil, slice.inputs.values, 48, 16)
            start(slice, study)
        }
        clock.measure(.anatomy) {
            network.anatomy.encode(m, scratch)
            network.anatomy.choose(m)
            if let codes = probe?.codes?(index) {
                network.anatomy.take(fine: codes.fine, coarse: codes.coarse, m)
            }
            network.anatomy.pyramid(m, scratch)
        }
        clock.measure(.gates) {
            network.gates.run(m.features, terms: study.gateTerms, both: gateRoom, into: slice.fused, scratch: scratch)
        }
        if let look = probe?.afterConditions {
            network.anatomy.head(m, scratch)
            look(index, slice.inputs, slice.fused, m)
        }
    }

    /// x at the first step: noise, or its mean where there is only one step.
    private func start(_ slice: Denoiser.Slice, _ study: Network.Study) {
        let pixels = network.size.pixels(0)
        if study.noise.isEmpty {
            for pixel in 0..<pixels {
                (slice.inputs.values + pixel * 3 * Widths.bands).update(repeating: 0, count: Widths.bands)
            }
        } else {
            ck_copy_channels(study.noise, Int64(pixels), 16, 0, 16, nil, nil, slice.inputs.values, 48, 0)
        }
    }

    private func finish(
        _ index: Int, _ planes: [UnsafePointer<Float>], _ study: Network.Study, _ segmenting: Bool,
        _ deliver: (Int, UnsafePointer<Float>, FeatureMap?) -> Void
    ) {
        let slice = slices[index]
        let pixels = Int64(network.size.pixels(0))
        let result = bands[0]
        clock.measure(.texture) {
            // After the last step x is the estimate.
            ck_copy_channels(slice.inputs.values, pixels, 48, 0, 16, nil, nil, result.values, 16, 0)
            network.texture.run(result, inputs: slice.inputs, first: study.texture, textureMemory, scratch)
        }
        if let refinement = network.refinement {
            clock.measure(.refine) {
                network.statistics.unpack(result, size: network.size, series: study.target, into: plane.values)
                refinement.run(
                    plane.values, slices: Array(planes[index..<index + 3]), size: network.size, pixelMM: study.pixelMM,
                    source: study.source, target: study.target, isCT: network.isCT(study.source), work: refinementRoom)
                network.statistics.pack(
                    plane.values, size: network.size, series: study.target, into: result, at: 0)
            }
        }
        if segmenting {
            clock.measure(.segment) {
                let m = anatomyMemory
                for copy in 0..<3 {
                    ck_copy_channels(
                        result.values, pixels, 16, 0, 16, nil, nil, m.bands.values, 48, Int32(copy * Widths.bands))
                }
                network.anatomy.encode(m, scratch)
                network.anatomy.choose(m)
                network.anatomy.pyramid(m, scratch)
                network.anatomy.head(m, scratch)
            }
        }
        clock.measure(.restore) {
            if network.refinement == nil {
                network.statistics.unpack(result, size: network.size, series: study.target, into: plane.values)
            }
            deliver(index, plane.values, segmenting ? anatomyMemory.logits : nil)
        }
    }
}
