import Imaging
import Phantom

@testable import Metrics

/// A validation case of the phantom as volumes: real anatomy with everything known.
struct PhantomScene {
    let image: Volume<Float>
    /// The same without acquisition noise.
    let clean: Volume<Float>
    let liver: Mask
    let vessels: Mask
    /// The image at the other moment, and where anatomy of this one is found there.
    var other: Volume<Float>
    let displacement: DisplacementField

    /// Renders a case.
    ///
    /// - Parameters:
    ///   - breathingMM: Motion of the dome between the two moments.
    ///   - modality: CT in HU or MR.
    init(
        seed: UInt64, site: Int, modality: PhantomModality, dimensions: SIMD3<Int>, spacingMM: SIMD3<Double>,
        centreMM: SIMD3<Double> = SIMD3(20, 0, 10), breathingMM: Double = 12
    ) throws {
        let specification = PhantomSpecification(
            seed: seed, namespace: .validation, site: PhantomSite.embedded[site], index: 2)
        let subject = PhantomCase(specification).breathing(
            Respiration(
                amplitudeMM: breathingMM, measuredAmplitudeMM: breathingMM, sourcePhase: 0.5, truthPhase: 0))
        let grid = PhantomGrid(axial: dimensions, spacingMM: spacingMM, centreMM: centreMM)
        let steps = [grid.stepI, grid.stepJ, grid.stepK]
        func row(_ r: Int) -> SIMD4<Double> { SIMD4(steps[0][r], steps[1][r], steps[2][r], grid.originMM[r]) }
        let geometry = try Geometry(dimensions: dimensions, affine: Affine(row(0), row(1), row(2)))
        let renderer = PhantomRenderer(subject, grid: grid)
        let workspace = PhantomWorkspace(width: dimensions.x, height: dimensions.y)
        let kind: PhantomContent = modality == .ct ? .ct : .mr
        var voxels: [[Float]] = [[], []]
        var clean: [Float] = []
        var liver: [UInt8] = []
        var vessels: [UInt8] = []
        var u: [[Float]] = [[], [], []]
        for k in 0..<dimensions.z {
            for (index, moment) in [PhantomMoment.truth, .source].enumerated() {
                let content: PhantomContent = index == 0 ? [kind, .labels, .displacement, .clean] : [kind]
                let slice = renderer.render(slice: k, at: moment, content: content, workspace: workspace)
                voxels[index] += (modality == .ct ? slice.ct : slice.mr).map(Float.init)
                guard index == 0 else { continue }
                clean += modality == .ct ? slice.ctClean : slice.mrClean
                liver += slice.liver
                vessels += slice.vessels.map { $0 == 0 ? 0 : 1 }
                for axis in 0..<3 { u[axis] += slice.displacement[axis] }
            }
        }
        image = try Volume(geometry: geometry, voxels: voxels[0])
        self.clean = try Volume(geometry: geometry, voxels: clean)
        other = try Volume(geometry: geometry, voxels: voxels[1])
        self.liver = try Mask(geometry: geometry, voxels: liver)
        self.vessels = try Mask(geometry: geometry, voxels: vessels)
        displacement = try DisplacementField(geometry: geometry, components: (u[0], u[1], u[2]), frame: .ras)
    }
}
