/// Faults of the venous trees: gaps, missing end branches, branches that are not there.
enum VesselFaults {
    /// Changes the trees; larger shares include what smaller ones changed.
    static func apply(
        _ faults: PhantomFaults, to trees: inout [VesselTree], stream: RandomStream, depth: (Point) -> Double,
        records: inout [PhantomFaultRecord]
    ) {
        let whole = trees
        for index in trees.indices where trees[index].kind != .artery {
            let purpose = UInt64(trees[index].kind.rawValue)
            trees[index] = removeEnds(
                trees[index], share: faults.missingBranches, stream: stream.child(purpose), &records)
            trees[index] = breakBranches(
                trees[index], share: faults.brokenBranches, stream: stream.child(10 + purpose), &records)
        }
        addBranches(faults.falseBranches, to: &trees, beside: whole, stream: stream.child(20), depth, &records)
    }

    private static func shuffled<Element>(_ items: [Element], _ stream: RandomStream) -> [Element] {
        var r = stream
        var order = items
        for index in order.indices.reversed() where index > 0 { order.swapAt(index, r.integer(0...index)) }
        return order
    }

    private static func length(_ line: [Point]) -> Double {
        zip(line, line.dropFirst()).reduce(0) { $0 + norm($1.1 - $1.0) }
    }

    private static func removeEnds(
        _ tree: VesselTree, share: Double, stream: RandomStream, _ records: inout [PhantomFaultRecord]
    ) -> VesselTree {
        let inner = Set(tree.branches.map(\.start))
        let ends = shuffled(tree.branches.filter { !inner.contains($0.end) && length($0.centreLineMM) > 8 }, stream)
        let gone = ends.prefix(Int((share * Double(ends.count)).rounded(.up)))
        for branch in gone {
            records.append(
                PhantomFaultRecord(
                    "missing_branch", "\(tree.kind)-\(branch.end)", length(branch.centreLineMM), "mm",
                    at: tree.nodes[branch.end].positionMM))
        }
        return tree.removing(branchesEndingAt: Set(gone.map(\.end)))
    }

    /// Cuts a gap into the middle of branches that are long enough to show one.
    private static func breakBranches(
        _ tree: VesselTree, share: Double, stream: RandomStream, _ records: inout [PhantomFaultRecord]
    ) -> VesselTree {
        func gap(_ branch: VesselBranch) -> Double { 5 + 2 * branch.radiusMM }
        let long = tree.branches.filter { length($0.centreLineMM) > gap($0) + 6 && $0.start != 0 }
        let cut = shuffled(long, stream).prefix(Int((share * Double(long.count)).rounded(.up)))
        let ends = Set(cut.map(\.end))
        var branches: [VesselBranch] = []
        for branch in tree.branches {
            guard ends.contains(branch.end) else {
                branches.append(branch)
                continue
            }
            let line = branch.centreLineMM
            let total = length(line)
            for piece in [
                part(line, from: 0, to: (total - gap(branch)) / 2),
                part(line, from: (total + gap(branch)) / 2, to: total),
            ] {
                branches.append(
                    VesselBranch(start: branch.start, end: branch.end, centreLineMM: piece, radiusMM: branch.radiusMM))
            }
            records.append(
                PhantomFaultRecord(
                    "broken_branch", "\(tree.kind)-\(branch.end)", 5, "mm",
                    at: part(line, from: total / 2, to: total).first))
        }
        return VesselTree(
            kind: tree.kind, nodes: tree.nodes, branches: branches, murrayExponent: tree.murrayExponent)
    }

    /// The piece of a line between two arc lengths.
    private static func part(_ line: [Point], from: Double, to: Double) -> [Point] {
        var result: [Point] = []
        var at = 0.0
        for (a, b) in zip(line, line.dropFirst()) {
            let step = norm(b - a)
            let low = max(from, at)
            let high = min(to, at + step)
            if high > low, step > 0 {
                if result.isEmpty { result.append(a + (b - a) * ((low - at) / step)) }
                result.append(a + (b - a) * ((high - at) / step))
            }
            at += step
        }
        return result
    }

    private static func addBranches(
        _ count: Int, to trees: inout [VesselTree], beside whole: [VesselTree], stream: RandomStream,
        _ depth: (Point) -> Double, _ records: inout [PhantomFaultRecord]
    ) {
        let lines = whole.flatMap { tree in
            tree.branches.flatMap { branch in branch.centreLineMM.map { (point: $0, radius: branch.radiusMM) } }
        }
        for number in 0..<count {
            var r = stream.child(UInt64(number))
            guard let index = trees.indices.first(where: { trees[$0].kind == (number % 2 == 0 ? .portal : .hepatic) })
            else { return }
            let hosts = whole[index].branches.filter { $0.radiusMM > 1.2 }
            guard !hosts.isEmpty else { continue }
            var best: (branch: VesselBranch, room: Double)?
            for _ in 0..<300 {
                let host = hosts[r.integer(0...(hosts.count - 1))]
                let middle = host.centreLineMM[host.centreLineMM.count / 2]
                let heading = r.direction()
                let reach = r.uniform(14, 22)
                let line = (0...4).map { middle + heading * (reach * Double($0) / 4) }
                // Beyond the host itself the new branch keeps clear of all vessels and in the liver.
                var room = Double.infinity
                for p in line.dropFirst() where norm(p - middle) > host.radiusMM + 4 {
                    room = min(room, depth(p) - 3)
                    for other in lines where room > (best?.room ?? 0.5) {
                        room = min(room, norm(other.point - p) - other.radius - 1.3)
                    }
                }
                if room.isFinite, room > (best?.room ?? 0.5) {
                    best = (
                        VesselBranch(start: host.end, end: host.end, centreLineMM: line, radiusMM: r.uniform(1.2, 1.5)),
                        room
                    )
                }
                if (best?.room ?? 0) > 3 { break }
            }
            guard let branch = best?.branch else { continue }
            trees[index] = VesselTree(
                kind: trees[index].kind, nodes: trees[index].nodes, branches: trees[index].branches + [branch],
                murrayExponent: trees[index].murrayExponent)
            records.append(
                PhantomFaultRecord(
                    "false_branch", "\(trees[index].kind)-\(branch.start)", length(branch.centreLineMM), "mm",
                    at: branch.centreLineMM.last))
        }
    }
}
