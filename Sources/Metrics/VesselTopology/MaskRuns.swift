import CKernels

/// The runs of set voxels along z of a packed mask, with their 26-connected components.
struct MaskRuns: Sendable {
    /// First run of each row, and the number of runs at the end.
    let rowStart: [Int64]
    /// First z of each run.
    let begin: [Int32]
    /// One past the last z of each run.
    let end: [Int32]
    /// Component of each run, from 1, numbered by their first voxel in C order.
    let component: [Int32]
    /// Number of components.
    let componentCount: Int

    /// Lists and labels the runs of a mask.
    init(_ mask: BitMask) {
        let count = Int(mask.withRows { ck_runs_count($0, $1) } ?? 0)
        var rowStart = [Int64](repeating: 0, count: mask.frame.rowCount + 1)
        var begin = [Int32](repeating: 0, count: count)
        var end = [Int32](repeating: 0, count: count)
        var component = [Int32](repeating: 0, count: count)
        componentCount = Int(
            mask.withRows { rows, kernel -> Int64 in
                ck_runs_list(rows, kernel, &rowStart, &begin, &end)
                return ck_runs_label26(kernel, rowStart, begin, end, &component)
            } ?? 0)
        self.rowStart = rowStart
        self.begin = begin
        self.end = end
        self.component = component
    }
}

/// A mask with its cavities filled, and the Betti numbers that it had before.
///
/// Thinning keeps the topology, so the skeleton of a hollow body would be a shell with hundreds of false branches.
struct SolidMask: Sendable {
    /// The mask, filled.
    let mask: BitMask
    /// Runs and components of the filled mask.
    let runs: MaskRuns
    /// Betti numbers of the mask as it was given.
    let betti: BettiNumbers

    /// Counts and fills.
    init(_ given: BitMask) {
        let givenRuns = MaskRuns(given)
        let euler = Int(given.withRows { ck_euler_characteristic($0, $1) } ?? 0)
        var work = [Int64](repeating: 0, count: givenRuns.begin.count + 1)
        var filled = given
        var cavities = 0
        filled.withMutableRows { rows, kernel in
            cavities = Int(
                ck_cavities_fill(kernel, givenRuns.rowStart, givenRuns.begin, givenRuns.end, &work, rows))
        }
        betti = BettiNumbers(
            components: givenRuns.componentCount, loops: givenRuns.componentCount + cavities - euler,
            cavities: cavities)
        mask = filled
        runs = cavities > 0 ? MaskRuns(filled) : givenRuns
    }
}

extension MaskRuns {
    /// Number of components that share no voxel with the other mask, which lies in the same frame.
    func componentsApart(from other: MaskRuns) -> Int {
        var touches = [Bool](repeating: false, count: componentCount + 1)
        for row in 0..<rowStart.count - 1 {
            var a = Int(rowStart[row])
            var b = Int(other.rowStart[row])
            let (aEnd, bEnd) = (Int(rowStart[row + 1]), Int(other.rowStart[row + 1]))
            while a < aEnd, b < bEnd {
                if begin[a] < other.end[b], other.begin[b] < end[a] { touches[Int(component[a])] = true }
                if end[a] < other.end[b] { a += 1 } else { b += 1 }
            }
        }
        return touches.dropFirst().count { !$0 }
    }
}

extension BitMask {
    /// The mask without its 26-connected components of fewer voxels than given.
    func withoutComponents(below voxels: Double) -> BitMask {
        guard voxels > 1 else { return self }
        let runs = MaskRuns(self)
        var size = [Int](repeating: 0, count: runs.componentCount + 1)
        for run in runs.begin.indices { size[Int(runs.component[run])] += Int(runs.end[run] - runs.begin[run]) }
        var result = self
        let rowWords = Int(frame.kernel.row_words)
        for row in 0..<frame.rowCount {
            for run in Int(runs.rowStart[row])..<Int(runs.rowStart[row + 1])
            where Double(size[Int(runs.component[run])]) < voxels {
                for z in Int(runs.begin[run])..<Int(runs.end[run]) {
                    result.words[1 + row * rowWords + z / 64] &= ~(1 << UInt64(z % 64))
                }
            }
        }
        return result
    }
}
