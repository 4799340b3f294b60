/// What the pictures of one case are made from.
///
/// Masks are those of the truth on its grid, and those of the generated image on its grid; each is optional.
public struct CasePictureInput: Sendable {
    /// Image that went into the generator, on any grid.
    public var source: Volume<Float>?
    /// What the generator made, on any grid; compared on the truth's.
    public var generated: Volume<Float>
    /// Registered truth: its grid gives the slices.
    public var truth: Volume<Float>
    /// Greys of the source.
    public var sourceWindow: PictureWindow
    /// Greys of truth and generated image.
    public var targetWindow: PictureWindow
    /// Body on the truth's grid: pictures are cut to it.
    public var body: Mask?
    /// Outlines for the truth.
    public var truthStructures = Structures()
    /// Outlines for the generated image.
    public var generatedStructures = Structures()

    /// Masks whose outlines are drawn.
    public struct Structures: Sendable {
        /// The liver.
        public var liver: Mask?
        /// All lesions.
        public var lesions: Mask?
        /// All vessels.
        public var vessels: Mask?

        /// Makes a set of masks.
        public init(liver: Mask? = nil, lesions: Mask? = nil, vessels: Mask? = nil) {
            self.liver = liver
            self.lesions = lesions
            self.vessels = vessels
        }
    }

    /// Makes an input with what every case has; the rest is set afterwards.
    public init(
        source: Volume<Float>?, generated: Volume<Float>, truth: Volume<Float>, sourceWindow: PictureWindow,
        targetWindow: PictureWindow
    ) {
        self.source = source
        self.generated = generated
        self.truth = truth
        self.sourceWindow = sourceWindow
        self.targetWindow = targetWindow
    }
}

/// Pictures of a case: an axial and a coronal slice, each as source, generated, truth and absolute difference.
public enum CasePictures {
    /// Most bytes that the pictures of one case take together, unless the caller says otherwise.
    public static let defaultBudgetBytes = 200_000

    /// Renders the pictures; the same input gives the same bytes.
    ///
    /// Planes and sides are found from the truth's affine. Pixels are square in mm. The difference goes from 0 to half
    /// the width of the target's window. On the coronal pictures, marks at both edges show the axial slice, and the
    /// other way round.
    ///
    /// - Parameters:
    ///   - input: Volumes, windows and masks.
    ///   - axialIndex: Slice along the truth's axis of axial slices; clamped to the grid.
    ///   - coronalIndex: Slice along the truth's axis of coronal slices; nil: through the middle of the largest
    ///     structure that is known (lesions before liver before body), else of the image.
    ///   - budgetBytes: Pictures are made smaller until all fit.
    /// - Returns: Axial, then coronal; source (where there is one), generated, truth, difference.
    /// - Throws: `ImagingError.cannotWrite` when libpng refuses.
    public static func render(
        _ input: CasePictureInput, axialIndex: Int, coronalIndex: Int? = nil,
        budgetBytes: Int = defaultBudgetBytes
    ) throws(ImagingError) -> [CasePicture] {
        let crop = input.body.map { SliceView.Crop.around($0, marginMM: 5) } ?? .all(input.truth.geometry)
        let coronal = coronalIndex ?? middle(of: input, plane: .coronal)
        var side = 384
        var pictures: [CasePicture] = []
        for _ in 0..<8 {
            pictures = []
            for plane in [AnatomicalPlane.axial, .coronal] {
                let view = SliceView(
                    input.truth.geometry, plane: plane, index: plane == .axial ? axialIndex : coronal, crop: crop,
                    longestSide: side)
                let mark =
                    plane == .axial
                    ? view.row(ofSlice: coronal, in: .coronal) : view.row(ofSlice: axialIndex, in: .axial)
                pictures += try slice(input, view: view, mark: mark)
            }
            let bytes = pictures.reduce(0) { $0 + $1.png.count }
            if bytes <= budgetBytes || side <= 96 { break }
            // Bytes grow with the area.
            side = max(96, Int(Double(side) * max(0.6, (0.95 * Double(budgetBytes) / Double(bytes)).squareRoot())))
        }
        return pictures
    }

