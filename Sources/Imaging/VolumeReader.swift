/// Reads one volume from a file in any format that is known here: NIfTI, or a folder of PNG slices.
public enum VolumeReader {
    /// Reads the real values of a scalar volume.
    public static func readVolume(
        path: String, maximumBytes: Int = NIfTIReader.defaultMaximumBytes
    ) throws(ImagingError) -> Volume<Float> {
        if FolderListing.isFolder(path) { return try PNGStack.readVolume(folder: path) }
        return try NIfTIReader.read(path: path, maximumBytes: maximumBytes).volume()
    }

    /// Reads a mask: 1 inside, 0 outside; any label is inside.
    public static func readMask(
        path: String, maximumBytes: Int = NIfTIReader.defaultMaximumBytes
    ) throws(ImagingError) -> Mask {
        if FolderListing.isFolder(path) {
            return try PNGStack.readVolume(folder: path).map { $0 == 0 ? 0 : 1 }
        }
        return try NIfTIReader.read(path: path, maximumBytes: maximumBytes).mask()
    }

    /// Reads a label map.
    public static func readLabels(
        path: String, maximumBytes: Int = NIfTIReader.defaultMaximumBytes
    ) throws(ImagingError) -> LabelMap {
        if FolderListing.isFolder(path) { return try PNGStack.readLabels(folder: path) }
        return try NIfTIReader.read(path: path, maximumBytes: maximumBytes).labels()
    }
}
