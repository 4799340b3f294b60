/// Memory that grows to what is asked of it and is kept; its content is not.
final class GrowingBuffer<Element: BitwiseCopyable> {
    private var storage: UnsafeMutableRawPointer?
    private var capacity = 0

    /// At least `count` elements, aligned to 64 bytes; what they hold is not defined.
    func elements(_ count: Int) -> UnsafeMutablePointer<Element> {
        if count > capacity || storage == nil {
            storage?.deallocate()
            storage = nil
            capacity = max(count, 64)
        }
        let bytes =
            storage
            ?? UnsafeMutableRawPointer.allocate(byteCount: capacity * MemoryLayout<Element>.stride, alignment: 64)
        storage = bytes
        return bytes.assumingMemoryBound(to: Element.self)
    }

    deinit { storage?.deallocate() }
}

/// Working memory of the convolutions of one thread.
final class Scratch {
    /// Quantised activations with their border.
    let bytes = GrowingBuffer<UInt8>()
    /// Activations of the float path.
    let activated = GrowingBuffer<Float>()
    /// Sums before the epilogue.
    let sums = GrowingBuffer<Int32>()
    /// What the kernels need inside.
    let work = GrowingBuffer<UInt8>()
}

/// Images of one size and number of channels, channels fastest; owned memory that lives as long as its thread's work.
final class FeatureMap {
    let height: Int
    let width: Int
    let channels: Int
    let values: UnsafeMutablePointer<Float>

    /// Number of values of one image.
    var count: Int { height * width * channels }
    var pixels: Int { height * width }

    /// Makes `images` images of zeros.
    init(height: Int, width: Int, channels: Int, images: Int = 1) {
        self.height = height
        self.width = width
        self.channels = channels
        let all = height * width * channels * images
        let raw = UnsafeMutableRawPointer.allocate(byteCount: all * MemoryLayout<Float>.stride, alignment: 64)
        values = raw.bindMemory(to: Float.self, capacity: all)
        values.initialize(repeating: 0, count: all)
    }

    /// The first value of an image.
    func image(_ index: Int) -> UnsafeMutablePointer<Float> { values + index * count }

    /// A copy of the first image as an array.
    var array: [Float] { Array(UnsafeBufferPointer(start: values, count: count)) }

    deinit { UnsafeMutableRawPointer(values).deallocate() }
}
