import Testing

@testable import Phantom

@Suite("Controlled faults")
struct FaultTests {
    /// A case with lesions to erase.
    static let subject: PhantomCase =
        (0..<60).lazy.map { index in
            PhantomCase(
                PhantomSpecification(
                    seed: 3, namespace: .validation, site: PhantomSite.embedded[index % 4], index: index))
        }
        .first { $0.lesions.count >= 3 } ?? SampleCases.all[0]

    private static let grid = subject.grid(dimensions: SIMD3(160, 160, 36))

    private static func render(_ shown: PhantomCase) -> [PhantomSlice] {
        SampleCases.render(PhantomRenderer(shown, grid: grid), at: .truth, [.mr, .labels])
    }

    private static let truth = render(subject)

    private func masks(_ slices: [PhantomSlice]) -> (liver: [UInt8], vessels: [UInt8], lesions: [UInt8]) {
        (slices.flatMap(\.liver), slices.flatMap(\.vessels), slices.flatMap(\.lesions))
    }

    @Test("Without faults the image is the truth, bit for bit")
    func noFault() {
        let (same, records) = Self.subject.applying(PhantomFaults())
        #expect(records.isEmpty)
        let slices = Self.render(same)
        #expect(slices.map(\.mr) == Self.truth.map(\.mr))
        #expect(slices.map(\.structures) == Self.truth.map(\.structures))
    }

    @Test("A lesion fault changes lesions alone")
    func lesionFaults() {
        let before = masks(Self.truth)
        var faults = PhantomFaults()
        faults.erasedLesions = 0.5
        faults.inventedLesions = 2
        let (shown, records) = Self.subject.applying(faults)
        #expect(records.count { $0.fault == "erased_lesion" } == (Self.subject.lesions.count + 1) / 2)
        #expect(records.count { $0.fault == "invented_lesion" } == 2)
        let after = masks(Self.render(shown))
        #expect(after.liver == before.liver)
        #expect(after.vessels == before.vessels)
        #expect(after.lesions != before.lesions)
        #expect(after.lesions.contains(LesionMark.firstInvented))
        for record in records where record.fault == "erased_lesion" {
            let label = Self.subject.lesions.first { $0.centreMM == record.positionMM }?.label ?? 0
            #expect(!after.lesions.contains(UInt8(label)))
        }
    }

    @Test("A vessel fault changes vessels alone, and larger faults include smaller ones")
    func vesselFaults() {
        let before = masks(Self.truth)
        var voxels = before.vessels.count { $0 != 0 }
        var earlier: Set<String> = []
        for share in [0.2, 0.5, 1] {
            var faults = PhantomFaults()
            faults.missingBranches = share
            let (shown, records) = Self.subject.applying(faults)
            let targets = Set(records.map(\.target))
            #expect(targets.isSuperset(of: earlier))
            earlier = targets
            let after = masks(Self.render(shown))
            #expect(after.liver == before.liver)
            #expect(after.lesions == before.lesions)
            let left = after.vessels.count { $0 != 0 }
            #expect(left < voxels)
            voxels = left
        }
        var more = PhantomFaults()
        more.falseBranches = 8
        let (shown, records) = Self.subject.applying(more)
        #expect(records.count >= 4)
        #expect(masks(Self.render(shown)).vessels.count { $0 != 0 } > before.vessels.count { $0 != 0 })
    }

    @Test("A deformation of r mm has the mean length r in the coronal plane over the liver")
    func deformation() {
        for wanted in [0.5, 1, 3] {
            var faults = PhantomFaults()
            faults.deformationMM = wanted
            let shown = Self.subject.applying(faults).subject
            let renderer = PhantomRenderer(shown, grid: Self.grid)
            let workspace = PhantomWorkspace(width: 160, height: 160)
            var sum = 0.0
            var count = 0.0
            var worst = 0.0
            for (k, slice) in Self.truth.enumerated() {
                let field = renderer.residualDisplacement(slice: k, workspace: workspace)
                for at in slice.liver.indices where slice.liver[at] == 1 {
                    let u = SIMD3(Double(field[0][at]), Double(field[1][at]), Double(field[2][at]))
                    sum += (u.x * u.x + u.z * u.z).squareRoot()
                    count += 1
                    guard at % 101 == 0 else { continue }
                    let x = Self.grid.world(Double(at % 160), Double(at / 160), Double(k))
                    worst = max(worst, norm(shown.residualDisplacement(at: x) - u))
                }
            }
            #expect(abs(sum / count / wanted - 1) < 0.05, "\(sum / count) instead of \(wanted) mm")
            // The field on the grid is interpolated from every fourth pixel, which are 10 mm apart here.
            #expect(worst < 0.25 * wanted)
        }
    }

    @Test("Blur, noise and bias change the image and no mask")
    func imageFaults() {
        var faults = PhantomFaults()
        faults.blurMM = 1
        faults.noise = 10
        faults.bias = 12
        let slices = Self.render(Self.subject.applying(faults).subject)
        #expect(slices.map(\.structures) == Self.truth.map(\.structures))
        var liver: [Double] = []
        for (shown, truth) in zip(slices, Self.truth) {
            for at in truth.liver.indices where truth.liver[at] == 1 {
                liver.append(Double(shown.mr[at]) - Double(truth.mr[at]))
            }
        }
        let shift = liver.reduce(0, +) / Double(max(1, liver.count))
        #expect(abs(shift - 12) < 1.5, "\(shift)")
    }

    @Test("Impossible sizes are named")
    func problems() {
        var faults = PhantomFaults()
        #expect(faults.problem == nil)
        faults.deformationMM = 40
        #expect(faults.problem?.contains("deformation") == true)
        #expect(PhantomFaults(level: 0).isNone)
        #expect(PhantomFaults(level: 3).problem == nil)
    }
}
