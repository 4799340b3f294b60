import Cohort
public import Foundation
import Glibc
import Imaging

/// Times the engine on a made-up trunk of the frame's size: what a volume costs from source voxels to generated voxels.
public struct EngineBenchmark: Sendable {
    /// What is timed.
    public struct Plan: Sendable {
        /// How the network computes.
        public var precision: EnginePrecision
        /// Steps of the sampler.
        public var steps: Int
        /// Threads.
        public var threads: Int
        /// Slices of the volume.
        public var slices: Int
        /// Runs; the median counts.
        public var repeats: Int
        /// Whether the generated image is segmented, too.
        public var segments: Bool

        /// Makes a plan.
        public init(
            precision: EnginePrecision = .int8, steps: Int, threads: Int, slices: Int = 48, repeats: Int = 3,
            segments: Bool = false
        ) {
            self.precision = precision
            self.steps = steps
            self.threads = threads
            self.slices = slices
            self.repeats = repeats
            self.segments = segments
        }
    }

    /// What came out.
    public struct Result: Sendable {
        /// The plan.
        public let plan: Plan
        /// Slices per second over the whole volume, median of the runs.
        public let slicesPerSecond: Double
        /// Smallest and largest of the runs.
        public let slicesPerSecondRange: ClosedRange<Double>
        /// Milliseconds of one thread in each stage, for a slice.
        public let stageMilliseconds: [(name: String, milliseconds: Double)]
    }

    /// Seconds to read and check the weights.
    public let readSeconds: Double
    /// Seconds to prepare them for the first plan's precision.
    public let prepareSeconds: Double
    /// Seconds from nothing to the first generated slice: reading, preparing, one slice.
    public let firstSliceSeconds: Double
    /// The results, in the order of the plans.
    public private(set) var results: [Result] = []

    /// Runs the plans one after the other.
    ///
    /// - Throws: `GeneratorError` when the weights are missing or damaged.
    public init(
        folder: URL, plans: [Plan], progress: @Sendable (_ done: Int, _ of: Int) -> Void = { _, _ in }
    ) throws(GeneratorError) {
        let precision = plans.first?.precision ?? .int8
        let clock = ContinuousClock()
        let start = clock.now
        let weights = try EngineWeights(folder: folder)
        readSeconds = EngineBenchmark.seconds(clock.now - start)
        let prepared = clock.now
        var model = try APHiDiffModel(weights: weights, precision: precision)
        prepareSeconds = EngineBenchmark.seconds(clock.now - prepared)
        let single = EngineBenchmark.oneSlice(model)
        firstSliceSeconds = readSeconds + prepareSeconds + single
        var volumes: [Int: Volume<Float>] = [:]
        for (index, plan) in plans.enumerated() {
            progress(index, plans.count)
            if plan.precision != model.precision {
                model = try APHiDiffModel(weights: weights, precision: plan.precision)
            }
            let volume = volumes[plan.slices] ?? EngineBenchmark.trunk(slices: plan.slices)
            volumes[plan.slices] = volume
            results.append(try EngineBenchmark.run(plan, model, volume))
        }
        progress(plans.count, plans.count)
    }

    private static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
    }

    private static func oneSlice(_ model: APHiDiffModel) -> Double {
        let clock = ContinuousClock()
        let start = clock.now
        let network = model.network
        let study = network.study(source: 0, target: 1, pixelMM: 0.8, sliceMM: 2.8, steps: 1, seed: 1)
        let volume = trunk(slices: 1)
        let order = AxialOrder(volume.geometry)
        let run = VolumeRun(
            network: network, study: study, source: volume, order: order,
            fit: FrameFit(order, frame: network.size), domain: network.sourceDomain(0, reference: 1), margins: nil)
        _ = run.generate(threads: 1, progress: nil)
        return seconds(clock.now - start)
    }

    private static func run(
        _ plan: Plan, _ model: APHiDiffModel, _ volume: Volume<Float>
    ) throws(GeneratorError) -> Result {
        guard let ct = ImageSeries("CT"), let mr = ImageSeries("MR-T1") else {
            throw GeneratorError(.failed, "the names of the series are not known")
        }
        let generator = APHiDiffGenerator(
            model, settings: APHiDiffGenerator.Settings(steps: plan.steps, segments: plan.segments))
        var request = GenerationRequest(
            caseID: "benchmark", subject: "benchmark", targetSeries: mr, seed: 1, threads: plan.threads)
        request.source = volume
        request.sourceSeries = ct
        var speeds: [Double] = []
        var stages: [(name: String, milliseconds: Double)] = []
        let clock = ContinuousClock()
        for _ in 0..<max(1, plan.repeats) {
            let start = clock.now
            let made = try generator.generate(request)
            speeds.append(Double(plan.slices) / seconds(clock.now - start))
            stages = made.stageSeconds.map { ($0.name, $0.seconds * 1000 / Double(plan.slices)) }
        }
        speeds.sort()
        return Result(
            plan: plan, slicesPerSecond: speeds[speeds.count / 2],
            slicesPerSecondRange: speeds[0]...speeds[speeds.count - 1], stageMilliseconds: stages)
    }

    /// A trunk in HU with liver, vessels, bone and noise: an ellipse of tissue in air, 512 × 512 pixels of 0.8 mm, slices of 2.8 mm.
    static func trunk(slices: Int) -> Volume<Float> {
        let side = FrameSize.standard.width
        let affine = Affine(SIMD4(-0.8, 0, 0, 204), SIMD4(0, -0.8, 0, 204), SIMD4(0, 0, 2.8, 0))
        guard let geometry = try? Geometry(dimensions: SIMD3(side, side, slices), affine: affine) else {
            preconditionFailure("the trunk's grid is valid")
        }
        var volume = Volume<Float>(geometry: geometry, repeating: -1000)
        var state: UInt64 = 1
        for k in 0..<slices {
            let shift = Float(k) * 0.002
            for j in 0..<side {
                for i in 0..<side {
                    let x = Float(i) / Float(side) - 0.5
                    let y = Float(j) / Float(side) - 0.5
                    guard (x / 0.44) * (x / 0.44) + (y / 0.36) * (y / 0.36) < 1 else { continue }
                    var value: Float = -90
                    let u = (x + 0.12 + shift) / 0.2
                    let v = (y + 0.02) / 0.17
                    if (x / 0.4) * (x / 0.4) + (y / 0.32) * (y / 0.32) < 1 { value = 45 }
                    if u * u + v * v < 1 { value = 108 }
                    if u * u + v * v < 0.03 { value = 165 }
                    if x * x + (y - 0.22) * (y - 0.22) < 0.004 { value = 420 }
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    value += Float(Int(state >> 40 & 31) - 16)
                    volume[i, j, k] = value
                }
            }
        }
        return volume
    }

    /// Most memory that this process has had, in MB, or nil where the system does not say.
    public static var peakMegabytes: Double? {
        var usage = rusage()
        guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return nil }
        return Double(usage.ru_maxrss) * 1024 / 1e6
    }
}
