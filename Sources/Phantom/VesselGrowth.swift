/// Grows a tree by constrained constructive optimisation (Schreiner and Buxbaum, IEEE Trans Biomed Eng 1993;40:482–491).
///
/// Terminals are drawn in the liver one after another; each is joined where the blood volume grows least, among
/// connections that stay in the liver and clear of other vessels. Radii follow Murray's law:
/// r_parent^γ = Σ r_daughter^γ.
struct VesselGrowth {
    /// Where the tree may grow: depth in mm, positive inside.
    let depth: (Point) -> Double
    /// Vessels of other trees: tubes that must not be touched.
    var obstacles: [Tube]
    let exponent: Double
    let rootRadius: Double
    let terminals: Int
    var random: RandomStream

    struct Tube {
        let a: Point
        let b: Point
        let radius: Double
    }

    private struct Node {
        var position: Point
        var parent: Int
        var children: [Int]
        var flow: Double
        var alive = true
    }

    private var nodes: [Node] = []

    init(
        depth: @escaping (Point) -> Double, obstacles: [Tube], exponent: Double, rootRadius: Double, terminals: Int,
        random: RandomStream
    ) {
        self.depth = depth
        self.obstacles = obstacles
        self.exponent = exponent
        self.rootRadius = rootRadius
        self.terminals = terminals
        self.random = random
    }

    private func radius(_ flow: Double) -> Double {
        rootRadius * Mathematics.pow(flow / Double(terminals), 1 / exponent)
    }

    /// Lays the main branches: from `root` over `trunk` towards each wish in `limbs`, clear of the obstacles.
    mutating func layMainBranches(root: Point, trunk: Point, limbs: [Point]) {
        nodes = [Node(position: root, parent: -1, children: [], flow: 0)]
        append(freeEnd(from: root, towards: trunk, radius: rootRadius, least: 4), to: 0, flow: 0)
        let trunk = nodes[1].position
        let thick = rootRadius * Mathematics.pow(1 / Double(limbs.count), 1 / exponent)
        var at = 1
        for (index, wish) in limbs.enumerated() {
            append(freeEnd(from: nodes[at].position, towards: wish, radius: thick), to: at)
            guard limbs.count - index > 2 else { continue }
            // Branches divide in twos: a short common stem carries the rest.
            let rest = limbs[(index + 1)...].reduce(Point.zero, +) / Double(limbs.count - index - 1)
            append(freeEnd(from: trunk, towards: trunk + unit(rest - trunk) * 10, radius: thick), to: at)
            at = nodes.count - 1
        }
        refreshFlows()
    }

    /// The point nearest to the wish that a straight branch can reach.
    private mutating func freeEnd(from start: Point, towards wish: Point, radius: Double, least: Double = 6) -> Point {
        var best = (score: Double.infinity, point: wish)
        let span = norm(wish - start)
        for n in 0..<1500 {
            let spread = span * 0.9 * random.uniform() * random.uniform()
            let p = n == 0 ? wish : start + (wish - start) * random.uniform(0.55, 1.1) + random.direction() * spread
            var score = norm(p - wish)
            guard score < best.score, norm(p - start) > least else { continue }
            score += 30 * max(0, 5 - depth(p)) + 10 * max(0, 3 - depth((p + start) / 2))
            for tube in obstacles {
                score += 40 * max(0, radius + tube.radius + 1.5 - VesselGrowth.gap(start, p, tube.a, tube.b))
            }
            if score < best.score { best = (score, p) }
        }
        return best.point
    }

    /// Width that a branch will have if the tree keeps its proportions.
    private func expectedRadius(_ flow: Double) -> Double {
        rootRadius * Mathematics.pow(min(1, flow / max(nodes[0].flow, 1e-9)), 1 / exponent)
    }

    /// The branches so far as tubes of the width that they will have.
    var tubes: [Tube] {
        nodes.filter { $0.alive && $0.parent >= 0 }.map {
            Tube(a: nodes[$0.parent].position, b: $0.position, radius: expectedRadius($0.flow))
        }
    }

    /// Fills the liver between two corners until the tree has so many terminals.
    mutating func fill(to wanted: Int, low: Point, high: Point) {
        var spacing = 17.0
        var misses = 0
        var leaves = nodes.filter { $0.children.isEmpty }.count
        while leaves < wanted, spacing > 3.5 {
            let p = Point(
                random.uniform(low.x, high.x), random.uniform(low.y, high.y), random.uniform(low.z, high.z))
            guard depth(p) > 3.5 else { continue }
            if connect(p, spacing: spacing) {
                leaves += 1
            } else {
                misses += 1
                if misses > 90 {
                    misses = 0
                    spacing *= 0.86
                }
            }
        }
    }

