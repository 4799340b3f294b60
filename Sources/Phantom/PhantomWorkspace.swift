import CPhantom

/// Buffers for rendering slices of one size; one for each thread.
public final class PhantomWorkspace {
    let width: Int
    let height: Int
    let pixels: Int
    private let floats: UnsafeMutablePointer<Float>
    private let bytes: UnsafeMutablePointer<UInt8>
    private let floatCount: Int
    private static let planes = 24
    let lattice: UnsafeMutablePointer<Float>

    /// Makes buffers for slices of `width` × `height` pixels.
    public init(width: Int, height: Int) {
        self.width = width
        self.height = height
        pixels = width * height
        let nodes = Int(cp_lattice_nodes(Int32(width), Int32(height)))
        floatCount = PhantomWorkspace.planes * pixels + 9 * nodes
        floats = .allocate(capacity: floatCount)
        floats.initialize(repeating: 0, count: floatCount)
        bytes = .allocate(capacity: 3 * pixels)
        bytes.initialize(repeating: 0, count: 3 * pixels)
        lattice = floats + PhantomWorkspace.planes * pixels
    }

    deinit {
        floats.deallocate()
        bytes.deallocate()
    }

    func plane(_ n: Int) -> UnsafeMutablePointer<Float> { floats + n * pixels }

    func bytePlane(_ n: Int) -> UnsafeMutablePointer<UInt8> { bytes + n * pixels }

    /// Lays the planes out as the kernels expect them.
    func slice() -> cp_slice {
        var s = cp_slice()
        s.w = Int32(width)
        s.h = Int32(height)
        s.fixed = (plane(0), plane(1), plane(2))
        s.fixed_warped = (plane(3), plane(4), plane(5))
        s.moving = (plane(6), plane(7), plane(8))
        s.moving_warped = (plane(9), plane(10), plane(11))
        s.cavity = plane(12)
        s.value = (plane(13), plane(14))
        s.amplitude = (plane(15), plane(16))
        s.liver = plane(17)
        s.vessel = plane(18)
        s.lesion_cover = plane(19)
        s.structure = bytePlane(0)
        s.vessel_label = bytePlane(1)
        s.lesion_label = bytePlane(2)
        return s
    }

    /// Sums over the layers of a slice: CT, MR, texture of both, liver.
    var sums: [UnsafeMutablePointer<Float>] { [plane(20), plane(21), plane(22), plane(23)] }
}
