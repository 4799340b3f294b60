/// A sampling grid of the phantom: voxel (i, j, k) lies at `origin + i·stepI + j·stepJ + k·stepK`, in mm RAS.
public struct PhantomGrid: Sendable, Equatable {
    /// Number of voxels along i, j, k.
    public var dimensions: SIMD3<Int>
    /// World position, in mm RAS, of the centre of voxel (0, 0, 0).
    public var originMM: SIMD3<Double>
    /// World step of one voxel along i, in mm.
    public var stepI: SIMD3<Double>
    /// World step of one voxel along j, in mm.
    public var stepJ: SIMD3<Double>
    /// World step of one voxel along k (the slice direction), in mm.
    public var stepK: SIMD3<Double>

    /// Makes a grid from its origin and steps, all in mm RAS.
    public init(
        dimensions: SIMD3<Int>, originMM: SIMD3<Double>, stepI: SIMD3<Double>, stepJ: SIMD3<Double>,
        stepK: SIMD3<Double>
    ) {
        self.dimensions = dimensions
        self.originMM = originMM
        self.stepI = stepI
        self.stepJ = stepJ
        self.stepK = stepK
    }

    /// Axial slices stored as scanners do: i towards the left, j towards the back, k towards the head.
    public init(axial dimensions: SIMD3<Int>, spacingMM: SIMD3<Double>, centreMM: SIMD3<Double>) {
        let half = SIMD3<Double>(
            Double(dimensions.x - 1) / 2, Double(dimensions.y - 1) / 2, Double(dimensions.z - 1) / 2)
        self.init(
            dimensions: dimensions,
            originMM: centreMM + SIMD3(half.x * spacingMM.x, half.y * spacingMM.y, -half.z * spacingMM.z),
            stepI: SIMD3(-spacingMM.x, 0, 0), stepJ: SIMD3(0, -spacingMM.y, 0), stepK: SIMD3(0, 0, spacingMM.z))
    }

    /// Edge lengths of a voxel along i, j, k, in mm.
    public var spacingMM: SIMD3<Double> { SIMD3(norm(stepI), norm(stepJ), norm(stepK)) }

    /// Number of pixels of one slice.
    public var pixelsPerSlice: Int { dimensions.x * dimensions.y }

    /// World position, in mm RAS, of a voxel index.
    public func world(_ i: Double, _ j: Double, _ k: Double) -> SIMD3<Double> {
        originMM + i * stepI + j * stepJ + k * stepK
    }
}
