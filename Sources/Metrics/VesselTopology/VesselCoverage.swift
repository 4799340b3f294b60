import CKernels

/// What the other mask covers of a tree's centreline, and how much of that hangs together.
///
/// A voxel is covered by the component of the nearest voxel of the other mask within the tolerance; an edge is kept
/// when both its ends are covered by the same component. Runs are the components of the kept graph: the edge rule of
/// run-length metrics for neuron tracing (Januszewski et al., Nature Methods 15, 2018).
struct VesselCoverage: Sendable {
    /// Component of the other mask that covers each voxel, or 0.
    let cover: [Int32]
    /// Run of each covered voxel, or -1.
    let run: [Int32]
    /// Length of each run, in mm.
    let runLengthMM: [Double]
    /// Heaviest run of each component of the tree, or -1 (the first of several).
    let mainRun: [Int]
    /// Length of the tree, in mm.
    let lengthMM: Double
    /// Covered length, in mm.
    let coveredMM: Double
    /// Length, in mm, of the heaviest run of each component, summed.
    let connectedMM: Double
    /// Σ run² over Σ component², the normalised expected run length.
    let normalisedRunLength: Double
    /// Pieces beyond the first into which the components fall, runs shorter than the minimum left out.
    let breaks: Int
    /// For each branch: covered share of its length, whether it is detected, whether it is unbroken.
    let branches: [BranchCoverage]

    /// The coverage of one branch.
    struct BranchCoverage: Sendable, Equatable {
        /// Share of its length that is covered.
        var coveredShare: Double
        /// Whether that is enough.
        var isDetected: Bool
        /// Whether it is detected and all its covered voxels lie in one run.
        var isUnbroken: Bool
    }

    /// Compares a tree with the filled other mask on the same frame.
    init(of tree: VesselTree, by other: SolidMask, offsets: [Int32], parameters: VesselTopologyParameters) {
        let graph = tree.graph
        var cover = [Int32](repeating: 0, count: graph.count)
        _ = other.mask.withRows { rows, kernel in
            ck_nearest_label(
                kernel, rows, other.runs.rowStart, other.runs.begin, other.runs.component, offsets,
                Int64(offsets.count / 3), graph.coordinates, Int64(graph.count), &cover)
        }
        var owner = [Int32](repeating: 0, count: graph.neighbours.count)
        for vertex in 0..<graph.count {
            for slot in graph.slots(of: vertex) { owner[slot] = cover[vertex] }
        }
        let (run, runCount) = graph.components(
            keeping: { owner[$0] == cover[Int(graph.neighbours[$0])] }, among: { cover[$0] != 0 })
        var runLength = [Double](repeating: 0, count: runCount)
        var runComponent = [Int](repeating: 0, count: runCount)
        var componentLength = [Double](repeating: 0, count: tree.componentCount)
        for vertex in 0..<graph.count {
            if run[vertex] >= 0 {
                runLength[Int(run[vertex])] += tree.weights[vertex]
                runComponent[Int(run[vertex])] = Int(tree.component[vertex])
            } else {
                componentLength[Int(tree.component[vertex])] += tree.weights[vertex]
            }
        }
        var mainRun = [Int](repeating: -1, count: tree.componentCount)
        var pieces = [Int](repeating: 0, count: tree.componentCount)
        var covered = 0.0
        var squares = 0.0
        for index in 0..<runCount {
            let component = runComponent[index]
            covered += runLength[index]
            squares += runLength[index] * runLength[index]
            componentLength[component] += runLength[index]
            if mainRun[component] < 0 || runLength[index] > runLength[mainRun[component]] {
                mainRun[component] = index
            }
            if runLength[index] >= parameters.minimumRunMM { pieces[component] += 1 }
        }
        self.cover = cover
        self.run = run
        runLengthMM = runLength
        self.mainRun = mainRun
        lengthMM = componentLength.reduce(0, +)
        coveredMM = covered
        connectedMM = mainRun.reduce(0) { $0 + ($1 < 0 ? 0 : runLength[$1]) }
        normalisedRunLength = squares / componentLength.reduce(0) { $0 + $1 * $1 }
        breaks = pieces.reduce(0) { $0 + max(0, $1 - 1) }
        branches = tree.branches.branches.map { branch in
            VesselCoverage.coverage(of: branch, weights: tree.weights, run: run, share: parameters.detectedShare)
        }
    }

    private static func coverage(
        of branch: VesselBranch, weights: [Double], run: [Int32], share: Double
    ) -> BranchCoverage {
        var total = 0.0
        var covered = 0.0
        var firstRun: Int32 = -1
        var isOneRun = true
        for vertex in branch.vertices {
            total += weights[vertex]
            guard run[vertex] >= 0 else { continue }
            covered += weights[vertex]
            if firstRun < 0 { firstRun = run[vertex] }
            isOneRun = isOneRun && run[vertex] == firstRun
        }
        let isDetected = covered > 0 && covered >= share * total
        return BranchCoverage(
            coveredShare: covered / total, isDetected: isDetected, isUnbroken: isDetected && isOneRun)
    }

    /// Frame offsets within a distance, as (dx, dy, dz) triples ordered by (distance, dx, dy, dz).
    static func offsets(withinMM tolerance: Double, spacingMM spacing: SIMD3<Double>) -> [Int32] {
        let limit = tolerance * tolerance * (1 + 1e-9)
        let reach = SIMD3<Int>((SIMD3(repeating: tolerance) / spacing).rounded(.up))
        var found: [(squared: Double, offset: SIMD3<Int>)] = []
        for x in -reach.x...reach.x {
            for y in -reach.y...reach.y {
                for z in -reach.z...reach.z {
                    let step = SIMD3(Double(x), Double(y), Double(z)) * spacing
                    let squared = step.x * step.x + step.y * step.y + step.z * step.z
                    if squared <= limit { found.append((squared, SIMD3(x, y, z))) }
                }
            }
        }
        found.sort {
            ($0.squared, $0.offset.x, $0.offset.y, $0.offset.z) < ($1.squared, $1.offset.x, $1.offset.y, $1.offset.z)
        }
        return found.flatMap { [Int32($0.offset.x), Int32($0.offset.y), Int32($0.offset.z)] }
    }
}
