/// Colours that people with colour-blindness can tell apart, also on grey.
enum PictureColours {
    /// Outline of the liver.
    static let liver = SIMD3<UInt8>(86, 180, 233)
    /// Outlines of lesions.
    static let lesions = SIMD3<UInt8>(230, 90, 20)
    /// Outlines of vessels.
    static let vessels = SIMD3<UInt8>(240, 228, 66)
    /// Marks of the other slice.
    static let mark = SIMD3<UInt8>(255, 255, 255)

    /// The ramp of difference and deformation maps: rising brightness from black over blue to pale yellow, so that it
    /// also reads in grey.
    static func ramp(_ share: Double) -> SIMD3<UInt8> {
        let t = max(0, min(1, share)) * Double(stops.count - 1)
        let first = min(Int(t), stops.count - 2)
        let mixed = stops[first] + (stops[first + 1] - stops[first]) * (t - Double(first))
        return SIMD3(UInt8(mixed.x.rounded()), UInt8(mixed.y.rounded()), UInt8(mixed.z.rounded()))
    }

    /// Colours of the ramp at equal steps.
    private static let stops: [SIMD3<Double>] = [
        SIMD3(0, 0, 0), SIMD3(12, 40, 104), SIMD3(48, 96, 150), SIMD3(126, 142, 142), SIMD3(212, 180, 92),
        SIMD3(255, 236, 150),
    ]
}

/// The ramp of difference and deformation maps, for whoever draws a colour bar beside a picture.
public enum PictureRamp {
    /// Colours (R, G, B, 0…255) at equal steps from the lower to the upper end of a picture's scale.
    public static var stops: [SIMD3<UInt8>] { (0...10).map { PictureColours.ramp(Double($0) / 10) } }

    /// Colours of the outlines with the structure that they are drawn around.
    public static var outlines: [(structure: String, colour: SIMD3<UInt8>)] {
        [
            ("liver", PictureColours.liver), ("lesions", PictureColours.lesions),
            ("vessels", PictureColours.vessels),
        ]
    }
}

/// How a line of a vessel tree is drawn: a colour of its own that people with colour-blindness can tell apart, and a dash of its own for
/// prints in grey.
public enum TreeLineStyle: String, Sendable, CaseIterable {
    /// Vessel of the truth that the generated image holds.
    case correct
    /// Vessel of the truth that the generated image holds, cut off from the main part of its tree.
    case broken
    /// Vessel of the truth that the generated image lacks.
    case missing
    /// Vessel that only the generated image shows.
    case `false`

    /// What it stands for, in two words at most.
    public var words: String {
        switch self {
        case .correct: "correct"
        case .broken: "cut off"
        case .missing: "missing"
        case .false: "false"
        }
    }

    /// Red, green, blue.
    public var colour: SIMD3<UInt8> {
        switch self {
        case .correct: SIMD3(86, 180, 233)
        case .broken: SIMD3(240, 228, 66)
        case .missing: SIMD3(226, 92, 16)
        case .false: SIMD3(224, 150, 196)
        }
    }

    /// Lengths of strokes and gaps in turn, in widths of the line; empty: an unbroken line.
    public var dash: [Double] {
        switch self {
        case .correct, .missing: []
        case .broken: [3, 2]
        case .false: [1, 1.5]
        }
    }
}
