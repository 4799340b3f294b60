import Imaging
import Metrics

/// Joins parts of a vessel tree that a segmentation left apart, along the cheapest paths.
///
/// A step costs its length times how far the vessel's logit is below the largest other one. Parts grow together from the largest on, always by the
/// cheapest path that is left (the order of a minimum spanning tree), until the next one costs more than the limit. Whole numbers and a fixed
/// order of voxels: the same bits everywhere.
struct VesselBridges {
    /// Logits are counted in sixteenths, lengths of steps in sixteenths of a millimetre.
    static let unit = 16.0
    /// A voxel whose vessel logit lies further below is no way, in natural logarithms of odds.
    static let impassable = 8.0

    /// How far the vessel's logit is below the largest other one, in sixteenths, clamped to a byte; 0 where it is the largest.
    static func deficit(_ margin: Float) -> UInt8 {
        if margin >= 0 { return 0 }
        return margin > -15 ? UInt8((Double(-margin) * unit).rounded()) : 255
    }

    private let dimensions: SIMD3<Int>
    private let first: SIMD3<Int>
    private let box: SIMD3<Int>

    /// Connects the vessels of a volume.
    ///
    /// - Parameters:
    ///   - vessels: 1 at vessels; bridges are written into it.
    ///   - inside: 1 where a bridge may be: the liver with all in it.
    ///   - deficits: Of each voxel, as `deficit` gives them.
    ///   - limit: What a bridge may cost, in millimetres times natural logarithms of odds.
    /// - Returns: The number of bridges.
    @discardableResult
    static func join(
        _ vessels: inout [UInt8], inside: [UInt8], deficits: [UInt8], geometry: Geometry, limit: Double
    ) -> Int {
        guard limit > 0, let bridges = VesselBridges(inside, geometry.dimensions) else { return 0 }
        let (parts, count) = labelComponents(
            of: vessels, dimensions: geometry.dimensions, connectivity: .twentySix)
        guard count > 1 else { return 0 }
        return bridges.run(
            &vessels, inside, deficits, parts, count, spacingMM: geometry.spacingMM, limit: Int(limit * unit * unit))
    }

    /// Only the box around the liver is looked at.
    private init?(_ inside: [UInt8], _ dimensions: SIMD3<Int>) {
        var low = dimensions
        var high = SIMD3(-1, -1, -1)
        var index = 0
        for k in 0..<dimensions.z {
            for j in 0..<dimensions.y {
                for i in 0..<dimensions.x {
                    if inside[index] == 1 {
                        let at = SIMD3(i, j, k)
                        low.replace(with: at, where: at .< low)
                        high.replace(with: at, where: at .> high)
                    }
                    index += 1
                }
            }
        }
        guard high.x >= 0 else { return nil }
        self.dimensions = dimensions
        first = low
        box = high &- low &+ 1
    }

    private func place(_ cell: Int) -> Int {
        let i = cell % box.x
        let j = cell / box.x % box.y
        let k = cell / (box.x * box.y)
        return ((k + first.z) * dimensions.y + j + first.y) * dimensions.x + i + first.x
    }

    private struct Step {
        let move: SIMD3<Int>
        let sixteenths: Int
    }

    private func run(
        _ vessels: inout [UInt8], _ inside: [UInt8], _ deficits: [UInt8], _ parts: [Int32], _ count: Int,
        spacingMM: SIMD3<Double>, limit: Int
    ) -> Int {
        let cells = box.x * box.y * box.z
        var members = [[Int32]](repeating: [], count: count + 1)
        var part = [Int32](repeating: 0, count: cells)
        for cell in 0..<cells {
            let name = parts[place(cell)]
            part[cell] = name
            if name > 0 { members[Int(name)].append(Int32(cell)) }
        }
        var steps: [Step] = []
        for k in -1...1 {
            for j in -1...1 {
                for i in -1...1 where (i, j, k) != (0, 0, 0) {
                    let way = SIMD3(Double(i), Double(j), Double(k)) * spacingMM
                    let length = (way * way).sum().squareRoot()
                    steps.append(Step(move: SIMD3(i, j, k), sixteenths: Int((length * VesselBridges.unit).rounded())))
                }
            }
        }
        let wall = Int(VesselBridges.impassable * VesselBridges.unit)
        var cost = [Int](repeating: .max, count: cells)
        // The step that led to a cell; -1 in the tree.
        var last = [Int8](repeating: -1, count: cells)
        var waiting = [[Int32]](repeating: [], count: limit + 1)
        var isJoined = [Bool](repeating: false, count: count + 1)
        func enter(_ cell: Int32) {
            cost[Int(cell)] = 0
            last[Int(cell)] = -1
            waiting[0].append(cell)
        }
        func join(_ name: Int) {
            isJoined[name] = true
            for cell in members[name] { enter(cell) }
        }
        join(members.indices.dropFirst().max { (members[$0].count, -$0) < (members[$1].count, -$1) } ?? 1)
        var bridges = 0
        var now = 0
        while now <= limit {
            guard let popped = waiting[now].popLast() else {
                now += 1
                continue
            }
            let cell = Int(popped)
            guard cost[cell] == now else { continue }
            let name = Int(part[cell])
            if name > 0, !isJoined[name] {
                var back = cell
                while last[back] >= 0 {
                    let move = steps[Int(last[back])].move
                    vessels[place(back)] = 1
                    let before = back - ((move.z * box.y + move.y) * box.x + move.x)
                    enter(Int32(back))
                    back = before
                }
                join(name)
                bridges += 1
                now = 0
                continue
            }
            let at = SIMD3(cell % box.x, cell / box.x % box.y, cell / (box.x * box.y))
            for (number, step) in steps.enumerated() {
                let next = at &+ step.move
                guard next.x >= 0, next.y >= 0, next.z >= 0, next.x < box.x, next.y < box.y, next.z < box.z else {
                    continue
                }
                let to = (next.z * box.y + next.y) * box.x + next.x
                let voxel = place(to)
                guard cost[to] > now, inside[voxel] == 1 else { continue }
                let deficit = part[to] > 0 ? 0 : Int(deficits[voxel])
                guard deficit <= wall else { continue }
                let sum = now + max(1, step.sixteenths * deficit)
                guard sum <= limit, sum < cost[to] else { continue }
                cost[to] = sum
                last[to] = Int8(number)
                waiting[sum].append(Int32(to))
            }
        }
        return bridges
    }
}
