/// Sums of target values by source intensity, local mean and local spread: what one case teaches the intensity map.
struct ConditionalMeanTable: Sendable {
    /// Number of target values seen in each bin.
    private(set) var counts: [Int64]
    /// Sum of the target values seen in each bin, in thousandths of a unit: whole numbers, so that adding and taking
    /// away cases in any order gives the same bits.
    private(set) var sums: [Int64]
    /// The bins.
    let bins: FeatureBins

    /// Makes an empty table.
    init(bins: FeatureBins) {
        self.bins = bins
        counts = Array(repeating: 0, count: bins.count)
        sums = Array(repeating: 0, count: bins.count)
    }

    /// Adds one voxel.
    mutating func add(bin: Int, target: Float) {
        counts[bin] += 1
        sums[bin] += Int64((Double(target) * 1000).rounded())
    }

    /// Adds every voxel of another case.
    mutating func add(_ other: ConditionalMeanTable) {
        for bin in counts.indices {
            counts[bin] += other.counts[bin]
            sums[bin] += other.sums[bin]
        }
    }

    /// Number of voxels seen.
    var total: Int64 { counts.reduce(0, +) }

    /// Expected target value of every bin.
    ///
    /// Rare bins are shrunk towards the mean of their intensity and local mean, that one towards the mean of the intensity, and that one
    /// towards the mean of all: each coarser mean weighs as much as `priorWeight` voxels.
    func expectations(priorWeight: Double = 30) -> [Float] {
        let spreads = bins.spreadCount
        let means = bins.meanCount
        func shrunk(_ sum: Double, _ count: Double, _ prior: Double) -> Double {
            (sum + priorWeight * prior) / (count + priorWeight)
        }
        var expected = Array(repeating: Float(0), count: bins.count)
        let grandCount = Double(max(1, total))
        let grandMean = Double(sums.reduce(0, +)) / 1000 / grandCount
        for intensity in 0..<bins.intensityCount {
            let block = intensity * means * spreads..<(intensity + 1) * means * spreads
            let intensityMean = shrunk(
                Double(sums[block].reduce(0, +)) / 1000, Double(counts[block].reduce(0, +)), grandMean)
            for mean in 0..<means {
                let row = block.lowerBound + mean * spreads..<block.lowerBound + (mean + 1) * spreads
                let rowMean = shrunk(
                    Double(sums[row].reduce(0, +)) / 1000, Double(counts[row].reduce(0, +)), intensityMean)
                for bin in row {
                    expected[bin] = Float(shrunk(Double(sums[bin]) / 1000, Double(counts[bin]), rowMean))
                }
            }
        }
        return expected
    }
}

/// The bins of source intensity × local mean × local spread.
struct FeatureBins: Sendable, Equatable {
    /// Inner edges between intensity bins, ascending.
    let intensityEdges: [Float]
    /// Inner edges between bins of the local mean, ascending.
    let meanEdges: [Float]
    /// Inner edges between bins of the local standard deviation, ascending.
    let spreadEdges: [Float]

    var intensityCount: Int { intensityEdges.count + 1 }
    var meanCount: Int { meanEdges.count + 1 }
    var spreadCount: Int { spreadEdges.count + 1 }
    /// Number of bins.
    var count: Int { intensityCount * meanCount * spreadCount }

    /// Bins with about equally many voxels each, from samples of the features.
    init(intensities: [Float], means: [Float], spreads: [Float], sizes: SIMD3<Int>) {
        intensityEdges = FeatureBins.quantileEdges(intensities, sizes.x)
        meanEdges = FeatureBins.quantileEdges(means, sizes.y)
        spreadEdges = FeatureBins.quantileEdges(spreads, sizes.z)
    }

    /// Bin of one voxel's features.
    func bin(intensity: Float, mean: Float, spread: Float) -> Int {
        let i = FeatureBins.position(intensity, intensityEdges)
        let m = FeatureBins.position(mean, meanEdges)
        let s = FeatureBins.position(spread, spreadEdges)
        return (i * meanCount + m) * spreadCount + s
    }

    /// Number of edges that are not larger than the value.
    private static func position(_ value: Float, _ edges: [Float]) -> Int {
        var low = 0
        var high = edges.count
        while low < high {
            let middle = (low + high) / 2
            if edges[middle] <= value { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private static func quantileEdges(_ samples: [Float], _ bins: Int) -> [Float] {
        let sorted = samples.sorted()
        guard let last = sorted.last else { return [] }
        var edges: [Float] = []
        for index in 1..<bins {
            let value = sorted[min(sorted.count - 1, index * sorted.count / bins)]
            if value < last || edges.isEmpty, edges.last.map({ value > $0 }) ?? true { edges.append(value) }
        }
        return edges
    }
}
