import CPhantom

/// Renders slices of a case on a grid.
///
/// A slice depends on nothing but case, grid and slice number.
public struct PhantomRenderer: Sendable {
    /// The patient.
    public let subject: PhantomCase
    /// Where the voxels lie.
    public let grid: PhantomGrid
    private let acquisition: Acquisition
    private let source: Pose
    private let truth: Pose
    private let texture: [Float]
    let noiseKey: UInt64

    /// Anatomy at one phase.
    private struct Pose: Sendable {
        let motion: cp_motion
        let segments: [(tree: VesselKind, tubes: [cp_segment])]
        let residual: Residual?
    }

    /// Prepares a case for a grid.
    public init(_ subject: PhantomCase, grid: PhantomGrid) {
        self.subject = subject
        self.grid = grid
        let spacing = grid.spacingMM
        acquisition = Acquisition(
            subject.specification, anatomy: subject.patient.anatomy, pixelMM: (spacing.x + spacing.y) / 2,
            sliceMM: spacing.z)
        source = PhantomRenderer.pose(subject, phase: subject.respiration.sourcePhase, residual: nil)
        truth = PhantomRenderer.pose(subject, phase: subject.respiration.truthPhase, residual: subject.residual)
        let cells = 128 * 128 * 128
        var scratch = [Float](repeating: 0, count: 2 * cells)
        texture = [Float](unsafeUninitializedCapacity: cells) { buffer, count in
            if let base = buffer.baseAddress { cp_texture_table(subject.textureKey, base, &scratch) }
            count = cells
        }
        noiseKey = RandomStream(key: subject.specification.key).child(11).key
    }

    private static func pose(_ subject: PhantomCase, phase: Double, residual: Residual?) -> Pose {
        // Smooth vectors rarely exceed four standard deviations in length.
        let slack = 4 * Double(residual?.amplitude ?? 0)
        let motion = subject.respiration.motion(at: phase, anatomy: subject.patient.anatomy)
        let segments = subject.vessels.map { tree in
            (
                tree: tree.kind,
                tubes: tree.branches.flatMap { branch in
                    zip(branch.centreLineMM, branch.centreLineMM.dropFirst()).map { a, b in
                        segment(a, b, branch.radiusMM, motion, slack: slack)
                    }
                }
            )
        }
        return Pose(motion: motion, segments: segments, residual: residual)
    }

    private static func segment(_ a: Point, _ b: Point, _ radius: Double, _ motion: cp_motion, slack: Double)
        -> cp_segment
    {
        var m = motion
        var s = cp_segment()
        s.a = (Float(a.x), Float(a.y), Float(a.z))
        s.b = (Float(b.x), Float(b.y), Float(b.z))
        s.ra = Float(radius)
        s.rb = Float(radius)
        func posed(_ p: Point) -> Point {
            var from: [Float] = [Float(p.x), Float(p.y), Float(p.z)]
            var to = from
            cp_forward(&m, &from, &to)
            return Point(Double(to[0]), Double(to[1]), Double(to[2]))
        }
        let p = posed(a)
        let q = posed(b)
        // Motion stretches by less than a fifth.
        let reach = Point(repeating: 1.25 * radius + 0.3 + slack)
        let low = pointwiseMin(p, q) - reach
        let high = pointwiseMax(p, q) + reach
        s.lo = (Float(low.x), Float(low.y), Float(low.z))
        s.hi = (Float(high.x), Float(high.y), Float(high.z))
        return s
    }

    /// Renders slice `k` at one moment.
    public func render(
        slice k: Int, at moment: PhantomMoment, content: PhantomContent, workspace: PhantomWorkspace
    ) -> PhantomSlice {
        precondition(workspace.width == grid.dimensions.x && workspace.height == grid.dimensions.y)
        let pose = moment == .source ? source : truth
        var slice = workspace.slice()
        slice.modalities = (content.contains(.ct) ? 1 : 0) | (content.contains(.mr) ? 2 : 0)
        slice.di = (Float(grid.stepI.x), Float(grid.stepI.y), Float(grid.stepI.z))
        slice.dj = (Float(grid.stepJ.x), Float(grid.stepJ.y), Float(grid.stepJ.z))
        slice.pixel_mm = Float((grid.spacingMM.x + grid.spacingMM.y) / 2)
        // Thick slices are the mean of two layers.
        let layers = grid.spacingMM.z > 1.6 ? [0.25, -0.25] : [0.0]
        clear(workspace)
        for (index, offset) in layers.enumerated() {
            let origin = grid.world(0, 0, Double(k) + offset)
            slice.origin = (Float(origin.x), Float(origin.y), Float(origin.z))
            paint(&slice, pose, workspace, first: index == 0, share: 1 / Float(layers.count))
        }
        var result = PhantomSlice()
        if content.contains(.labels) { label(&result, workspace, layers: layers.count) }
        finish(&result, &slice, k, moment, content, workspace)
        if moment == .truth { spoil(&result, slice: k, workspace) }
        if content.contains(.displacement) {
            let origin = grid.world(0, 0, Double(k))
            slice.origin = (Float(origin.x), Float(origin.y), Float(origin.z))
            result.displacement = displacement(&slice, from: pose, to: moment == .source ? truth : source, workspace)
        }
        return result
    }

