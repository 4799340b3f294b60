import CKernels
import Imaging
import Synchronization

/// The slices of one volume through the network.
struct VolumeRun: Sendable {
    let network: Network
    let study: Network.Study
    let source: Volume<Float>
    let order: AxialOrder
    let fit: FrameFit
    let domain: IntensityDomain
    /// Margins of the anatomy head; nil: no segmentation.
    let margins: AnatomyMasks.Margins?

    /// What came out.
    struct Outcome: Sendable {
        var volume: Volume<Float>
        /// What the anatomy head finds.
        var findings: AnatomyMasks.Findings?
        var clock: StageClock
    }

    /// Generates every slice; groups of neighbouring slices run in parallel, each on one thread.
    func generate(threads: Int, progress: (@Sendable (Double) -> Void)?) -> Outcome {
        var volume = Volume<Float>(geometry: source.geometry, repeating: 0)
        var findings = AnatomyMasks.Findings(
            classes: Mask(geometry: source.geometry, repeating: 0),
            vesselDeficits: [UInt8](repeating: 0, count: margins == nil ? 0 : volume.voxels.count))
        let groups = (order.slices + SliceWorker.group - 1) / SliceWorker.group
        let shared = Mutex(Tally())
        let pool = WorkerPool(network)
        volume.voxels.withUnsafeMutableBufferPointer { voxels in
            findings.classes.voxels.withUnsafeMutableBufferPointer { labels in
                findings.vesselDeficits.withUnsafeMutableBufferPointer { below in
                    let out = SharedPointer(voxels.baseAddress)
                    let marks = SharedPointer(labels.baseAddress)
                    let deficits = SharedPointer(below.baseAddress)
                    inParallel(groups, threads: threads) { group in
                        let first = group * SliceWorker.group
                        let slices = first..<min(order.slices, first + SliceWorker.group)
                        pool.withWorker { room in self.run(slices, room, out, marks, deficits) }
                        let share = shared.withLock { tally in
                            tally.slices += slices.count
                            return Double(tally.slices) / Double(order.slices)
                        }
                        progress?(share)
                    }
                }
            }
        }
        return Outcome(volume: volume, findings: margins == nil ? nil : findings, clock: pool.clock)
    }

    private struct Tally: Sendable {
        var slices = 0
    }

    private func run(
        _ slices: Range<Int>, _ room: WorkerPool.Room, _ out: SharedPointer<Float>, _ marks: SharedPointer<UInt8>,
        _ deficits: SharedPointer<UInt8>
    ) {
        guard let out = out.pointer else { return }
        let frame = network.size.height * network.size.width
        let planes = room.planes.elements((slices.count + 2) * frame)
        let native = room.native.elements(order.pixels)
        // The first and the last slice stand in for the neighbours that they do not have.
        for (index, k) in (slices.lowerBound - 1...slices.upperBound).enumerated() {
            prepare(min(max(k, 0), order.slices - 1), native, planes + index * frame)
        }
        let target = network.targetDomain(study.target)
        room.worker.generate(
            planes: (0..<slices.count + 2).map { UnsafePointer(planes + $0 * frame) }, study: study,
            segmenting: margins != nil
        ) { index, plane, logits in
            let decoded = room.decoded.elements(frame)
            target.decode(plane, frame, into: decoded)
            let k = slices.lowerBound + index
            if fit.isIdentity {
                native.update(from: decoded, count: frame)
            } else {
                resample(
                    decoded, network.size.height, network.size.width, fit.fromFrame(), 0, native, order.size[1],
                    order.size[2])
            }
            order.write(native, to: k, of: out)
            guard let logits, let marks = marks.pointer, let deficits = deficits.pointer else { return }
            let labels = room.labels.elements(order.pixels)
            let below = room.deficits.elements(order.pixels)
            classify(logits, generated: native, room, labels, below)
            order.write(labels, to: k, of: marks)
            order.write(below, to: k, of: deficits)
        }
    }

