import CKernels

/// Between stored intensities (HU, MR units) and the domain of the network: piecewise linear, increasing, clamped at the outer knots.
struct IntensityDomain: Sendable {
    /// Stored intensity (HU, or MR signal over the reference) of each knot.
    private let stored: [Double]
    /// Value of each knot in the domain.
    private let domain: [Double]
    /// What MR signals are divided by; 1 for CT.
    let reference: Float

    /// Takes over knots of the weights file.
    ///
    /// - Throws: `SafetensorsError` when they do not increase.
    init(knots: [[Double]], reference: Float, file: String) throws(SafetensorsError) {
        let isIncreasing =
            (2...16).contains(knots.count) && knots.allSatisfy { $0.count == 2 && $0[0].isFinite && $0[1].isFinite }
            && zip(knots, knots.dropFirst()).allSatisfy { $0[0] < $1[0] && $0[1] < $1[1] }
        guard isIncreasing else { throw SafetensorsError(file: file, reason: "the intensity knots do not increase") }
        stored = knots.map { $0[0] }
        domain = knots.map { $0[1] }
        self.reference = reference
    }

    /// Value of air and of what lies outside of the image.
    var lowest: Float { Float(domain.first ?? 0) }

    /// The same knots for another reference.
    func with(reference: Float) -> IntensityDomain { IntensityDomain(stored, domain, reference) }

    private init(_ stored: [Double], _ domain: [Double], _ reference: Float) {
        self.stored = stored
        self.domain = domain
        self.reference = reference
    }

    /// Stored intensities to the domain; may work in place.
    func encode(_ x: UnsafePointer<Float>, _ count: Int, into out: UnsafeMutablePointer<Float>) {
        ck_encode(x, Int64(count), stored, domain, Int32(stored.count), reference, out)
    }

    /// The domain to stored intensities; may work in place.
    func decode(_ x: UnsafePointer<Float>, _ count: Int, into out: UnsafeMutablePointer<Float>) {
        ck_decode(x, Int64(count), domain, stored, Int32(stored.count), reference, out)
    }

    /// Reference signal of an MR volume: of the voxels above the mean, sorted, element ⌊n/2⌋; nil where there is no signal.
    ///
    /// - Parameter voxels: Finite values.
    static func magneticReference(of voxels: [Float]) -> Float? {
        guard !voxels.isEmpty else { return nil }
        let mean = voxels.reduce(0.0) { $0 + Double($1) } / Double(voxels.count)
        // Positive floats are ordered as their bits: first the upper 16 bits decide, then the lower.
        var upper = [Int](repeating: 0, count: 1 << 16)
        var count = 0
        for value in voxels where Double(value) > mean && value > 0 {
            upper[Int(value.bitPattern >> 16)] += 1
            count += 1
        }
        // Values that are not positive but above the mean come first.
        let below = voxels.reduce(into: 0) { $0 += Double($1) > mean && $1 <= 0 ? 1 : 0 }
        var rank = (count + below) / 2 - below
        guard count > 0, rank >= 0 else { return nil }
        var bucket = 0
        while rank >= upper[bucket] {
            rank -= upper[bucket]
            bucket += 1
        }
        var lower = [Int](repeating: 0, count: 1 << 16)
        for value in voxels where Double(value) > mean && value > 0 && Int(value.bitPattern >> 16) == bucket {
            lower[Int(value.bitPattern & 0xFFFF)] += 1
        }
        var low = 0
        while rank >= lower[low] {
            rank -= lower[low]
            low += 1
        }
        return Float(bitPattern: UInt32(bucket) << 16 | UInt32(low))
    }
}
