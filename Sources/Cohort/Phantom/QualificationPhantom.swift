public import Imaging
public import Metrics
import Phantom

/// A phantom in memory, as it is and with one fault at a time.
public struct QualificationPhantom: Sendable {
    /// One image with its masks and landmarks.
    public struct Images: Sendable {
        /// The image.
        public var image: Volume<Float>
        /// Body mask.
        public var body: Mask
        /// Liver mask.
        public var liver: Mask
        /// Vessel mask.
        public var vessels: Mask
        /// Lesions, one label each.
        public var lesions: LabelMap
        /// Bifurcations.
        public var landmarks: [Landmark]
        /// Displacement of the truth's anatomy that is left over; zero without that fault.
        public var residual: DisplacementField
    }

    private let subject: PhantomCase
    private let grid: PhantomGrid
    private let geometry: Geometry

    /// Draws phantoms with at least three lesions, so that lesion faults have something to act on.
    ///
    /// - Parameters:
    ///   - count: How many.
    ///   - seed: Seed; the cases are of the validation family.
    ///   - size: Pixels along each side of a slice.
    ///   - slices: Slices.
    /// - Throws: `GeometryError` for a grid that cannot be one.
    public static func draw(
        count: Int, seed: UInt64, size: Int, slices: Int
    ) throws(GeometryError) -> [QualificationPhantom] {
        var found: [QualificationPhantom] = []
        var index = 0
        while found.count < count, index < 64 * (count + 1) {
            let sites = PhantomSite.embedded
            let subject = PhantomCase(
                PhantomSpecification(
                    seed: seed, namespace: .validation, site: sites[index % sites.count], index: index))
            index += 1
            guard subject.lesions.count >= 3 else { continue }
            found.append(
                try QualificationPhantom(subject, grid: subject.grid(dimensions: SIMD3(size, size, slices))))
        }
        return found
    }

    private init(_ subject: PhantomCase, grid: PhantomGrid) throws(GeometryError) {
        self.subject = subject
        self.grid = grid
        geometry = try grid.geometry
    }

    /// The truth: an MR image.
    public func truth() throws(GeometryError) -> Images { try render(subject) }

    /// The truth with one fault.
    public func generated(_ fault: QualificationFault, size: Double) throws(GeometryError) -> Images {
        try render(subject.applying(fault.faults(size)).subject)
    }

    private func render(_ shown: PhantomCase) throws(GeometryError) -> Images {
        let renderer = PhantomRenderer(shown, grid: grid)
        let workspace = PhantomWorkspace(width: grid.dimensions.x, height: grid.dimensions.y)
        var image: [Float] = []
        var body: [UInt8] = []
        var liver: [UInt8] = []
        var vessels: [UInt8] = []
        var lesions: [Int32] = []
        var field: [[Float]] = [[], [], []]
        for k in 0..<grid.dimensions.z {
            let slice = renderer.render(slice: k, at: .truth, content: [.mr, .labels], workspace: workspace)
            image += slice.mr.map(Float.init)
            body += slice.structures.map { $0 == 0 ? 0 : 1 }
            liver += slice.liver
            vessels += slice.vessels.map { $0 == 0 ? 0 : 1 }
            lesions += slice.lesions.map(Int32.init)
            let residual = renderer.residualDisplacement(slice: k, workspace: workspace)
            for axis in 0..<3 { field[axis] += residual[axis] }
        }
        let phase = subject.respiration.truthPhase
        let landmarks = subject.landmarks.map { mark in
            let place = subject.position(ofReference: mark.positionMM, atPhase: phase)
            return Landmark(name: mark.name, positionMM: place + shown.residualDisplacement(at: place))
        }
        return Images(
            image: try Volume(geometry: geometry, voxels: image), body: try Mask(geometry: geometry, voxels: body),
            liver: try Mask(geometry: geometry, voxels: liver),
            vessels: try Mask(geometry: geometry, voxels: vessels),
            lesions: try LabelMap(geometry: geometry, voxels: lesions), landmarks: landmarks,
            residual: try DisplacementField(
                geometry: geometry, components: (field[0], field[1], field[2]), frame: .ras))
    }
}

extension PhantomGrid {
    /// The grid as the images' readers see it.
    var geometry: Geometry {
        get throws(GeometryError) {
            let (i, j, k, o) = (stepI, stepJ, stepK, originMM)
            return try Geometry(
                dimensions: dimensions,
                affine: Affine(SIMD4(i.x, j.x, k.x, o.x), SIMD4(i.y, j.y, k.y, o.y), SIMD4(i.z, j.z, k.z, o.z)))
        }
    }
}
