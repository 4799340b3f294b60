import Imaging

/// Mean coronal error per 5 mm slab of the patient from back to front.
///
/// Slabs are bins of the A coordinate, so that they do not depend on storage order or obliquity.
struct APBins {
    /// Slab width in mm.
    static let widthMM = 5.0
    /// Lower edge over the width, number of voxels and mean, from posterior to anterior.
    private(set) var bins: [(index: Int, count: Int, mean: Double)] = []

    init(
        offsets: [Int], vectors: [SIMD3<Double>], geometry: Geometry, _ projection: DisplacementProjection
    ) {
        let nx = geometry.dimensions.x
        let ny = geometry.dimensions.y
        let row = geometry.affine.row1
        var sums: [Int: (count: Int, sum: Double)] = [:]
        for (offset, vector) in zip(offsets, vectors) {
            let i = Double(offset % nx)
            let j = Double(offset / nx % ny)
            let k = Double(offset / (nx * ny))
            let anterior = row.x * i + row.y * j + row.z * k + row.w
            // A centre that lies on an edge belongs to the slab in front of it, whatever the rounding.
            let bin = Int((anterior / Self.widthMM + 1e-9).rounded(.down))
            let old = sums[bin, default: (0, 0)]
            sums[bin] = (old.count + 1, old.sum + projection.coronal(vector))
        }
        bins = sums.sorted { $0.key < $1.key }.map { ($0.key, $0.value.count, $0.value.sum / Double($0.value.count)) }
    }

    var table: DetailTable {
        DetailTable(
            name: "coronal_by_ap_slab", columns: ["posterior_edge_mm", "voxels", "mean_mm"],
            rows: bins.map {
                [.number(Double($0.index) * Self.widthMM), .integer($0.count), .number($0.mean)]
            })
    }
}
