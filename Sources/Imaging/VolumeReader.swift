/// Reads one volume from a file in any format that is known here.
public enum VolumeReader {
    /// Reads the real values of a scalar volume.
    public static func readVolume(
        path: String, maximumBytes: Int = NIfTIReader.defaultMaximumBytes
    ) throws(ImagingError) -> Volume<Float> {
        try NIfTIReader.read(path: path, maximumBytes: maximumBytes).volume()
    }

    /// Reads a mask: 1 inside, 0 outside; any label is inside.
    public static func readMask(
        path: String, maximumBytes: Int = NIfTIReader.defaultMaximumBytes
    ) throws(ImagingError) -> Mask {
        try NIfTIReader.read(path: path, maximumBytes: maximumBytes).mask()
    }

    /// Reads a label map.
    public static func readLabels(
        path: String, maximumBytes: Int = NIfTIReader.defaultMaximumBytes
    ) throws(ImagingError) -> LabelMap {
        try NIfTIReader.read(path: path, maximumBytes: maximumBytes).labels()
    }
}
