/// The images of a case as stacks of axial slices with a byte per pixel, for a page on which a reader can look through all of them.
///
/// Rows run to the patient's left, columns backwards, slices upwards: radiological orientation, found from the truth's affine. Pixels
/// are square in mm and cut to the body.
public struct CaseStack: Sendable {
    /// One image.
    public struct Image: Sendable {
        /// Source, generated or truth.
        public let content: CasePicture.Content
        /// Levels; x fastest, then y, then the slices from below.
        public let levels: [UInt8]
        /// What the levels stand for.
        public let scale: GreyScale
    }

    /// Pixels of a row.
    public let width: Int
    /// Rows of a slice.
    public let height: Int
    /// Slices.
    public let depth: Int
    /// Edge of a pixel, in mm.
    public let pixelMM: Double
    /// Distance of slices, in mm.
    public let sliceMM: Double
    /// Where the first pixel of the lowest slice has its centre: R, A, S in mm.
    public let originMM: SIMD3<Double>
    /// Source (where there is one), generated, truth.
    public let images: [Image]
    /// Bits per pixel: 1 liver, 2 lesions, 4 vessels of the truth; 8, 16, 32 of the generated image.
    public let structures: [UInt8]
    /// Position in the stack of the axial slice that was asked for.
    public let slice: Int

    /// Most pixels of one image, unless the caller says otherwise: a page of three images stays below 10 MB.
    public static let defaultBudgetPixels = 3_500_000

    /// Samples the volumes; the same input gives the same bytes.
    ///
    /// - Parameters:
    ///   - input: Volumes, windows and masks, as for the pictures of a case.
    ///   - axialIndex: Slice along the truth's axis of axial slices that a page shows first; clamped to the grid.
    ///   - budgetPixels: Pixels are made larger until an image has no more than these.
    public init(_ input: CasePictureInput, axialIndex: Int, budgetPixels: Int = defaultBudgetPixels) {
        let geometry = input.truth.geometry
        let axis = geometry.sliceAxis(of: .axial)
        let count = geometry.dimensions[axis]
        let crop = input.body.map { SliceView.Crop.around($0, marginMM: 5) } ?? .all(geometry)
        let slices = Array(crop.lower[axis]...crop.upper[axis])
        let isRising = geometry.affine.column(axis)[2] >= 0
        let order = isRising ? slices : slices.reversed()
        func view(_ index: Int, side: Int) -> SliceView {
            SliceView(geometry, plane: .axial, index: index, crop: crop, longestSide: side)
        }
        var side = 320
        while side > 64,
            order.count * view(order[0], side: side).width * view(order[0], side: side).height > budgetPixels
        {
            side -= 16
        }
        let first = view(order[0], side: side)
        (width, height, depth) = (first.width, first.height, order.count)
        pixelMM = first.pixelMM
        sliceMM = geometry.spacingMM[axis]
        originMM = geometry.world(first.voxel(x: 0.5, y: 0.5))
        slice = order.firstIndex(of: max(0, min(count - 1, axialIndex))) ?? order.count / 2

        func levels(_ volume: Volume<Float>, _ scale: GreyScale) -> [UInt8] {
            order.flatMap { index in
                SliceSampler(volume, view: view(index, side: side)).values().map(scale.level)
            }
        }
        func scale(_ window: PictureWindow) -> GreyScale { window.unit == "HU" ? .ct : .linear(over: window) }
        let target = scale(input.targetWindow)
        images =
            (input.source.map { source in
                let own = scale(input.sourceWindow)
                return [Image(content: .source, levels: levels(source, own), scale: own)]
            } ?? [])
            + [
                Image(content: .generated, levels: levels(input.generated, target), scale: target),
                Image(content: .truth, levels: levels(input.truth, target), scale: target),
            ]
        var bits = [UInt8](repeating: 0, count: width * height * depth)
        let masks = [input.truthStructures, input.generatedStructures].flatMap { [$0.liver, $0.lesions, $0.vessels] }
        for (position, mask) in masks.enumerated() {
            guard let shares = mask?.map({ $0 == 0 ? Float(0) : 1 }) else { continue }
            for (number, index) in order.enumerated() {
                let values = SliceSampler(shares, view: view(index, side: side)).values()
                for (offset, value) in values.enumerated() where value >= 0.5 {
                    bits[number * width * height + offset] |= 1 << UInt8(position)
                }
            }
        }
        structures = bits
    }

    /// Levels of an image, or the structures, as a gzip member.
    ///
    /// - Throws: `ImagingError.cannotWrite` when zlib refuses.
    public static func packed(_ bytes: [UInt8]) throws(ImagingError) -> [UInt8] {
        let memory = MemorySink()
        let sink = try GzipSink(target: memory, level: 6, path: "case viewer")
        try sink.write(bytes)
        try sink.finish()
        return memory.bytes
    }
}
