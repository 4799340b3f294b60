import CPhantom

/// Collects primitives and organs while a patient is built.
struct SceneBuilder {
    var primitives: [cp_primitive] = []
    var organs: [cp_organ] = []
    private var first = 0
    private var low = Point(repeating: 1e6)
    private var high = Point(repeating: -1e6)

    /// Adds an ellipsoid; `turn` turns it about S, `tilt` about A (radians).
    mutating func ellipsoid(
        _ centre: Point, _ radii: Point, turn: Double = 0, tilt: Double = 0, op: Int32 = Int32(CP_UNION),
        blend: Double = 0, dome: Bool = false
    ) {
        var p = cp_primitive()
        p.kind = Int32(dome ? CP_DOME : CP_ELLIPSOID)
        let frame = SceneBuilder.frame(turn, tilt)
        set(&p, centre, frame)
        p.inv = (Float(1 / radii.x), Float(1 / radii.y), Float(1 / radii.z))
        let reach = radii.max()
        let extent =
            turn == 0 && tilt == 0
            ? radii
            : Point(repeating: reach)
        finish(&p, op, blend, low: centre - (dome ? Point(extent.x, extent.y, 400) : extent), high: centre + extent)
    }

    /// Adds a tube with a round cross section from `a` to `b`.
    mutating func capsule(
        _ a: Point, _ b: Point, _ radiusA: Double, _ radiusB: Double, blend: Double = 0,
        op: Int32 = Int32(CP_UNION)
    ) {
        var p = cp_primitive()
        p.kind = Int32(CP_CAPSULE)
        p.c = (Float(a.x), Float(a.y), Float(a.z))
        p.b = (Float(b.x), Float(b.y), Float(b.z))
        p.p = (Float(radiusA), Float(radiusB))
        let r = Point(repeating: max(radiusA, radiusB))
        finish(&p, op, blend, low: pointwiseMin(a, b) - r, high: pointwiseMax(a, b) + r)
    }

    /// Adds a chain of tubes through points that carry their radius.
    mutating func chain(_ points: [(Point, Double)], blend: Double = 0) {
        for (a, b) in zip(points, points.dropFirst()) { capsule(a.0, b.0, a.1, b.1, blend: blend) }
    }

    /// Adds the half-space on the inner side of a plane through `point` whose normal points outwards.
    mutating func plane(_ point: Point, normal: Point, op: Int32, blend: Double = 0) {
        var p = cp_primitive()
        p.kind = Int32(CP_HALFSPACE)
        let n = unit(normal)
        p.c = (Float(n.x), Float(n.y), Float(n.z))
        p.p = (Float(dot(n, point)), 0)
        finish(&p, op, blend, low: Point(repeating: -1e4), high: Point(repeating: 1e4))
        guard op == Int32(CP_INTERSECT) else { return }
        // A plane across an axis bounds the organ.
        for axis in 0..<3 {
            if n[axis] > 1 - 1e-12 { high[axis] = min(high[axis], point[axis]) }
            if n[axis] < -1 + 1e-12 { low[axis] = max(low[axis], point[axis]) }
        }
    }

    /// Adds the trunk or the cavity; with `half` > 0 only a shell `offset` outside its wall.
    mutating func torso(_ torso: cp_torso, offset: Double = 0, half: Double = 0) {
        var p = cp_primitive()
        p.kind = Int32(CP_TORSO)
        p.torso = torso
        p.shell_offset = Float(offset)
        p.shell_half = Float(half)
        let reach = Point(Double(torso.rx) * 1.3, Double(torso.rfront + torso.rback), 1e4)
        finish(&p, Int32(CP_UNION), 0, low: -reach, high: reach)
    }

    /// Adds a cylinder of elliptic cross section along S.
    mutating func cylinder(
        _ centre: Point, _ rx: Double, _ ry: Double, half: Double, tilt: Double = 0, blend: Double = 0,
        op: Int32 = Int32(CP_UNION)
    ) {
        var p = cp_primitive()
        p.kind = Int32(CP_ELLIPTIC_CYLINDER)
        set(&p, centre, SceneBuilder.frame(0, tilt))
        p.inv = (Float(1 / rx), Float(1 / ry), 1)
        p.p = (Float(half), 0)
        let extent = tilt == 0 ? Point(rx, ry, half) : Point(repeating: max(rx, ry, half))
        finish(&p, op, blend, low: centre - extent, high: centre + extent)
    }

    /// Closes the organ made of the primitives added since the last one.
    mutating func organ(
        _ core: Tissue, space: Int, clip: Int32 = 0, rim: Tissue? = nil, rimMM: Double = 0, gas: Tissue? = nil,
        gasLevel: Double = 0, opacity: Double = 1, feather: Double = 0, structure: PhantomStructure? = nil,
        lesion: Int = 0
    ) {
        guard primitives.count > first else { return }
        var o = cp_organ()
        o.first = Int32(first)
        o.count = Int32(primitives.count - first)
        o.space = Int32(space)
        o.clip = clip
        o.core = Int32(core.rawValue)
        o.rim = Int32((rim ?? core).rawValue)
        o.rim_mm = Float(rim == nil ? 0 : rimMM)
        o.gas = gas.map { Int32($0.rawValue) } ?? -1
        o.gas_level = Float(gasLevel)
        o.opacity = Float(opacity)
        o.feather_mm = Float(feather)
        o.structure = structure.map { Int32($0.rawValue) } ?? 0
        o.lesion = Int32(lesion)
        o.lo = (Float(low.x), Float(low.y), Float(low.z))
        o.hi = (Float(high.x), Float(high.y), Float(high.z))
        organs.append(o)
        first = primitives.count
        low = Point(repeating: 1e6)
        high = Point(repeating: -1e6)
    }

    private mutating func set(_ p: inout cp_primitive, _ centre: Point, _ m: [Double]) {
        p.c = (Float(centre.x), Float(centre.y), Float(centre.z))
        p.m = (
            Float(m[0]), Float(m[1]), Float(m[2]), Float(m[3]), Float(m[4]), Float(m[5]), Float(m[6]), Float(m[7]),
            Float(m[8])
        )
    }

    private mutating func finish(_ p: inout cp_primitive, _ op: Int32, _ blend: Double, low: Point, high: Point) {
        p.op = op
        p.blend = Float(blend)
        p.lo = (Float(low.x), Float(low.y), Float(low.z))
        p.hi = (Float(high.x), Float(high.y), Float(high.z))
        if op == Int32(CP_UNION) {
            self.low = pointwiseMin(self.low, low - Point(repeating: blend / 4))
            self.high = pointwiseMax(self.high, high + Point(repeating: blend / 4))
        }
        primitives.append(p)
    }

    /// Rows of the rotation about S by `turn`, then about A by `tilt`.
    private static func frame(_ turn: Double, _ tilt: Double) -> [Double] {
        let (c, s) = (Mathematics.cos(turn), Mathematics.sin(turn))
        let (d, e) = (Mathematics.cos(tilt), Mathematics.sin(tilt))
        return [c * d, s * d, e, -s, c, 0, -c * e, -s * e, d]
    }
}
