/// An RGB image that is drawn on.
struct PictureCanvas {
    let width: Int
    let height: Int
    private(set) var pixels: [SIMD3<UInt8>]

    /// Levels of grey: more would only make noise expensive to store.
    private static let greyLevels = 64.0
    /// Levels of grey under a half-transparent line.
    private static let blendLevels = 16.0

    init(width: Int, height: Int) {
        self.width = width
        self.height = height
        pixels = Array(repeating: .zero, count: width * height)
    }

    /// Fills with greys through a window; NaN is black.
    mutating func paint(_ values: [Float], window: PictureWindow) {
        let levels = PictureCanvas.greyLevels - 1
        for (offset, value) in values.enumerated() {
            let share = (Double(value) - window.lower) / (window.upper - window.lower)
            let level = share.isFinite ? (max(0, min(1, share)) * levels).rounded() : 0
            pixels[offset] = SIMD3(repeating: UInt8((level * 255 / levels).rounded()))
        }
    }

    /// Fills with colours of the ramp; NaN is black.
    mutating func paintRamp(_ values: [Float], upper: Double) {
        for (offset, value) in values.enumerated() {
            let share = Double(value) / upper
            pixels[offset] = share.isFinite ? PictureColours.ramp((max(0, min(1, share)) * 63).rounded() / 63) : .zero
        }
    }

    /// Draws the line where a mask's share crosses one half, about one and a half pixels wide.
    mutating func outline(_ shares: [Float], colour: SIMD3<UInt8>) {
        func share(_ x: Int, _ y: Int) -> Double {
            let value = shares[max(0, min(width - 1, x)) + width * max(0, min(height - 1, y))]
            return value.isFinite ? Double(value) : 0
        }
        for y in 0..<height {
            for x in 0..<width {
                let dx = (share(x + 1, y) - share(x - 1, y)) / 2
                let dy = (share(x, y + 1) - share(x, y - 1)) / 2
                let slope = (dx * dx + dy * dy).squareRoot()
                guard slope > 1e-3 else { continue }
                let distance = abs(share(x, y) - 0.5) / slope
                blend(colour, share: 1.25 - distance, at: x + width * y)
            }
        }
    }

    /// Draws a straight line with round ends; positions and width in pixels.
    mutating func line(
        from a: (x: Double, y: Double), to b: (x: Double, y: Double), width lineWidth: Double, colour: SIMD3<UInt8>
    ) {
        let reach = lineWidth / 2 + 1
        let left = max(0, Int((min(a.x, b.x) - reach).rounded(.down)))
        let right = min(width - 1, Int((max(a.x, b.x) + reach).rounded(.up)))
        let top = max(0, Int((min(a.y, b.y) - reach).rounded(.down)))
        let bottom = min(height - 1, Int((max(a.y, b.y) + reach).rounded(.up)))
        guard left <= right, top <= bottom else { return }
        let ux = b.x - a.x
        let uy = b.y - a.y
        let squared = ux * ux + uy * uy
        for y in top...bottom {
            for x in left...right {
                let px = Double(x) + 0.5 - a.x
                let py = Double(y) + 0.5 - a.y
                let along = squared > 0 ? max(0, min(1, (px * ux + py * uy) / squared)) : 0
                let ex = px - along * ux
                let ey = py - along * uy
                let distance = (ex * ex + ey * ey).squareRoot()
                blend(colour, share: lineWidth / 2 + 0.5 - distance, at: x + width * y)
            }
        }
    }

    /// Draws a line through points, a dot where there is one alone; dashes run on round its corners.
    ///
    /// - Parameter dash: Lengths of strokes and gaps in turn, in widths of the line; empty: an unbroken line.
    mutating func polyline(
        _ points: [(x: Double, y: Double)], width lineWidth: Double, dash: [Double], colour: SIMD3<UInt8>
    ) {
        if points.count == 1 { line(from: points[0], to: points[0], width: lineWidth, colour: colour) }
        let lengths = dash.map { max(1, $0 * lineWidth) }
        var part = 0
        var left = lengths.first ?? .infinity
        for (a, b) in zip(points, points.dropFirst()) {
            let dx = b.x - a.x
            let dy = b.y - a.y
            let length = (dx * dx + dy * dy).squareRoot()
            var at = 0.0
            while at < length {
                let end = min(length, at + left)
                if part % 2 == 0 {
                    line(
                        from: (a.x + dx * at / length, a.y + dy * at / length),
                        to: (a.x + dx * end / length, a.y + dy * end / length), width: lineWidth, colour: colour)
                }
                left -= end - at
                at = end
                // What rounding leaves of a stroke would never end.
                if left <= 1e-6 {
                    part = (part + 1) % lengths.count
                    left = lengths[part]
                }
            }
        }
    }

    /// Short marks at both edges at the height of a row.
    mutating func edgeMarks(row: Double, colour: SIMD3<UInt8>) {
        let length = max(4, Double(width) / 20)
        line(from: (0, row), to: (length, row), width: 1.5, colour: colour)
        line(from: (Double(width) - length, row), to: (Double(width), row), width: 1.5, colour: colour)
    }

    /// Mixes a colour in; shares and the greys under it go in steps, so that few colours arise.
    private mutating func blend(_ colour: SIMD3<UInt8>, share: Double, at offset: Int) {
        let step = (max(0, min(1, share)) * 3).rounded()
        guard step > 0 else { return }
        guard step < 3 else {
            pixels[offset] = colour
            return
        }
        let levels = PictureCanvas.blendLevels - 1
        let below = pixels[offset]
        var mixed = SIMD3<UInt8>.zero
        for channel in 0..<3 {
            let ground = (Double(below[channel]) / 255 * levels).rounded() * 255 / levels
            mixed[channel] = UInt8((ground + (Double(colour[channel]) - ground) * step / 3).rounded())
        }
        pixels[offset] = mixed
    }

    /// The image as PNG: with a palette where at most 256 colours occur, else RGB.
    func encoded() throws(ImagingError) -> [UInt8] {
        var seen: Set<Int> = []
        for pixel in pixels where seen.count <= 256 { seen.insert(PictureCanvas.key(pixel)) }
        guard seen.count <= 256 else {
            return try PNGWriter.encode8(
                pixels.flatMap { [$0.x, $0.y, $0.z] }, width: width, height: height, channels: 3)
        }
        let keys = seen.sorted()
        var position: [Int: UInt8] = [:]
        for (index, key) in keys.enumerated() { position[key] = UInt8(index) }
        return try PNGWriter.encodeIndexed(
            pixels.map { position[PictureCanvas.key($0)] ?? 0 }, width: width, height: height,
            palette: keys.map { SIMD3(UInt8($0 >> 8 & 255), UInt8($0 >> 16 & 255), UInt8($0 & 255)) })
    }

    /// Sorts by green, then red, then blue: neighbouring greys stay neighbours in the palette.
    private static func key(_ pixel: SIMD3<UInt8>) -> Int { Int(pixel.y) << 16 | Int(pixel.x) << 8 | Int(pixel.z) }
}
