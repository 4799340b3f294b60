import CPhantom
import Testing

@testable import Phantom

/// What the painter leaves out of a tile must not change a bit.
@Suite("Tiles of a slice")
struct TileTests {
    private static func box(_ r: inout RandomStream) -> cp_box {
        var box = cp_box()
        // From a few pixels across a boundary to a good part of the trunk.
        let size = Mathematics.pow(10, r.uniform(-1, 2))
        let low = Point(r.uniform(-220, 220), r.uniform(-180, 180), r.uniform(-260, 260))
        let high = low + size * Point(r.uniform(0, 1), r.uniform(0, 1), r.uniform(0, 0.4))
        box.lo = (Float(low.x), Float(low.y), Float(low.z))
        box.hi = (Float(high.x), Float(high.y), Float(high.z))
        return box
    }

    /// Distances of `count` points of the box from a primitive: its corners first, then any.
    private static func distances(
        _ shape: cp_primitive, in box: cp_box, count: Int, _ r: inout RandomStream
    ) -> [Float] {
        var p = shape
        p.op = Int32(CP_UNION)
        p.blend = 0
        var organ = cp_organ()
        organ.count = 1
        func within(_ low: Float, _ high: Float, _ share: Double) -> Float {
            min(high, max(low, low + Float(share) * (high - low)))
        }
        return (0..<count).map { n in
            func share(_ bit: Int) -> Double { n < 8 ? Double(n >> bit & 1) : r.uniform(0, 1) }
            return cp_distance(
                &p, &organ, within(box.lo.0, box.hi.0, share(0)), within(box.lo.1, box.hi.1, share(1)),
                within(box.lo.2, box.hi.2, share(2)))
        }
    }

    @Test("Distances in a box lie within the bounds that were found for it")
    func bounds() {
        var r = RandomStream(key: 0x711E)
        let shapes = SampleCases.all[0].patient.primitives + SampleCases.all[3].patient.primitives
        var kinds: Set<Int32> = []
        var told = 0
        for round in 0..<20_000 {
            var shape = shapes[round % shapes.count]
            kinds.insert(shape.kind)
            // The wall is also used for its shells.
            if shape.kind == Int32(CP_TORSO), r.chance(0.3) { shape.shell_half = Float(r.uniform(0.2, 6)) }
            if r.chance(0.5), shape.kind == Int32(CP_TORSO) { shape.torso.beta = Float(r.uniform(0, 2)) }
            let box = Self.box(&r)
            var asked = box
            let bound = cp_bound(&shape, &asked)
            for d in Self.distances(shape, in: box, count: 40, &r) {
                // cp_distance joins to 1e6, where nothing is.
                #expect(bound.lo <= d && d <= max(bound.hi, 1e6), "kind \(shape.kind), round \(round)")
                if bound.hi < 1e5 { #expect(d <= bound.hi, "kind \(shape.kind), round \(round)") }
            }
            if bound.lo > 2 || bound.hi < -2 { told += 1 }
        }
        #expect(kinds.count == 6)
        #expect(told > 10_000, "bounds that decide nothing: \(20_000 - told)")
    }

    /// A grid that is not along the axes, whose size is no multiple of a tile's.
    private static func obliqueGrid(_ size: SIMD3<Int>) -> PhantomGrid {
        let k = unit(Point(0.3, 0.25, 1))
        let i = unit(Point(-1, 0.2, 0) - k * dot(k, Point(-1, 0.2, 0)))
        let j = cross(k, i)
        let step = 1.9
        let last = Point(Double(size.x - 1), Double(size.y - 1), Double(size.z - 1)) / 2 * step
        return PhantomGrid(
            dimensions: size, originMM: Point(5, -8, 0) - last.x * i - last.y * j - last.z * 20 * k, stepI: step * i,
            stepJ: step * j, stepK: 20 * step * k)
    }

    @Test("An organ painted in tiles is the organ of every single pixel", arguments: [false, true])
    func painting(isOblique: Bool) {
        let subject = SampleCases.all[isOblique ? 2 : 0]
        let size = SIMD3(203, 181, 3)
        let grid =
            isOblique
            ? Self.obliqueGrid(size)
            : PhantomGrid(axial: size, spacingMM: SIMD3(1.9, 1.9, 50), centreMM: SIMD3(2, -8, -20))
        let workspace = PhantomWorkspace(width: size.x, height: size.y)
        let patient = subject.patient
        var motion = subject.respiration.motion(at: 0.4, anatomy: patient.anatomy)
        var cavity = patient.anatomy.cavity
        let tissues = Acquisition.tissueCount
        var values = [Float](repeating: 0, count: 2 * tissues)
        var different = 0
        for k in 0..<size.z {
            var slice = workspace.slice()
            slice.modalities = 1
            slice.di = (Float(grid.stepI.x), Float(grid.stepI.y), Float(grid.stepI.z))
            slice.dj = (Float(grid.stepJ.x), Float(grid.stepJ.y), Float(grid.stepJ.z))
            slice.pixel_mm = Float(grid.spacingMM.x)
            let origin = grid.world(0, 0, Double(k))
            slice.origin = (Float(origin.x), Float(origin.y), Float(origin.z))
            Residual.with(nil) { residual in
                cp_coordinates(&slice, &motion, &residual, patient.warpTable, Float(patient.anatomy.warpMM))
            }
            cp_cavity(&slice, &cavity)
            let places = (0..<4).map { Self.coordinates(&slice, space: Int32($0), size) }
            for var organ in patient.organs where organ.clip < 2 {
                workspace.plane(.ct).update(repeating: 0, count: workspace.pixels)
                values[Int(organ.core)] = 1
                organ.rim = organ.core
                organ.gas = -1
                organ.structure = 0
                cp_paint(&slice, patient.primitives, &organ, 1, values, values, Int32(tissues))
                values[Int(organ.core)] = 0
                let place = places[Int(organ.space)]
                let inverse = 1 / (slice.pixel_mm + organ.feather_mm)
                for at in 0..<workspace.pixels {
                    let d = cp_distance(patient.primitives, &organ, place[0][at], place[1][at], place[2][at])
                    var alpha = min(1, max(0, 0.5 - d * inverse))
                    if organ.clip == 1 { alpha = min(alpha, slice.cavity[at]) }
                    if workspace.plane(.ct)[at] != alpha * organ.opacity { different += 1 }
                }
            }
        }
        #expect(different == 0)
    }

    /// Coordinates of every pixel, three planes.
    private static func coordinates(_ slice: inout cp_slice, space: Int32, _ size: SIMD3<Int>) -> [[Float]] {
        let (width, height) = (Int(CP_TILE_W), Int(CP_TILE_H))
        var planes = [[Float]](repeating: [Float](repeating: 0, count: size.x * size.y), count: 3)
        var tile = [Float](repeating: 0, count: 3 * width * height)
        for j0 in stride(from: 0, to: size.y, by: height) {
            for i0 in stride(from: 0, to: size.x, by: width) {
                cp_tile_coordinates(&slice, space, Int32(i0), Int32(j0), &tile)
                for a in 0..<3 {
                    for j in j0..<min(j0 + height, size.y) {
                        for i in i0..<min(i0 + width, size.x) {
                            planes[a][j * size.x + i] = tile[(a * height + j - j0) * width + i - i0]
                        }
                    }
                }
            }
        }
        return planes
    }
}
