/// A PNG image: 8 or 16 bits, grey or RGB, rows from top to bottom.
public struct PNGImage: Sendable, Equatable {
    /// Columns.
    public var width: Int
    /// Rows.
    public var height: Int
    /// 1 for grey, 3 for RGB.
    public var channels: Int
    /// 8 or 16: the range of the samples, 0…255 or 0…65535.
    public var bitDepth: Int
    /// Samples, row after row, channels interleaved: `width × height × channels` values.
    public var samples: [UInt16]
    /// What is odd about the file but does not stop its use, in words; empty for an image made in memory.
    public var findings: [String] = []

    /// Makes an image from samples in row order.
    ///
    /// Returns nil when the samples do not fill the image, or channels and depth are none of those above.
    public init?(width: Int, height: Int, channels: Int, bitDepth: Int, samples: [UInt16]) {
        guard width > 0, height > 0, channels == 1 || channels == 3, bitDepth == 8 || bitDepth == 16,
            width <= PNGReader.maximumSide, height <= PNGReader.maximumSide,
            samples.count == width * height * channels
        else { return nil }
        self.init(known: width, height, channels, bitDepth, samples)
    }

    /// Makes an image whose parts are known to fit.
    init(known width: Int, _ height: Int, _ channels: Int, _ bitDepth: Int, _ samples: [UInt16]) {
        self.width = width
        self.height = height
        self.channels = channels
        self.bitDepth = bitDepth
        self.samples = samples
    }

    /// Whether every pixel has three equal channels, or there is only one.
    public var isGrey: Bool {
        guard channels == 3 else { return true }
        for first in stride(from: 0, to: samples.count, by: 3) {
            let red = samples[first]
            guard samples[first + 1] == red, samples[first + 2] == red else { return false }
        }
        return true
    }

    /// The same image with one channel, or nil when it has colour.
    public var grey: PNGImage? {
        guard isGrey else { return nil }
        guard channels == 3 else { return self }
        var result = self
        result.channels = 1
        result.samples = stride(from: 0, to: samples.count, by: 3).map { samples[$0] }
        return result
    }
}
