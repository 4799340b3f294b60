import CKernels
public import Imaging

/// Betti numbers of a mask: its components, loops and cavities.
///
/// Foreground 26-connected, background 6-connected, outside of the grid is background; the union of the closed voxels.
public struct BettiNumbers: Sendable, Equatable {
    /// Number of 26-connected components.
    public var components: Int
    /// Number of independent loops (tunnels).
    public var loops: Int
    /// Number of cavities: 6-connected background that does not reach the outside.
    public var cavities: Int
    /// Euler characteristic: components − loops + cavities.
    public var eulerCharacteristic: Int { components - loops + cavities }

    /// Makes a triple.
    public init(components: Int, loops: Int, cavities: Int) {
        self.components = components
        self.loops = loops
        self.cavities = cavities
    }

    /// Counts them in a mask; loops follow from the Euler characteristic counted cell by cell.
    public init(of mask: Mask) {
        guard let frame = BitFrame(around: [mask], geometry: mask.geometry, axes: .stored) else {
            self.init(components: 0, loops: 0, cavities: 0)
            return
        }
        self = SolidMask(BitMask(mask, frame: frame)).betti
    }
}

extension Mask {
    /// The mask with its cavities (6-connected background that does not reach the outside) filled; 1 inside.
    public func cavitiesFilled() -> Mask {
        guard let frame = BitFrame(around: [self], geometry: geometry, axes: .stored) else { return self }
        return SolidMask(BitMask(self, frame: frame)).mask.unpacked()
    }
}
