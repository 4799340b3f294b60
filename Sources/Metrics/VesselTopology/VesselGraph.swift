import CKernels
import Imaging

/// The graph of a skeleton: its voxels, and the 26-neighbour edges that the relative-neighbourhood rule leaves.
///
/// The rule drops an edge when a common neighbour has both other edges smaller in the order (length, lower voxel,
/// higher voxel); it keeps connectivity and removes the triangles at junctions, without ties.
struct VesselGraph: Sendable {
    /// Frame of the voxels.
    let frame: BitFrame
    /// Frame coordinates in C order, three numbers a voxel.
    let coordinates: [Int32]
    /// Distance of each voxel to the background of the mask, in mm.
    let radiusMM: [Double]
    /// First edge slot of each voxel, and the number of slots at the end.
    let start: [Int64]
    /// Neighbour in each slot, ascending within a voxel; every edge has a slot at both ends.
    let neighbours: [Int32]
    /// Length of the edge in each slot, in mm.
    let lengths: [Double]

    /// Number of voxels.
    var count: Int { radiusMM.count }

    /// Builds the graph of a skeleton of a mask.
    init(skeleton: BitMask, of solid: BitMask) {
        let frame = skeleton.frame
        let coordinates = skeleton.flatCoordinates
        let count = coordinates.count / 3
        let spacing = [frame.spacingMM.x, frame.spacingMM.y, frame.spacingMM.z]
        var squared = [Double](repeating: 0, count: count)
        _ = solid.withRows { ck_distance_to_background($0, $1, spacing, coordinates, Int64(count), &squared) }
        var rowFirst = [Int64](repeating: 0, count: frame.rowCount + 1)
        var codes = [UInt32](repeating: 0, count: count)
        let slots = skeleton.withRows { rows, kernel -> Int64 in
            ck_row_first(kernel, coordinates, Int64(count), &rowFirst)
            return ck_skeleton_codes(rows, kernel, coordinates, Int64(count), &codes)
        }
        var start = [Int64](repeating: 0, count: count + 1)
        var neighbours = [Int32](repeating: 0, count: Int(slots ?? 0))
        var lengths = [Double](repeating: 0, count: Int(slots ?? 0))
        let used = withUnsafePointer(to: frame.kernel) {
            ck_skeleton_edges(
                $0, spacing, coordinates, Int64(count), rowFirst, codes, &start, &neighbours, &lengths)
        }
        neighbours.removeLast(neighbours.count - Int(used))
        lengths.removeLast(lengths.count - Int(used))
        self.frame = frame
        self.coordinates = coordinates
        self.radiusMM = squared.map { $0.squareRoot() }
        self.start = start
        self.neighbours = neighbours
        self.lengths = lengths
    }

    /// The part of a graph whose voxels are marked, with the edges between them.
    init(_ graph: VesselGraph, keeping kept: [Bool]) {
        var position = [Int32](repeating: -1, count: graph.count)
        var total: Int32 = 0
        for vertex in 0..<graph.count where kept[vertex] {
            position[vertex] = total
            total += 1
        }
        var coordinates: [Int32] = []
        var radius: [Double] = []
        var start: [Int64] = [0]
        var neighbours: [Int32] = []
        var lengths: [Double] = []
        coordinates.reserveCapacity(3 * Int(total))
        radius.reserveCapacity(Int(total))
        start.reserveCapacity(Int(total) + 1)
        for vertex in 0..<graph.count where kept[vertex] {
            coordinates.append(contentsOf: graph.coordinates[3 * vertex..<3 * vertex + 3])
            radius.append(graph.radiusMM[vertex])
            for slot in graph.slots(of: vertex) where kept[Int(graph.neighbours[slot])] {
                neighbours.append(position[Int(graph.neighbours[slot])])
                lengths.append(graph.lengths[slot])
            }
            start.append(Int64(neighbours.count))
        }
        frame = graph.frame
        self.coordinates = coordinates
        radiusMM = radius
        self.start = start
        self.neighbours = neighbours
        self.lengths = lengths
    }

    /// Edge slots of a voxel.
    func slots(of vertex: Int) -> Range<Int> { Int(start[vertex])..<Int(start[vertex + 1]) }

    /// Number of edges of a voxel.
    func degree(of vertex: Int) -> Int { Int(start[vertex + 1] - start[vertex]) }

    /// Frame coordinates of a voxel.
    func voxel(_ vertex: Int) -> SIMD3<Int32> {
        SIMD3(coordinates[3 * vertex], coordinates[3 * vertex + 1], coordinates[3 * vertex + 2])
    }

    /// Position of a voxel along the frame's axes, in mm.
    func positionMM(_ vertex: Int) -> SIMD3<Double> { SIMD3<Double>(voxel(vertex)) * frame.spacingMM }

    /// World position (RAS+) of a voxel, in mm.
    func worldMM(_ vertex: Int) -> SIMD3<Double> {
        frame.geometry.world(SIMD3<Double>(frame.gridIndex(voxel(vertex))))
    }

    /// Length that each voxel stands for, in mm: half of its edges; an isolated voxel its mean edge length.
    func weights() -> [Double] {
        let spacing = frame.spacingMM
        let isolated = cubeRoot(spacing.x * spacing.y * spacing.z)
        return (0..<count).map { vertex in
            let slots = slots(of: vertex)
            return slots.isEmpty ? isolated : slots.reduce(0) { $0 + lengths[$1] } / 2
        }
    }

    /// Connected component of each voxel, numbered from 0 by their first voxel, and how many there are.
    func components() -> (label: [Int32], count: Int) { components { _ in true } }

    /// The same for the graph of those edge slots that the predicate keeps; it has to treat both slots alike.
    func components(keeping isKept: (Int) -> Bool, among isMember: (Int) -> Bool = { _ in true }) -> (
        label: [Int32], count: Int
    ) {
        var label = [Int32](repeating: -1, count: count)
        var total: Int32 = 0
        var stack: [Int] = []
        for seed in 0..<count where label[seed] < 0 && isMember(seed) {
            label[seed] = total
            stack.append(seed)
            while let vertex = stack.popLast() {
                for slot in slots(of: vertex) where isKept(slot) {
                    let next = Int(neighbours[slot])
                    guard label[next] < 0, isMember(next) else { continue }
                    label[next] = total
                    stack.append(next)
                }
            }
            total += 1
        }
        return (label, Int(total))
    }
}
