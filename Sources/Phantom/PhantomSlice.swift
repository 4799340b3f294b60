import CPhantom

/// Modality of a rendered image.
public enum PhantomModality: Int, Sendable, CaseIterable, Codable {
    /// Computed tomography, HU.
    case ct = 0
    /// Magnetic resonance, arbitrary units.
    case mr = 1
}

/// At which of its two moments a patient is rendered.
public enum PhantomMoment: Sendable, Equatable {
    /// When the source image was taken.
    case source
    /// When the ground truth was taken.
    case truth
}

/// One rendered slice.
///
/// Every array has width × height elements, i fastest; arrays not asked for are empty.
public struct PhantomSlice: Sendable {
    /// CT in HU.
    public var ct: [Int16] = []
    /// MR magnitude.
    public var mr: [Int16] = []
    /// CT without noise, HU.
    public var ctClean: [Float] = []
    /// MR without noise.
    public var mrClean: [Float] = []
    /// 1 in the liver, its vessels and lesions included.
    public var liver: [UInt8] = []
    /// `VesselKind.rawValue` in the liver's vessels.
    public var vessels: [UInt8] = []
    /// Label of the lesion.
    public var lesions: [UInt8] = []
    /// `PhantomStructure.rawValue`, 0 is air.
    public var structures: [UInt8] = []
    /// Displacement, mm RAS: what is found here is found at x + u at the other moment (R plane, A plane, S plane).
    public var displacement: [[Float]] = []
}

extension PhantomSlice {
    /// The nearest 16-bit numbers to `values` times `scale`, halves away from zero.
    public static func stored(_ values: [Float], scale: Float) -> [Int16] {
        [Int16](unsafeUninitializedCapacity: values.count) { buffer, count in
            if let out = buffer.baseAddress { cp_store_scaled(values, scale, Int64(values.count), out) }
            count = values.count
        }
    }
}

/// What a slice should hold.
public struct PhantomContent: OptionSet, Sendable {
    /// The bits.
    public let rawValue: Int

    /// From bits.
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// The CT image.
    public static let ct = PhantomContent(rawValue: 1)
    /// The MR image.
    public static let mr = PhantomContent(rawValue: 2)
    /// Images without noise, of the modalities asked for.
    public static let clean = PhantomContent(rawValue: 4)
    /// Liver, vessel, lesion and structure labels.
    public static let labels = PhantomContent(rawValue: 8)
    /// Displacement to the other moment.
    public static let displacement = PhantomContent(rawValue: 16)
}