    private func clear(_ workspace: PhantomWorkspace) {
        for sum in workspace.sums { sum.update(repeating: 0, count: workspace.pixels) }
        workspace.plane(.lesionCover).update(repeating: 0, count: workspace.pixels)
        workspace.bytePlane(1).update(repeating: 0, count: workspace.pixels)
        workspace.bytePlane(2).update(repeating: 0, count: workspace.pixels)
    }

    private func paint(
        _ slice: inout cp_slice, _ pose: Pose, _ workspace: PhantomWorkspace, first: Bool, share: Float
    ) {
        let n = workspace.pixels
        let patient = subject.patient
        let air = Tissue.air.rawValue
        let tissues = Int32(Acquisition.tissueCount)
        for modality in 0..<2 where slice.modalities >> modality & 1 == 1 {
            workspace.plane(modality == 0 ? .ct : .mr).update(
                repeating: acquisition.values[modality * Acquisition.tissueCount + air], count: n)
            workspace.plane(modality == 0 ? .ctTexture : .mrTexture).update(repeating: 0, count: n)
        }
        workspace.plane(.liver).update(repeating: 0, count: n)
        // The map of structures is that of the last layer painted; both lie within the slice.
        workspace.bytePlane(0).update(repeating: 0, count: n)
        var motion = pose.motion
        var cavity = patient.anatomy.cavity
        Residual.with(pose.residual) { residual in
            cp_coordinates(&slice, &motion, &residual, patient.warpTable, Float(patient.anatomy.warpMM))
        }
        cp_cavity(&slice, &cavity)
        patient.primitives.withUnsafeBufferPointer { primitives in
            patient.organs.withUnsafeBufferPointer { organs in
                guard let shapes = primitives.baseAddress, let list = organs.baseAddress else { return }
                // The vessels lie in the liver, under what is painted after it.
                let under = patient.liverIndex + 1
                cp_paint(
                    &slice, shapes, list, Int32(under), acquisition.values, acquisition.amplitudes, tissues)
                for tree in pose.segments {
                    let tissue: Tissue =
                        switch tree.tree {
                        case .portal: .portalVein
                        case .hepatic: .hepaticVein
                        case .artery: .artery
                        }
                    cp_paint_vessels(
                        &slice, tree.tubes, Int64(tree.tubes.count), Int32(tissue.rawValue),
                        Int32(tree.tree.rawValue), acquisition.values, acquisition.amplitudes, tissues)
                }
                cp_paint(
                    &slice, shapes, list + under, Int32(organs.count - under), acquisition.values,
                    acquisition.amplitudes, tissues)
            }
        }
        if slice.modalities != 0 { cp_texture(&slice, texture, 1 / 1.15, 0.75) }
        if slice.modalities & 1 != 0 { cp_accumulate(workspace.plane(.ct), workspace.plane(.ctSum), share, Int64(n)) }
        if slice.modalities & 2 != 0 { cp_accumulate(workspace.plane(.mr), workspace.plane(.mrSum), share, Int64(n)) }
        cp_accumulate(workspace.plane(.liver), workspace.plane(.liverSum), share, Int64(n))
    }