    private mutating func append(_ position: Point, to parent: Int, flow: Double = 1) {
        nodes.append(Node(position: position, parent: parent, children: [], flow: flow))
        nodes[parent].children.append(nodes.count - 1)
    }

    private mutating func refreshFlows() {
        // Children always follow their parents except after splits, so flows are pushed up from each leaf.
        let own = nodes.map { $0.children.isEmpty ? max($0.flow, 1e-9) : 0 }
        for index in nodes.indices { nodes[index].flow = own[index] }
        for index in nodes.indices where own[index] > 0 {
            var up = nodes[index].parent
            while up >= 0 {
                nodes[up].flow += own[index]
                up = nodes[up].parent
            }
        }
    }

    private mutating func connect(_ target: Point, spacing: Double) -> Bool {
        var near: [(Double, Int)] = []
        for index in nodes.indices.dropFirst() {
            let d = VesselGrowth.distance(target, nodes[nodes[index].parent].position, nodes[index].position)
            if d < spacing { return false }
            near.append((d, index))
        }
        near.sort { $0.0 != $1.0 ? $0.0 < $1.0 : $0.1 < $1.1 }
        let flow = random.uniform(0.65, 1.4)
        var best = (cost: Double.infinity, edge: -1, at: Point.zero)
        for (_, edge) in near.prefix(6) {
            let a = nodes[nodes[edge].parent].position
            let b = nodes[edge].position
            let length = norm(b - a)
            guard length > 5 else { continue }
            var upstream = 0.0
            var up = nodes[edge].parent
            while up > 0 {
                let l = norm(nodes[up].position - nodes[nodes[up].parent].position)
                let before = radius(nodes[up].flow)
                let after = radius(nodes[up].flow + flow)
                upstream += l * (after * after - before * before)
                up = nodes[up].parent
            }
            let rs = radius(nodes[edge].flow)
            let rp = radius(nodes[edge].flow + flow)
            let rt = radius(flow)
            for t in [0.25, 0.5, 0.75] {
                let base = a + t * (b - a)
                for pull in [0.04, 0.16, 0.3] {
                    let p = base + pull * (target - base)
                    let cost =
                        norm(p - a) * rp * rp + norm(b - p) * rs * rs + norm(target - p) * rt * rt - length * rs * rs
                        + upstream
                    guard cost < best.cost, min(norm(p - a), norm(p - b), norm(p - target)) > 3 else { continue }
                    guard dot(unit(target - p), unit(p - a)) > -0.2 else { continue }
                    guard free(p, target, rt, skipping: edge),
                        free(
                            a, p, min(1.5 * rp, expectedRadius(nodes[edge].flow + flow)), skipping: edge, existing: true
                        ),
                        free(p, b, min(1.5 * rs, expectedRadius(nodes[edge].flow)), skipping: edge, existing: true)
                    else { continue }
                    best = (cost, edge, p)
                }
            }
        }
        guard best.edge >= 0 else { return false }
        let edge = best.edge
        let parent = nodes[edge].parent
        let split = nodes.count
        nodes.append(Node(position: best.at, parent: parent, children: [edge, split + 1], flow: nodes[edge].flow))
        nodes.append(Node(position: target, parent: split, children: [], flow: flow))
        nodes[edge].parent = split
        if let slot = nodes[parent].children.firstIndex(of: edge) { nodes[parent].children[slot] = split }
        var up = split
        while up >= 0 {
            nodes[up].flow += flow
            up = nodes[up].parent
        }
        return true
    }

