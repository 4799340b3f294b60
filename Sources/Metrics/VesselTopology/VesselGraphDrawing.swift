import Imaging

/// The centrelines of both masks as polylines in the world, to be drawn over a projection.
public struct VesselGraphDrawing: Sendable, Equatable {
    /// What a piece of centreline is.
    public enum Class: String, Sendable, CaseIterable, Codable {
        /// Reference vessel that the generated mask holds, connected to the main part of its tree.
        case correct
        /// Reference vessel that the generated mask holds, but cut off from the main part.
        case broken
        /// Reference vessel that the generated mask lacks.
        case missing
        /// Generated vessel that the reference lacks.
        case `false`
    }

    /// A piece of centreline of one class.
    public struct Segment: Sendable, Equatable {
        /// What it is.
        public var kind: Class
        /// Its points in order, in world mm (RAS+).
        public var pointsMM: [SIMD3<Double>]
        /// Mean radius of the vessel along it, in mm.
        public var meanRadiusMM: Double

        /// Length along its points, in mm.
        public var lengthMM: Double {
            zip(pointsMM, pointsMM.dropFirst()).reduce(0) { $0 + length($1.1 - $1.0) }
        }
    }

    /// A bifurcation.
    public struct Node: Sendable, Equatable {
        /// `correct` with a partner in the other mask, `missing` or `false` without.
        public var kind: Class
        /// Where it lies, in world mm (RAS+).
        public var positionMM: SIMD3<Double>
    }

    /// Pieces of centreline: those of the reference, then the false ones.
    public var segments: [Segment]
    /// Bifurcations: those of the reference, then the false ones.
    public var nodes: [Node]
}

extension VesselGraphDrawing {
    /// Nothing to draw.
    static let empty = VesselGraphDrawing(segments: [], nodes: [])

    init(_ comparison: VesselComparison, matching: BifurcationMatching) {
        let reference = comparison.reference
        let covered = comparison.ofReference
        segments = VesselGraphDrawing.segments(of: reference) { a, b in
            guard covered.cover[a] != 0, covered.cover[b] != 0 else { return .missing }
            guard covered.run[a] == covered.run[b] else { return .broken }
            return covered.mainRun[Int(reference.component[a])] == Int(covered.run[a]) ? .correct : .broken
        }
        let generatedCover = comparison.ofGenerated.cover
        segments += VesselGraphDrawing.segments(of: comparison.generated) { a, b in
            generatedCover[a] == 0 || generatedCover[b] == 0 ? .false : nil
        }
        let matchedReference = Set(matching.pairs.map(\.first))
        let matchedGenerated = Set(matching.pairs.map(\.second))
        nodes = reference.bifurcations.enumerated().map { index, vertex in
            Node(
                kind: matchedReference.contains(index) ? .correct : .missing,
                positionMM: reference.graph.worldMM(vertex))
        }
        for (index, vertex) in comparison.generated.bifurcations.enumerated()
        where !matchedGenerated.contains(index) {
            nodes.append(Node(kind: .false, positionMM: comparison.generated.graph.worldMM(vertex)))
        }
    }

    /// The centreline of one tree when there is nothing to compare it with.
    init(_ tree: VesselTree, kind: Class) {
        segments = VesselGraphDrawing.segments(of: tree) { _, _ in kind }
        nodes = tree.bifurcations.map { Node(kind: kind, positionMM: tree.graph.worldMM($0)) }
    }

    /// Polylines of consecutive edges of one class along each branch, then the edges inside junctions.
    private static func segments(of tree: VesselTree, kind: (Int, Int) -> Class?) -> [Segment] {
        let graph = tree.graph
        var result: [Segment] = []
        var path: [Int] = []
        var current: Class?
        func flush() {
            if let current, !path.isEmpty {
                result.append(
                    Segment(
                        kind: current, pointsMM: path.map { graph.worldMM($0) },
                        meanRadiusMM: path.reduce(0) { $0 + graph.radiusMM[$1] } / Double(path.count)))
            }
            path = []
            current = nil
        }
        func add(_ vertices: [Int]) {
            for (a, b) in zip(vertices, vertices.dropFirst()) {
                let next = kind(a, b)
                if next != current || path.isEmpty {
                    flush()
                    current = next
                    path = [a]
                }
                path.append(b)
            }
            flush()
        }
        for branch in tree.branches.branches + tree.branches.contracted {
            var vertices = branch.vertices
            if branch.firstJunction >= 0 { vertices.insert(branch.firstJunction, at: 0) }
            if branch.lastJunction >= 0 { vertices.append(branch.lastJunction) }
            if branch.isClosed, let first = vertices.first { vertices.append(first) }
            if vertices.count == 1 {
                current = kind(vertices[0], vertices[0])
                path = vertices
                flush()
            } else {
                add(vertices)
            }
        }
        for vertex in 0..<graph.count where tree.branches.cluster[vertex] >= 0 {
            for slot in graph.slots(of: vertex) {
                let other = Int(graph.neighbours[slot])
                if other > vertex, tree.branches.cluster[other] >= 0 { add([vertex, other]) }
            }
        }
        return result
    }
}
