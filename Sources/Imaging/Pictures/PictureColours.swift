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