    /// Bytes of `AnatomyMasks.Findings` for the pixels of a generated slice.
    private func classify(
        _ logits: FeatureMap, generated: UnsafePointer<Float>, _ room: WorkerPool.Room,
        _ labels: UnsafeMutablePointer<UInt8>, _ deficits: UnsafeMutablePointer<UInt8>
    ) {
        guard let limits = margins else { return }
        let margins = room.margins.elements(order.pixels * Widths.classes)
        let (step, origin) = fit.fromFrame(every: 2)
        ck_classify_plane(
            logits.values, Int32(logits.height), Int32(logits.width), Int32(Widths.classes), step, origin, labels,
            margins, Int32(order.size[1]), Int32(order.size[2]))
        let air = network.airLimit(study.target)
        for pixel in 0..<order.pixels {
            let values = margins + pixel * Widths.classes
            // Air is no organ, whatever the head makes of the faint traces that generation leaves in it.
            let found = generated[pixel] < air ? 0 : labels[pixel]
            labels[pixel] = AnatomyMasks.Findings.byte(found, margins: values, limits)
            deficits[pixel] = VesselBridges.deficit(values[2])
        }
    }

    /// Slice `k` of the source on the frame, in the network's domain.
    private func prepare(_ k: Int, _ native: UnsafeMutablePointer<Float>, _ plane: UnsafeMutablePointer<Float>) {
        let frame = network.size.height * network.size.width
        source.voxels.withUnsafeBufferPointer { voxels in
            guard let base = voxels.baseAddress else { return }
            if fit.isIdentity {
                order.read(k, of: base, into: plane)
                domain.encode(plane, frame, into: plane)
            } else {
                order.read(k, of: base, into: native)
                domain.encode(native, order.pixels, into: native)
                resample(
                    native, order.size[1], order.size[2], fit.fromSlice, domain.lowest, plane, network.size.height,
                    network.size.width)
            }
        }
    }

    private func resample(
        _ from: UnsafePointer<Float>, _ height: Int, _ width: Int, _ map: (step: [Double], origin: [Double]),
        _ outside: Float, _ to: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
    ) {
        ck_resample_plane(
            from, Int32(height), Int32(width), map.step, map.origin, outside, to, Int32(rows), Int32(columns))
    }
}

/// Workers that groups of slices take and give back: as many as threads run at once.
///
/// `@unchecked Sendable`: a room is handed to one thread at a time, under the lock.
final class WorkerPool: @unchecked Sendable {
    /// A worker with the planes around it.
    final class Room {
        let worker: SliceWorker
        let planes = GrowingBuffer<Float>()
        let native = GrowingBuffer<Float>()
        let decoded = GrowingBuffer<Float>()
        let labels = GrowingBuffer<UInt8>()
        let deficits = GrowingBuffer<UInt8>()
        let margins = GrowingBuffer<Float>()

        init(_ network: Network) { worker = SliceWorker(network) }
    }

    private let network: Network
    private let lock = Mutex(0)
    private var free: [Room] = []
    private var all: [Room] = []

    init(_ network: Network) { self.network = network }

    /// Runs the body with a room that no other thread has.
    func withWorker(_ body: (Room) -> Void) {
        let room = lock.withLock { _ in
            if let room = free.popLast() { return SendableRoom(room) }
            let room = Room(network)
            all.append(room)
            return SendableRoom(room)
        }.room
        body(room)
        let back = SendableRoom(room)
        lock.withLock { _ in free.append(back.room) }
    }

    /// Times of all workers; asked for when the work is done.
    var clock: StageClock {
        var sum = StageClock()
        for room in all { sum.add(room.worker.clock) }
        return sum
    }

    /// `@unchecked Sendable`: carries a room out of and into the lock, which sees to it that one thread has it.
    private struct SendableRoom: @unchecked Sendable {
        let room: Room
        init(_ room: Room) { self.room = room }
    }
}
