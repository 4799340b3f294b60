/// One picture of a case as a report shows it: PNG bytes with what is needed to caption them.
public struct CasePicture: Sendable, Equatable, Codable {
    /// What a picture shows.
    public enum Content: String, Sendable, Codable, CaseIterable {
        /// The image that went into the generator.
        case source
        /// What the generator made.
        case generated
        /// The registered ground truth.
        case truth
        /// Absolute difference of generated image and truth, as colours.
        case difference
        /// Vessel trees drawn over the projection of the truth.
        case vesselGraph = "vessel_graph"
        /// Magnitude of a displacement or of its error, as colours.
        case deformation
    }

    /// What it shows.
    public var content: Content
    /// The plane that it shows.
    public var plane: AnatomicalPlane
    /// Where it was taken and what is special about it, in words; no patient data.
    public var detail: String
    /// Value of the darkest grey or of the first colour, in `unit`.
    public var scaleLower: Double
    /// Value of the brightest grey or of the last colour, in `unit`.
    public var scaleUpper: Double
    /// Unit of the scale: `HU`, `a.u.` for MR, `mm`.
    public var unit: String
    /// Columns of the image.
    public var width: Int
    /// Rows of the image.
    public var height: Int
    /// Edge of its square pixels, in mm.
    public var pixelMM: Double
    /// The file.
    public var png: [UInt8]

    /// Name within a case: plane and content, such as `axial/difference`.
    public var name: String { "\(plane.rawValue)/\(content.rawValue)" }

    /// Makes a picture from parts, as a store holds them.
    public init(
        content: Content, plane: AnatomicalPlane, detail: String, scaleLower: Double, scaleUpper: Double,
        unit: String, width: Int, height: Int, pixelMM: Double, png: [UInt8]
    ) {
        self.content = content
        self.plane = plane
        self.detail = detail
        self.scaleLower = scaleLower
        self.scaleUpper = scaleUpper
        self.unit = unit
        self.width = width
        self.height = height
        self.pixelMM = pixelMM
        self.png = png
    }
}

/// The values between black and white.
public struct PictureWindow: Sendable, Equatable {
    /// Value shown black, and all below.
    public var lower: Double
    /// Value shown white, and all above.
    public var upper: Double
    /// Unit of both.
    public var unit: String

    /// Makes a window; an empty one is widened to 1.
    public init(lower: Double, upper: Double, unit: String) {
        self.lower = lower
        self.upper = upper > lower ? upper : lower + 1
        self.unit = unit
    }

    /// Soft tissue of the abdomen in CT: width 400 HU, level 40 HU.
    public static let ctAbdomen = PictureWindow(lower: -160, upper: 240, unit: "HU")

    /// From the 1st to the 99th percentile of the values inside a mask, for images without a unit such as MR.
    ///
    /// Values that are not finite are left out; without a mask all voxels count.
    public static func percentiles(of volume: Volume<Float>, in mask: Mask? = nil) -> PictureWindow {
        var values: [Float] = []
        let region = mask.flatMap { $0.geometry.dimensions == volume.geometry.dimensions ? $0.voxels : nil }
        for (offset, value) in volume.voxels.enumerated() where value.isFinite {
            if let region, region[offset] == 0 { continue }
            values.append(value)
        }
        guard !values.isEmpty else { return PictureWindow(lower: 0, upper: 1, unit: "a.u.") }
        values.sort()
        func rank(_ share: Double) -> Double { Double(values[Int(share * Double(values.count - 1))]) }
        return PictureWindow(lower: rank(0.01), upper: rank(0.99), unit: "a.u.")
    }
}
