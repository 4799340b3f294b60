import Testing

@testable import Phantom

@Suite("Plausibility of images and motion")
struct PlausibilityTests {
    /// A portal-venous case without fatty or cirrhotic liver.
    static let healthy: PhantomCase = {
        let candidates = (0..<40).lazy.map { index in
            PhantomCase(
                PhantomSpecification(
                    seed: 11, namespace: .validation, site: PhantomSite.embedded[1], index: index))
        }
        return candidates.first { $0.covariates.parenchyma == "none" } ?? SampleCases.all[1]
    }()

    static func medians(_ image: [Int16], _ structures: [UInt8]) -> [PhantomStructure: Double] {
        var values: [UInt8: [Int16]] = [:]
        for (value, code) in zip(image, structures) { values[code, default: []].append(value) }
        var result: [PhantomStructure: Double] = [:]
        for (code, list) in values where list.count > 60 {
            guard let structure = PhantomStructure(rawValue: Int(code)) else { continue }
            result[structure] = Double(list.sorted()[list.count / 2])
        }
        return result
    }

    private func slices() -> [PhantomSlice] {
        let subject = Self.healthy
        let grid = subject.grid(dimensions: SIMD3(192, 192, 28))
        return SampleCases.render(
            PhantomRenderer(subject, grid: grid), at: .truth, [.ct, .mr, .labels, .clean])
    }

    @Test("Portal-venous attenuation of each tissue lies in the range of abdominal protocols")
    func attenuation() {
        let all = slices()
        let found = Self.medians(all.flatMap(\.ct), all.flatMap(\.structures))
        let ranges: [PhantomStructure: ClosedRange<Double>] = [
            .liver: 90...130, .spleen: 100...145, .portalVein: 130...200, .hepaticVein: 115...190,
            .aorta: 120...185, .cava: 100...170, .kidney: 130...230, .muscle: 45...85, .body: -125...(-75),
            .lung: -920...(-700), .gallbladder: -5...30,
        ]
        for (structure, range) in ranges {
            guard let value = found[structure] else { continue }
            #expect(range.contains(value), "\(structure): \(value) HU")
        }
        #expect(found.keys.count > 9)
    }

    @Test("Post-contrast fat-suppressed T1 contrast lies in its range")
    func contrast() {
        let all = slices()
        let found = Self.medians(all.flatMap(\.mr), all.flatMap(\.structures))
        guard let liver = found[.liver] else {
            Issue.record("no liver")
            return
        }
        let ranges: [PhantomStructure: ClosedRange<Double>] = [
            .spleen: 0.7...1.5, .portalVein: 1.2...2.6, .hepaticVein: 1.2...2.6, .kidney: 1.0...2.6,
            .muscle: 0.25...0.95, .body: 0.05...0.5, .gallbladder: 0.05...0.7,
        ]
        for (structure, range) in ranges {
            guard let value = found[structure] else { continue }
            #expect(range.contains(value / liver), "\(structure) to liver: \(value / liver)")
        }
    }

    @Test("The dome moves by the amplitude that was asked for, most at the end of inspiration")
    func motion() {
        for amplitude in [5.0, 12, 25] {
            let subject = SampleCases.all[0].breathing(
                Respiration(amplitudeMM: amplitude, measuredAmplitudeMM: amplitude, sourcePhase: 0, truthPhase: 0.5))
            let rest = subject.position(ofReference: subject.domeApexMM, atPhase: 0)
            let deep = subject.position(ofReference: subject.domeApexMM, atPhase: 0.5)
            #expect(abs((rest.z - deep.z) - amplitude) < 0.02 * amplitude)
            // The way in differs from the way out.
            let entering = subject.position(ofReference: subject.domeApexMM, atPhase: 0.3)
            let leaving = subject.position(ofReference: subject.domeApexMM, atPhase: 0.7)
            #expect(abs(entering.z - leaving.z) < 1e-3)
            #expect(abs(entering.y - leaving.y) > 0.01 * amplitude)
        }
    }

    @Test("CT noise is correlated as the reconstruction makes it: not white, and weak at low frequencies")
    func noisePower() {
        let all = slices()
        var lag0 = 0.0
        var lag1 = 0.0
        var count = 0.0
        var blocks: [Double] = []
        let width = 192
        for slice in all {
            for j in stride(from: 0, to: width - 8, by: 8) {
                for i in stride(from: 0, to: width - 8, by: 8) where slice.liver[j * width + i] == 1 {
                    var sum = 0.0
                    for y in j..<(j + 8) {
                        for x in i..<(i + 7) {
                            let at = y * width + x
                            let a = Double(slice.ct[at]) - Double(slice.ctClean[at])
                            let b = Double(slice.ct[at + 1]) - Double(slice.ctClean[at + 1])
                            lag0 += a * a
                            lag1 += a * b
                            count += 1
                            sum += a
                        }
                    }
                    blocks.append(sum / 56)
                }
            }
        }
        let variance = lag0 / count
        #expect(variance > 4)
        #expect(abs(lag1 / lag0) > 0.05, "lag-1 correlation \(lag1 / lag0)")
        // Means of white noise over 56 pixels have a variance of one 56th; suppressed low frequencies give less.
        let ofMeans = blocks.reduce(0) { $0 + $1 * $1 } / Double(blocks.count)
        #expect(ofMeans * 56 / variance < 0.7, "\(ofMeans * 56 / variance)")
    }

    @Test("The MR background is Rayleigh distributed")
    func background() {
        let all = slices()
        var values: [Double] = []
        for slice in all {
            // Corners, far from the patient.
            for j in 0..<24 { for i in 0..<24 { values.append(Double(slice.mr[j * 192 + i])) } }
        }
        let n = Double(values.count)
        let mean = values.reduce(0, +) / n
        let sd = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / n).squareRoot()
        let skew = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) * ($1 - mean) } / (n * sd * sd * sd)
        // √(π/2) / √(2 − π/2) and 2√π(π − 3)/(4 − π)^1.5.
        #expect(abs(mean / sd - 1.913) < 0.08, "\(mean / sd)")
        #expect(abs(skew - 0.631) < 0.12, "\(skew)")
    }

    @Test("Warping the source's anatomy by the displacement gives the truth's anatomy")
    func displacement() {
        let subject = SampleCases.all[0].breathing(
            Respiration(amplitudeMM: 18, measuredAmplitudeMM: 18, sourcePhase: 0.05, truthPhase: 0.45))
        let grid = subject.grid(dimensions: SIMD3(256, 256, 64))
        let slices = SampleCases.render(PhantomRenderer(subject, grid: grid), at: .truth, [.labels, .displacement])
        var both = 0.0
        var total = 0.0
        for (k, slice) in slices.enumerated() {
            // Every third pixel of every row is enough.
            for at in slice.liver.indices where at % 3 == 0 {
                let x = grid.world(Double(at % 256), Double(at / 256), Double(k))
                let u = SIMD3(
                    Double(slice.displacement[0][at]), Double(slice.displacement[1][at]),
                    Double(slice.displacement[2][at]))
                let isThere = subject.patient.liverDepth(subject.reference(ofPosition: x + u, atPhase: 0.05)) > 0
                let isHere = slice.liver[at] == 1
                both += isThere && isHere ? 2 : 0
                total += (isThere ? 1 : 0) + (isHere ? 1 : 0)
            }
        }
        #expect(total > 1000)
        #expect(both / total >= 0.99, "Dice \(both / total)")
    }
}
