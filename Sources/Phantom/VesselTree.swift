/// Which of the liver's trees a vessel belongs to; the raw value is its label in the vessel mask.
public enum VesselKind: Int, Sendable, CaseIterable, Codable {
    /// Portal venous tree.
    case portal = 1
    /// Hepatic venous tree.
    case hepatic = 2
    /// Arterial tree.
    case artery = 3
}

/// A point of a tree where vessels begin, divide or end, in the reference anatomy.
public struct VesselNode: Sendable, Equatable {
    /// Position, mm RAS.
    public let positionMM: SIMD3<Double>
    /// Radius of the branch that ends here, mm (for the root: of the one that begins).
    public let radiusMM: Double
    /// Node upstream, nil for the root.
    public let parent: Int?
}

/// A branch between two nodes.
public struct VesselBranch: Sendable, Equatable {
    /// Node upstream.
    public let start: Int
    /// Node downstream.
    public let end: Int
    /// Centre line from start to end, mm RAS.
    public let centreLineMM: [SIMD3<Double>]
    /// Radius, mm; constant along a branch.
    public let radiusMM: Double
}

/// A tree of vessels as data, in the reference anatomy (end of expiration).
public struct VesselTree: Sendable, Equatable {
    /// Which tree.
    public let kind: VesselKind
    /// Nodes; the first is the root.
    public let nodes: [VesselNode]
    /// Branches: one for each node but the root.
    public let branches: [VesselBranch]
    /// Exponent of Murray's law that the radii were drawn with.
    public let murrayExponent: Double

    /// Nodes at which a branch divides in two.
    public var bifurcations: [Int] {
        var children = [Int](repeating: 0, count: nodes.count)
        for node in nodes { if let parent = node.parent { children[parent] += 1 } }
        return children.indices.filter { children[$0] >= 2 }
    }

    /// Radii, mm, of parent and daughters at every bifurcation.
    public var bifurcationRadii: [(parent: Double, daughters: [Double])] {
        bifurcations.compactMap { node in
            guard let parent = branches.first(where: { $0.end == node }) else { return nil }
            return (parent.radiusMM, branches.filter { $0.start == node }.map(\.radiusMM))
        }
    }

    /// The tree without some branches and everything downstream of them.
    public func removing(branchesEndingAt ends: Set<Int>) -> VesselTree {
        var gone = ends
        var grew = true
        while grew {
            grew = false
            for branch in branches where gone.contains(branch.start) && !gone.contains(branch.end) {
                gone.insert(branch.end)
                grew = true
            }
        }
        return VesselTree(
            kind: kind, nodes: nodes, branches: branches.filter { !gone.contains($0.end) },
            murrayExponent: murrayExponent)
    }
}
