import Imaging
import CKernels

/// A smooth displacement drawn from a seed, for asking a registration to find what is known.
struct InjectedDisplacement {
    /// Smoothness: sigma of the Gaussian that white noise is filtered with.
    static let smoothnessMM = 22.0
    private static let nodeMM = 8.0

    /// What is at x in the fixed image is at x + u in the moving one; in the liver alone.
    private(set) var displacement: AxisDisplacement
    /// The moving image is the fixed one at y + v.
    var inverse: AxisDisplacement

    /// Draws a field whose length in the liver has the root mean square `rmsMM`.
    init(seed: UInt64, rmsMM: Double, in pair: RegistrationPair) throws(RegistrationError) {
        let frame = pair.frame
        let step = [Double](repeating: Self.nodeMM, count: 3)
        let nodes = (0..<3).map { Int64((Double(frame.size[$0]) * frame.spacing[$0] / Self.nodeMM).rounded(.up)) }
        let nodeCount = Int(nodes[0] * nodes[1] * nodes[2])
        var components: [[Float]] = []
        for axis in 0..<3 {
            var noise = [Float](repeating: 0, count: nodeCount)
            ck_add_noise(&noise, Int64(nodeCount), 1, seed &* 3 &+ UInt64(axis))
            var smooth = noise
            var fine = [Float](repeating: 0, count: frame.count)
            guard ck_gaussian(noise, nodes, step, Self.smoothnessMM, Int32(pair.threads), &smooth) == 0,
                ck_refine(smooth, nodes, step, frame.size, frame.spacing, Int32(pair.threads), &fine) == 0
            else { throw .outOfMemory }
            components.append(fine)
        }
        var square = 0.0
        var count = 0.0
        for at in pair.offsets {
            for component in components { square += Double(component[at]) * Double(component[at]) }
            count += 1
        }
        let scale = square > 0 ? Float(rmsMM / (square / count).squareRoot()) : 0
        inverse = AxisDisplacement(zeros: 0)
        inverse.x = components[0].map { $0 * scale }
        inverse.y = components[1].map { $0 * scale }
        inverse.z = components[2].map { $0 * scale }
        displacement = AxisDisplacement(zeros: frame.count)
        if scale != 0 { displacement = try solved(in: pair) }
    }

    /// The displacement that belongs to the inverse, in the liver: u = -v(x + u).
    ///
    /// The iteration contracts, since the field varies by far less than a millimetre per millimetre.
    func solved(in pair: RegistrationPair) throws(RegistrationError) -> AxisDisplacement {
        var u = AxisDisplacement(zeros: pair.frame.count)
        for _ in 0..<12 {
            var next = AxisDisplacement(zeros: 0)
            next.x = try pair.warp(inverse.x, by: u, cubic: false, onlyInLiver: true).map { -$0 }
            next.y = try pair.warp(inverse.y, by: u, cubic: false, onlyInLiver: true).map { -$0 }
            next.z = try pair.warp(inverse.z, by: u, cubic: false, onlyInLiver: true).map { -$0 }
            u = next
        }
        return u
    }
}
