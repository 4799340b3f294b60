extension Patient {
    /// Grows the three trees of the liver; later ones keep clear of earlier ones.
    func growVessels(_ stream: RandomStream) -> [VesselTree] {
        var r = stream
        let k = anatomy.size
        let field = DepthField(patient: self)
        let exponent = r.uniform(2.85, 3.15)
        func nearest(_ wish: Point, _ depth: Double) -> Point {
            var search = stream.child(77)
            var best = wish
            var bestScore = Double.infinity
            for n in 0..<2500 {
                let p = n == 0 ? wish : wish + search.direction() * 60 * search.uniform() * search.uniform()
                let missing = max(0, depth - field.depth(p))
                let score = norm(p - wish) + 40 * missing
                if score < bestScore {
                    bestScore = score
                    best = p
                }
            }
            return best
        }
        func growth(_ kind: VesselKind, _ radius: Double, _ terminals: Int, _ obstacles: [VesselGrowth.Tube])
            -> VesselGrowth
        {
            VesselGrowth(
                depth: field.depth, obstacles: obstacles, exponent: exponent, rootRadius: radius, terminals: terminals,
                random: stream.child(UInt64(kind.rawValue)))
        }
        func tubes(_ tree: VesselTree) -> [VesselGrowth.Tube] {
            tree.branches.flatMap { branch in
                zip(branch.centreLineMM, branch.centreLineMM.dropFirst()).map {
                    VesselGrowth.Tube(a: $0, b: $1, radius: branch.radiusMM)
                }
            }
        }
        // All trees lay their main branches before any fills the liver.
        let mouth = Point(17, -9, anatomy.domeTop / k - 22) * k
        let gather = nearest(mouth + Point(6, 8, -6) * k, 7)
        let hepaticCount = r.integer(48...80)
        var hepaticGrowth = growth(.hepatic, r.uniform(7, 8.4) * k, hepaticCount, [])
        hepaticGrowth.layMainBranches(
            root: mouth, trunk: gather,
            limbs: [
                nearest(Point(84, -16, 26) * k, 12), nearest(Point(42, 42, 14) * k, 10),
                nearest(Point(-26, 30, 34) * k, 8),
            ])
        let portalCount = r.integer(52...90)
        let fork = nearest(Point(27, 6, 2) * k, 8)
        var portalGrowth = growth(.portal, r.uniform(5.8, 7) * k, portalCount, hepaticGrowth.tubes)
        portalGrowth.layMainBranches(
            root: Point(20, 4, -8) * k, trunk: fork,
            limbs: [nearest(Point(78, -8, -2) * k, 14), nearest(Point(-14, 36, 16) * k, 9)])
        let arteryCount = r.integer(22...34)
        var arteryGrowth = growth(
            .artery, r.uniform(2.3, 2.7) * k, arteryCount, portalGrowth.tubes + hepaticGrowth.tubes)
        arteryGrowth.layMainBranches(
            root: Point(13, 14, -14) * k, trunk: nearest(fork + Point(-7, 12, -4) * k, 5),
            limbs: [nearest(Point(66, 14, -8) * k, 10), nearest(Point(-10, 44, 8) * k, 7)])
        // They take turns, so that none finds the liver full.
        let rounds = 5
        for round in 1...rounds {
            portalGrowth.obstacles = hepaticGrowth.tubes + arteryGrowth.tubes
            portalGrowth.fill(to: portalCount * round / rounds, low: field.low, high: field.high)
            hepaticGrowth.obstacles = portalGrowth.tubes + arteryGrowth.tubes
            hepaticGrowth.fill(to: hepaticCount * round / rounds, low: field.low, high: field.high)
            arteryGrowth.obstacles = portalGrowth.tubes + hepaticGrowth.tubes
            arteryGrowth.fill(to: arteryCount * round / rounds, low: field.low, high: field.high)
        }
        for _ in 0..<3 {
            portalGrowth.obstacles = hepaticGrowth.tubes + arteryGrowth.tubes
            portalGrowth.separate()
            arteryGrowth.obstacles = portalGrowth.tubes + hepaticGrowth.tubes
            arteryGrowth.separate()
            hepaticGrowth.obstacles = portalGrowth.tubes + arteryGrowth.tubes
            hepaticGrowth.separate()
        }
        portalGrowth.obstacles = hepaticGrowth.tubes + arteryGrowth.tubes
        let portal = portalGrowth.finish(.portal)
        hepaticGrowth.obstacles = tubes(portal) + arteryGrowth.tubes
        let hepatic = hepaticGrowth.finish(.hepatic)
        arteryGrowth.obstacles = tubes(portal) + tubes(hepatic)
        let artery = arteryGrowth.finish(.artery)
        return [portal, hepatic, artery]
    }
}

/// The liver's depth on a lattice, so that growing trees need not evaluate the implicit shape.
final class DepthField {
    let low: Point
    let high: Point
    private let step = 6.0
    private let size: SIMD3<Int>
    private var values: [Double]
    private let lesions: [PhantomLesion]

    init(patient: Patient) {
        low = Point(-110, -100, -150)
        high = Point(146, 110, 105)
        lesions = patient.lesions
        let extent = (high - low) / step
        size = SIMD3<Int>(Int(extent.x) + 2, Int(extent.y) + 2, Int(extent.z) + 2)
        values = []
        values.reserveCapacity(size.x * size.y * size.z)
        for k in 0..<size.z {
            for j in 0..<size.y {
                for i in 0..<size.x {
                    values.append(patient.liverDepth(low + Point(Double(i), Double(j), Double(k)) * step))
                }
            }
        }
    }

    /// Depth in the liver, mm; lesions count as outside.
    func depth(_ p: Point) -> Double {
        let q = (p - low) / step
        guard q.min() >= 0 else { return -50 }
        let i = Int(q.x)
        let j = Int(q.y)
        let k = Int(q.z)
        guard i + 1 < size.x, j + 1 < size.y, k + 1 < size.z else { return -50 }
        let f = Point(q.x - Double(i), q.y - Double(j), q.z - Double(k))
        func at(_ a: Int, _ b: Int, _ c: Int) -> Double { values[(i + a) + size.x * ((j + b) + size.y * (k + c))] }
        let x00 = at(0, 0, 0) + f.x * (at(1, 0, 0) - at(0, 0, 0))
        let x10 = at(0, 1, 0) + f.x * (at(1, 1, 0) - at(0, 1, 0))
        let x01 = at(0, 0, 1) + f.x * (at(1, 0, 1) - at(0, 0, 1))
        let x11 = at(0, 1, 1) + f.x * (at(1, 1, 1) - at(0, 1, 1))
        let y0 = x00 + f.y * (x10 - x00)
        let y1 = x01 + f.y * (x11 - x01)
        var depth = y0 + f.z * (y1 - y0)
        for lesion in lesions { depth = min(depth, lesion.distance(p) - 2.5) }
        return depth
    }
}
