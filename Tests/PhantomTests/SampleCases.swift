@testable import Phantom

/// Cases that several tests look at, drawn once.
enum SampleCases {
    static let all: [PhantomCase] = (0..<6).map { index in
        PhantomCase(
            PhantomSpecification(
                seed: 20_260_101, namespace: .validation, site: PhantomSite.embedded[index % 4], index: index))
    }

    /// Small slices that cover the liver.
    static func renderer(_ index: Int, size: Int = 192, slices: Int = 24) -> PhantomRenderer {
        let subject = all[index]
        return PhantomRenderer(subject, grid: subject.grid(dimensions: SIMD3(size, size, slices)))
    }

    static func render(
        _ renderer: PhantomRenderer, at moment: PhantomMoment, _ content: PhantomContent
    ) -> [PhantomSlice] {
        let workspace = PhantomWorkspace(width: renderer.grid.dimensions.x, height: renderer.grid.dimensions.y)
        return (0..<renderer.grid.dimensions.z).map {
            renderer.render(slice: $0, at: moment, content: content, workspace: workspace)
        }
    }
}
