import CKernels
import Imaging

/// Images around the liver in one frame, ready to be registered to each other.
struct RegistrationPair {
    let frame: RegistrationFrame
    let settings: RegistrationSettings
    let threads: Int
    let reference: [Float]
    let generated: [Float]
    /// Where to evaluate, in the frame.
    let liver: Mask

    init(
        reference: Volume<Float>, generated: Volume<Float>, liver: Mask, settings: RegistrationSettings, threads: Int
    ) throws(RegistrationError) {
        do throws(GeometryError) {
            try reference.geometry.requireSameGrid(as: generated.geometry, toleranceMM: 0.01)
            try reference.geometry.requireSameGrid(as: liver.geometry, toleranceMM: 0.01)
        } catch { throw .geometry(error) }
        guard let frame = RegistrationFrame(around: liver, marginMM: settings.marginMM) else { throw .emptyMask }
        let size = frame.geometry.dimensions
        guard size.x >= 4, size.y >= 4, size.z >= 4 else { throw .tooSmall(size) }
        self.frame = frame
        self.settings = settings
        self.threads = threads
        self.reference = frame.cut(reference.voxels)
        self.generated = frame.cut(generated.voxels)
        do throws(GeometryError) {
            self.liver = try Mask(geometry: frame.geometry, voxels: frame.cut(liver.voxels))
        } catch { throw .geometry(error) }
        for (name, image) in [("reference", self.reference), ("generated image", self.generated)] {
            let odd = image.withUnsafeBufferPointer { $0.count { !$0.isFinite } }
            guard odd == 0 else { throw .notFinite(image: name, count: odd) }
        }
    }

    /// Displacement along the axes that takes points of `fixed` to where they are in `moving`.
    func register(fixed: [Float], moving: [Float]) throws(RegistrationError) -> AxisDisplacement {
        var u = AxisDisplacement(zeros: frame.count)
        let levels = settings.kernelLevels
        let failed = fixed.withUnsafeBufferPointer { fixed in
            moving.withUnsafeBufferPointer { moving in
                liver.voxels.withUnsafeBufferPointer { liver in
                    var problem = ck_registration_t()
                    problem.fixed = fixed.baseAddress
                    problem.moving = moving.baseAddress
                    problem.region = liver.baseAddress
                    problem.size = (frame.size[0], frame.size[1], frame.size[2])
                    problem.spacing = (frame.spacing[0], frame.spacing[1], frame.spacing[2])
                    problem.damping = settings.damping
                    problem.cauchy = settings.cauchyScale
                    problem.common_share = settings.commonShare
                    problem.whole_share = settings.wholeShare
                    return ck_register(&problem, levels, Int32(levels.count), Int32(threads), &u.x, &u.y, &u.z)
                }
            }
        }
        guard failed == 0 else { throw .outOfMemory }
        return u
    }

    /// The image at x + u: trilinear for fields, cubic for images, whose noise should stay.
    ///
    /// - Parameter onlyInLiver: Whether only the liver's values matter; those outside are then 0 or not.
    func warp(
        _ image: [Float], by u: AxisDisplacement, cubic: Bool, onlyInLiver: Bool = false
    ) throws(RegistrationError) -> [Float] {
        var warped = [Float](repeating: 0, count: frame.count)
        let failed = liver.voxels.withUnsafeBufferPointer { liver in
            ck_warp(
                image, frame.size, frame.spacing, u.x, u.y, u.z, onlyInLiver ? liver.baseAddress : nil,
                cubic ? 1 : 0, Int32(threads), &warped)
        }
        guard failed == 0 else { throw .outOfMemory }
        return warped
    }

    /// Correlation of both images over the liver after local normalisation as on the finest level; nil without contrast.
    func localCorrelation(_ a: [Float], _ b: [Float]) throws(RegistrationError) -> Double? {
        let sigma = settings.levels.last?.normaliseMM ?? 8
        var normalised: [[Float]] = []
        for image in [a, b] {
            var result = [Float](repeating: 0, count: frame.count)
            guard
                ck_normalise_locally(image, frame.size, frame.spacing, sigma, Int32(threads), &result) == 0
            else { throw .outOfMemory }
            normalised.append(result)
        }
        let value = ck_local_correlation(normalised[0], normalised[1], liver.voxels, Int64(frame.count))
        return value.isFinite ? value : nil
    }

    /// Positions of the liver's voxels in the frame, in storage order.
    var offsets: [Int] { liver.voxels.indices.filter { liver.voxels[$0] != 0 } }

    /// Vectors of a displacement in the liver, RAS mm, in storage order.
    func vectorsInLiver(_ u: AxisDisplacement) -> [SIMD3<Double>] {
        offsets.map { at in
            Double(u.x[at]) * frame.directions[0] + Double(u.y[at]) * frame.directions[1]
                + Double(u.z[at]) * frame.directions[2]
        }
    }

    /// Mean length of u(x) + v(x + u(x)) in the liver, mm: zero when v leads back.
    func inverseConsistencyMM(forward u: AxisDisplacement, backward v: AxisDisplacement) throws(RegistrationError)
        -> Double
    {
        var round = AxisDisplacement(zeros: 0)
        round.x = try warp(v.x, by: u, cubic: false, onlyInLiver: true)
        round.y = try warp(v.y, by: u, cubic: false, onlyInLiver: true)
        round.z = try warp(v.z, by: u, cubic: false, onlyInLiver: true)
        var sum = 0.0
        var count = 0.0
        for at in offsets {
            let e = SIMD3(Double(u.x[at] + round.x[at]), Double(u.y[at] + round.y[at]), Double(u.z[at] + round.z[at]))
            sum += length(e)
            count += 1
        }
        return sum / count
    }

    /// A displacement as a field in RAS mm, on the grid of the frame.
    func field(_ u: AxisDisplacement) throws(RegistrationError) -> DisplacementField {
        do throws(GeometryError) { return try frame.field(u) } catch { throw .geometry(error) }
    }

    /// Share of folded voxels in the liver eroded by two voxels; 0 when nothing is left of it.
    func foldFraction(_ u: AxisDisplacement) throws(RegistrationError) -> Double {
        FieldJacobian(of: try field(u), in: liver)?.foldFraction ?? 0
    }
}