    /// Whether a straight piece stays in the liver and clear of all other vessels.
    ///
    /// A piece of an existing branch may
    /// come closer to its neighbours than a new one: joints are moved apart at the end.
    private func free(_ a: Point, _ b: Point, _ radius: Double, skipping edge: Int, existing: Bool = false) -> Bool {
        let scale = existing ? 0.75 : 1.15
        let margin = existing ? 0 : 1.3
        let length = norm(b - a)
        let steps = max(2, Int(length / 8))
        for step in 1...steps {
            let p = a + (Double(step) / Double(steps)) * (b - a)
            if depth(p) < (existing ? 0 : min(radius, 1.8) + 0.8) { return false }
        }
        let middle = (a + b) / 2
        for tube in obstacles {
            let reach = length / 2 + norm(tube.b - tube.a) / 2 + radius + tube.radius + 2
            guard norm((tube.a + tube.b) / 2 - middle) < reach else { continue }
            if VesselGrowth.gap(a, b, tube.a, tube.b) < scale * (radius + tube.radius) + margin {
                return false
            }
        }
        let parent = nodes[edge].parent
        for index in nodes.indices.dropFirst() where index != edge {
            let from = nodes[index].parent
            // Neighbours meet the new vessel on purpose.
            if index == parent || from == edge || from == parent { continue }
            let c = nodes[from].position
            let d = nodes[index].position
            let r = self.radius(nodes[index].flow)
            guard norm((c + d) / 2 - middle) < (length + norm(d - c)) / 2 + r + radius + 2 else { continue }
            if VesselGrowth.gap(a, b, c, d) < scale * (r + radius) + margin { return false }
        }
        return true
    }

    /// Smooth centre lines, final radii; branches that came too close to another vessel are cut off.
    mutating func finish(_ kind: VesselKind) -> VesselTree {
        prune()
        // Renumber with parents before children.
        var order = [0]
        var cursor = 0
        while cursor < order.count {
            order += nodes[order[cursor]].children
            cursor += 1
        }
        var position = [Int](repeating: -1, count: nodes.count)
        for (new, old) in order.enumerated() { position[old] = new }
        let total = nodes[0].flow
        func finalRadius(_ flow: Double) -> Double { rootRadius * Mathematics.pow(flow / total, 1 / exponent) }
        var result: [VesselNode] = []
        var branches: [VesselBranch] = []
        for old in order {
            let node = nodes[old]
            let r = finalRadius(node.flow)
            result.append(
                VesselNode(
                    positionMM: node.position, radiusMM: r, parent: node.parent < 0 ? nil : position[node.parent]))
            guard node.parent >= 0 else { continue }
            branches.append(
                VesselBranch(
                    start: position[node.parent], end: position[old], centreLineMM: centreLine(old), radiusMM: r))
        }
        return VesselTree(kind: kind, nodes: result, branches: branches, murrayExponent: exponent)
    }

    private func tangent(at index: Int) -> Point {
        let node = nodes[index]
        let incoming = node.parent < 0 ? Point.zero : unit(node.position - nodes[node.parent].position)
        guard let main = node.children.max(by: { nodes[$0].flow < nodes[$1].flow }) else { return incoming }
        return unit(incoming + unit(nodes[main].position - node.position))
    }

    private func centreLine(_ index: Int) -> [Point] {
        let a = nodes[nodes[index].parent].position
        let b = nodes[index].position
        let length = norm(b - a)
        let straight = unit(b - a)
        // Side branches leave in their own direction, softened by the parent's.
        let outgoing = unit(straight + 0.45 * tangent(at: nodes[index].parent))
        let arriving = nodes[index].children.isEmpty ? straight : unit(straight + 0.6 * tangent(at: index))
        let steps = max(2, min(7, Int(length / 5)))
        let curve = (0...steps).map { step -> Point in
            let t = Double(step) / Double(steps)
            let (t2, t3) = (t * t, t * t * t)
            let pull = 0.75 * length
            return (2 * t3 - 3 * t2 + 1) * a + (t3 - 2 * t2 + t) * pull * outgoing + (3 * t2 - 2 * t3) * b
                + (t3 - t2) * pull * arriving
        }
        let radius = expectedRadius(nodes[index].flow)
        let clear = zip(curve, curve.dropFirst()).allSatisfy { p, q in
            (index == 1 || depth(q) > radius * 0.5)
                && obstacles.allSatisfy { VesselGrowth.gap(p, q, $0.a, $0.b) > radius + $0.radius + 0.5 }
        }
        return clear ? curve : (0...steps).map { a + (Double($0) / Double(steps)) * (b - a) }
    }

