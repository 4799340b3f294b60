import CPhantom

/// Buffers for rendering slices of one size; one for each thread.
public final class PhantomWorkspace {
    let width: Int
    let height: Int
    let pixels: Int
    private let floats: UnsafeMutablePointer<Float>
    private let bytes: UnsafeMutablePointer<UInt8>
    private let floatCount: Int
    let lattice: UnsafeMutablePointer<Float>
    private let boxes: UnsafeMutablePointer<cp_box>
    private let ranges: UnsafeMutablePointer<cp_range>

    /// Makes buffers for slices of `width` × `height` pixels.
    public init(width: Int, height: Int) {
        self.width = width
        self.height = height
        pixels = width * height
        let nodes = Int(cp_lattice_nodes(Int32(width), Int32(height)))
        floatCount = Plane.allCases.count * pixels + 9 * nodes + 16
        floats = .allocate(capacity: floatCount)
        floats.initialize(repeating: 0, count: floatCount)
        bytes = .allocate(capacity: 3 * pixels)
        bytes.initialize(repeating: 0, count: 3 * pixels)
        lattice = floats + Plane.allCases.count * pixels
        let tiles = Int(cp_tiles(Int32(width), Int32(height)))
        boxes = .allocate(capacity: 4 * tiles)
        boxes.initialize(repeating: cp_box(), count: 4 * tiles)
        ranges = .allocate(capacity: tiles)
        ranges.initialize(repeating: cp_range(), count: tiles)
    }

    deinit {
        floats.deallocate()
        bytes.deallocate()
        boxes.deallocate()
        ranges.deallocate()
    }

    /// What a plane of numbers holds while a slice is painted; afterwards images and layers serve as scratch.
    enum Plane: Int, CaseIterable {
        /// Share of each pixel that lies in the cavity.
        case cavity
        /// Images of the layer that is painted, and their texture.
        case ct, mr, ctTexture, mrTexture
        /// Share of each pixel that is liver, a vessel, a lesion.
        case liver, vessel, lesionCover
        /// Sums over the layers of a slice.
        case ctSum, mrSum, liverSum
        /// White noise before it is filtered.
        case noise
    }

    func plane(_ plane: Plane) -> UnsafeMutablePointer<Float> { floats + plane.rawValue * pixels }

    func bytePlane(_ n: Int) -> UnsafeMutablePointer<UInt8> { bytes + n * pixels }

    /// Lays the planes out as the kernels expect them.
    func slice() -> cp_slice {
        var s = cp_slice()
        s.w = Int32(width)
        s.h = Int32(height)
        s.lattice = lattice
        s.tile_box = boxes
        s.tile_cavity = ranges
        s.cavity = plane(.cavity)
        s.value = (plane(.ct), plane(.mr))
        s.amplitude = (plane(.ctTexture), plane(.mrTexture))
        s.liver = plane(.liver)
        s.vessel = plane(.vessel)
        s.lesion_cover = plane(.lesionCover)
        s.structure = bytePlane(0)
        s.vessel_label = bytePlane(1)
        s.lesion_label = bytePlane(2)
        return s
    }

    /// Sums over the layers of a slice: CT, MR, liver.
    var sums: [UnsafeMutablePointer<Float>] { [plane(.ctSum), plane(.mrSum), plane(.liverSum)] }
}