    private func label(_ result: inout PhantomSlice, _ workspace: PhantomWorkspace, layers: Int) {
        let n = workspace.pixels
        let cover = workspace.plane(.liverSum)
        let lesionCover = workspace.plane(.lesionCover)
        let structure = workspace.bytePlane(0)
        let vessel = workspace.bytePlane(1)
        let lesion = workspace.bytePlane(2)
        let needed = 0.5 * Float(layers)
        result.liver = [UInt8](repeating: 0, count: n)
        result.vessels = result.liver
        result.lesions = result.liver
        result.structures = result.liver
        for i in 0..<n {
            var code = structure[i]
            let inLiver = cover[i] >= 0.5
            if inLiver {
                result.liver[i] = 1
                let isCovered = lesionCover[i] >= needed
                if isCovered, lesion[i] == LesionMark.erased {
                    // What the lesion hid stays hidden, so that a lesion fault leaves the vessels alone.
                    code = UInt8(PhantomStructure.liver.rawValue)
                } else if isCovered, lesion[i] < LesionMark.firstInvented || vessel[i] == 0 {
                    result.lesions[i] = lesion[i]
                    code = UInt8(PhantomStructure.lesion.rawValue)
                } else {
                    if vessel[i] > 0 { result.vessels[i] = vessel[i] }
                    code = vessel[i] > 0 ? vessel[i] + 2 : UInt8(PhantomStructure.liver.rawValue)
                }
            } else if code == UInt8(PhantomStructure.liver.rawValue) || code == UInt8(PhantomStructure.lesion.rawValue)
            {
                code = UInt8(PhantomStructure.body.rawValue)
            }
            result.structures[i] = code
        }
    }

    private func finish(
        _ result: inout PhantomSlice, _ slice: inout cp_slice, _ k: Int, _ moment: PhantomMoment,
        _ content: PhantomContent, _ workspace: PhantomWorkspace
    ) {
        let n = workspace.pixels
        let w = slice.w
        let h = slice.h
        let clean = workspace.plane(.ct)
        let scratch = workspace.plane(.mr)
        let a = workspace.plane(.ctTexture)
        let b = workspace.plane(.mrTexture)
        let white = workspace.plane(.noise)
        let salt = UInt64(k) &* 4 &+ (moment == .source ? 0 : 2)
        if content.contains(.ct) {
            let taps = acquisition.ctKernel
            cp_convolve(workspace.plane(.ctSum), clean, scratch, w, h, taps, Int32(taps.count), taps, Int32(taps.count))
            cp_gaussians(cp_hash(noiseKey, salt), 0, Int64(n), white)
            let narrow = acquisition.noiseNarrow
            let wide = acquisition.noiseWide
            cp_convolve(white, a, scratch, w, h, narrow, Int32(narrow.count), narrow, Int32(narrow.count))
            cp_convolve(white, b, scratch, w, h, wide, Int32(wide.count), wide, Int32(wide.count))
            result.ct = [Int16](unsafeUninitializedCapacity: n) { buffer, count in
                if let out = buffer.baseAddress {
                    cp_store_ct(clean, a, b, acquisition.noiseGain, &slice, 0, -8, acquisition.bodyRadius, out)
                }
                count = n
            }
            if content.contains(.clean) { result.ctClean = Array(UnsafeBufferPointer(start: clean, count: n)) }
        }
        if content.contains(.mr) {
            cp_convolve(
                workspace.plane(.mrSum), clean, scratch, w, h, acquisition.mrKernelI,
                Int32(acquisition.mrKernelI.count), acquisition.mrKernelJ, Int32(acquisition.mrKernelJ.count))
            cp_bias(clean, &slice, acquisition.bias)
            // The scanner interpolates noise as it does signal: it is white only up to the acquired matrix.
            cp_gaussian_pairs(cp_hash(noiseKey, salt &+ 1), 0, Int64(n), white, b)
            let taps = acquisition.mrKernelJ
            cp_convolve(white, a, scratch, w, h, acquisition.mrKernelI, Int32(taps.count), taps, Int32(taps.count))
            cp_convolve(b, white, scratch, w, h, acquisition.mrKernelI, Int32(taps.count), taps, Int32(taps.count))
            result.mr = [Int16](unsafeUninitializedCapacity: n) { buffer, count in
                if let out = buffer.baseAddress {
                    cp_store_mr(clean, a, white, acquisition.mrSigma / acquisition.mrNoiseShrink, Int64(n), out)
                }
                count = n
            }
            if content.contains(.clean) { result.mrClean = Array(UnsafeBufferPointer(start: clean, count: n)) }
        }
    }

    private func displacement(
        _ slice: inout cp_slice, from: Pose, to: Pose, _ workspace: PhantomWorkspace
    ) -> [[Float]] {
        var here = from.motion
        var there = to.motion
        let n = workspace.pixels
        let planes = [workspace.plane(.ct), workspace.plane(.mr), workspace.plane(.ctTexture)]
        cp_displacement(&slice, &here, &there, planes[0], planes[1], planes[2], workspace.lattice)
        // Outside the cavity of the layer painted last nothing moves: the organs slide along the wall.
        let cavity = workspace.plane(.cavity)
        return planes.map { plane in
            for i in 0..<n where cavity[i] < 0.5 { plane[i] = 0 }
            return Array(UnsafeBufferPointer(start: plane, count: n))
        }
    }
}
