import Imaging

/// The scale beside a picture whose colours or greys stand for values.
struct ColourBar {
    var lower: Double
    var upper: Double
    var unit: String
    /// Colours of the ramp, else greys.
    var isRamp: Bool
    var format: NumberText

    /// The picture; its title holds both ends.
    func svg() -> String {
        var svg = SVG(width: 180, height: 30)
        let steps = 30
        for step in 0..<steps {
            let share = Double(step) / Double(steps - 1)
            let grey = UInt8((255 * share).rounded())
            let colour = isRamp ? ramp(share) : SIMD3(repeating: grey)
            svg.rectangle(
                10 + 160 * Double(step) / Double(steps), 2, 160 / Double(steps) + 0.5, 10,
                fill: "rgb(\(colour.x),\(colour.y),\(colour.z))")
        }
        svg.text(format.bare(lower), 10, 25, size: 10.5, colour: SVG.quiet)
        svg.text("\(format.bare(upper)) \(unit)", 170, 25, anchor: .end, size: 10.5, colour: SVG.quiet)
        return svg.markup(title: "Scale from \(format.bare(lower)) to \(format.bare(upper)) \(unit)")
    }

    private func ramp(_ share: Double) -> SIMD3<UInt8> {
        let stops = PictureRamp.stops
        return stops[min(stops.count - 1, Int((share * Double(stops.count - 1)).rounded()))]
    }
}
