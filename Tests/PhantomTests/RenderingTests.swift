import Testing

@testable import Phantom

@Suite("Rendered slices")
struct RenderingTests {
    @Test func theSameSeedGivesTheSameBytesInAnyOrder() {
        let renderer = SampleCases.renderer(1, size: 96, slices: 12)
        let content: PhantomContent = [.ct, .mr, .labels, .displacement]
        let forward = SampleCases.render(renderer, at: .truth, content)
        let again = SampleCases.renderer(1, size: 96, slices: 12)
        let workspace = PhantomWorkspace(width: 96, height: 96)
        for k in (0..<12).reversed() {
            let slice = again.render(slice: k, at: .truth, content: content, workspace: workspace)
            #expect(slice.ct == forward[k].ct)
            #expect(slice.mr == forward[k].mr)
            #expect(slice.structures == forward[k].structures)
            #expect(slice.displacement == forward[k].displacement)
        }
    }

    @Test func namespacesShareNoCase() {
        let site = PhantomSite.embedded[0]
        let a = PhantomCase(PhantomSpecification(seed: 5, namespace: .training, site: site, index: 3))
        let b = PhantomCase(PhantomSpecification(seed: 5, namespace: .validation, site: site, index: 3))
        #expect(a.vessels != b.vessels)
        #expect(a.covariates != b.covariates)
    }

    @Test func liverVolumeIsThatOfAdults() {
        for index in SampleCases.all.indices {
            // A grid that holds the whole trunk.
            let grid = PhantomGrid(
                axial: SIMD3(128, 128, 90), spacingMM: SIMD3(2.6, 2.6, 3), centreMM: SIMD3(0, 0, -20))
            let renderer = PhantomRenderer(SampleCases.all[index], grid: grid)
            let spacing = renderer.grid.spacingMM
            let voxels = SampleCases.render(renderer, at: .truth, [.labels])
                .reduce(0) { $0 + $1.liver.reduce(0) { $0 + Int($1) } }
            let volume = Double(voxels) * spacing.x * spacing.y * spacing.z / 1000
            #expect((900...2500).contains(volume), "case \(index): \(volume) ml")
            #expect(abs(volume / SampleCases.all[index].covariates.liverVolumeML - 1) < 0.08)
        }
    }

    @Test func masksLieInTheLiver() {
        let slices = SampleCases.render(SampleCases.renderer(1), at: .truth, [.labels])
        var vessels = 0
        for slice in slices {
            for i in slice.liver.indices {
                if slice.vessels[i] > 0 || slice.lesions[i] > 0 { #expect(slice.liver[i] == 1) }
                if slice.vessels[i] > 0 { vessels += 1 }
            }
        }
        #expect(vessels > 500)
    }
}