    /// Moves joints a little so that branches that came too close to other trees clear them again.
    mutating func separate() {
        for _ in 0..<14 {
            var moved = false
            for index in nodes.indices.dropFirst() where nodes[index].alive && nodes[index].parent >= 0 {
                let parent = nodes[index].parent
                let r = expectedRadius(nodes[index].flow)
                for tube in obstacles {
                    let a = nodes[parent].position
                    let b = nodes[index].position
                    let limit = r + tube.radius + 0.8
                    guard norm((a + b - tube.a - tube.b) / 2) < (norm(b - a) + norm(tube.b - tube.a)) / 2 + limit else {
                        continue
                    }
                    let (p, q, share) = VesselGrowth.closest(a, b, tube.a, tube.b)
                    let missing = limit - norm(p - q)
                    guard missing > 0 else { continue }
                    let away = unit(p - q, fallback: unit(cross(b - a, tube.b - tube.a)))
                    if parent > 0 { nodes[parent].position += away * missing * (1.1 - share) }
                    nodes[index].position += away * missing * (0.1 + share)
                    moved = true
                }
            }
            if !moved { return }
        }
    }

    private mutating func prune() {
        // Radii have grown since the early branches were placed: cut what now touches another tree.
        var again = true
        while again {
            again = false
            for index in nodes.indices.dropFirst() where nodes[index].alive && nodes[index].parent > 0 {
                let a = nodes[nodes[index].parent].position
                let b = nodes[index].position
                let r = expectedRadius(nodes[index].flow)
                let touching = obstacles.contains { VesselGrowth.gap(a, b, $0.a, $0.b) < r + $0.radius + 0.4 }
                guard touching, leavesBelow(index) <= 6, let leaf = smallestLeaf(below: index), leaf > 1 else {
                    continue
                }
                if remove(leaf) {
                    again = true
                    break
                }
            }
        }
    }

    private func leavesBelow(_ index: Int) -> Int {
        var stack = [index]
        var count = 0
        while let at = stack.popLast() {
            count += nodes[at].children.isEmpty ? 1 : 0
            stack += nodes[at].children
        }
        return count
    }

    private func smallestLeaf(below index: Int) -> Int? {
        var stack = [index]
        var best: Int?
        while let at = stack.popLast() {
            if nodes[at].children.isEmpty, best.map({ nodes[at].flow < nodes[$0].flow }) ?? true { best = at }
            stack += nodes[at].children
        }
        return best
    }

    private mutating func remove(_ leaf: Int) -> Bool {
        let joint = nodes[leaf].parent
        guard joint > 1, nodes[joint].children.count == 2,
            let sibling = nodes[joint].children.first(where: { $0 != leaf })
        else { return false }
        let flow = nodes[leaf].flow
        let parent = nodes[joint].parent
        guard let slot = nodes[parent].children.firstIndex(of: joint) else { return false }
        nodes[parent].children[slot] = sibling
        nodes[sibling].parent = parent
        nodes[leaf].alive = false
        nodes[joint].alive = false
        nodes[leaf].parent = 0
        nodes[joint].parent = 0
        nodes[leaf].children = []
        nodes[joint].children = []
        var up = parent
        while up >= 0 {
            nodes[up].flow -= flow
            up = nodes[up].parent
        }
        return true
    }

    /// Distance from a point to a piece of line.
    static func distance(_ p: Point, _ a: Point, _ b: Point) -> Double {
        let e = b - a
        let t = min(1, max(0, dot(p - a, e) / max(dot(e, e), 1e-9)))
        return norm(p - a - t * e)
    }

    /// Distance between two pieces of line.
    static func gap(_ a: Point, _ b: Point, _ c: Point, _ d: Point) -> Double {
        let (p, q, _) = closest(a, b, c, d)
        return norm(p - q)
    }

    /// Closest points of two pieces of line, and where along the first.
    static func closest(_ a: Point, _ b: Point, _ c: Point, _ d: Point) -> (Point, Point, Double) {
        let u = b - a
        let v = d - c
        let w = a - c
        let uu = max(dot(u, u), 1e-9)
        let vv = max(dot(v, v), 1e-9)
        let uv = dot(u, v)
        let uw = dot(u, w)
        let vw = dot(v, w)
        let det = uu * vv - uv * uv
        var s = det > 1e-9 ? min(1, max(0, (uv * vw - vv * uw) / det)) : 0
        var t = (uv * s + vw) / vv
        if t < 0 {
            t = 0
            s = min(1, max(0, -uw / uu))
        } else if t > 1 {
            t = 1
            s = min(1, max(0, (uv - uw) / uu))
        }
        return (a + s * u, c + t * v, s)
    }
}