    private static func slice(
        _ input: CasePictureInput, view: SliceView, mark: Double?
    ) throws(ImagingError) -> [CasePicture] {
        let generated = SliceSampler(input.generated, view: view).values()
        let truth = SliceSampler(input.truth, view: view).values()
        var pictures: [CasePicture] = []
        func add(
            _ content: CasePicture.Content, _ canvas: PictureCanvas, _ lower: Double, _ upper: Double, _ unit: String,
            _ detail: String
        ) throws(ImagingError) {
            pictures.append(
                CasePicture(
                    content: content, plane: view.plane, detail: detail, scaleLower: lower, scaleUpper: upper,
                    unit: unit, width: view.width, height: view.height, pixelMM: view.pixelMM,
                    png: try canvas.encoded()))
        }
        func grey(
            _ content: CasePicture.Content, _ values: [Float], _ window: PictureWindow,
            _ structures: CasePictureInput.Structures?
        ) throws(ImagingError) {
            var canvas = PictureCanvas(width: view.width, height: view.height)
            canvas.paint(values, window: window)
            if let structures { outline(structures, on: &canvas, view: view) }
            if let mark { canvas.edgeMarks(row: mark, colour: PictureColours.mark) }
            try add(content, canvas, window.lower, window.upper, window.unit, view.place)
        }
        if let source = input.source {
            try grey(.source, SliceSampler(source, view: view).values(), input.sourceWindow, nil)
        }
        try grey(.generated, generated, input.targetWindow, input.generatedStructures)
        try grey(.truth, truth, input.targetWindow, input.truthStructures)
        var canvas = PictureCanvas(width: view.width, height: view.height)
        let upper = (input.targetWindow.upper - input.targetWindow.lower) / 2
        canvas.paintRamp(zip(generated, truth).map { abs($0 - $1) }, upper: upper)
        if let liver = input.truthStructures.liver {
            outline(CasePictureInput.Structures(liver: liver), on: &canvas, view: view)
        }
        try add(.difference, canvas, 0, upper, input.targetWindow.unit, view.place)
        return pictures
    }

    private static func outline(
        _ structures: CasePictureInput.Structures, on canvas: inout PictureCanvas, view: SliceView
    ) {
        let layers = [
            (structures.liver, PictureColours.liver), (structures.vessels, PictureColours.vessels),
            (structures.lesions, PictureColours.lesions),
        ]
        for case (let mask?, let colour) in layers {
            canvas.outline(SliceSampler(mask.map { $0 == 0 ? 0 : 1 }, view: view).values(), colour: colour)
        }
    }

    /// The slice with the most voxels of the first structure that has any, nearest to its middle among equals.
    private static func middle(of input: CasePictureInput, plane: AnatomicalPlane) -> Int {
        let geometry = input.truth.geometry
        let axis = geometry.sliceAxis(of: plane)
        let masks = [input.truthStructures.lesions, input.truthStructures.liver, input.body]
        for case let mask? in masks where mask.geometry.dimensions == geometry.dimensions {
            let counts = voxelsPerSlice(of: mask, axis: axis)
            if let largest = counts.max(), largest > 0, let index = counts.firstIndex(of: largest) { return index }
        }
        return geometry.dimensions[axis] / 2
    }

    private static func voxelsPerSlice(of mask: Mask, axis: Int) -> [Int] {
        let d = mask.geometry.dimensions
        var counts = [Int](repeating: 0, count: d[axis])
        var offset = 0
        for k in 0..<d.z {
            for j in 0..<d.y {
                for i in 0..<d.x {
                    if mask.voxels[offset] != 0 { counts[axis == 0 ? i : axis == 1 ? j : k] += 1 }
                    offset += 1
                }
            }
        }
        return counts
    }
}
