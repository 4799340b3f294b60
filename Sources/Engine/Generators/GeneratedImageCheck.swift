import Cohort
import Imaging
import Metrics

/// Whether a file can be an image of its series: finite, not constant, and in HU where it is said to be CT.
struct GeneratedImageCheck {
    private let image: NIfTIImage
    private let series: ImageSeries

    init(_ image: NIfTIImage, series: ImageSeries) {
        self.image = image
        self.series = series
    }

    /// Throws `ImagingError.malformed` with what is wrong.
    func require() throws(ImagingError) {
        func refuse(_ reason: String) -> ImagingError { .malformed(path: image.path, reason: reason) }
        guard image.nonFiniteCount == 0 else {
            throw refuse("\(image.nonFiniteCount) voxels are NaN or infinite")
        }
        guard image.maximum > image.minimum else { throw refuse("every voxel has the same value") }
        guard series.modality == .ct else { return }
        guard image.minimum >= -10_000, image.maximum <= 100_000 else {
            throw refuse("values from \(image.minimum) to \(image.maximum) are no Hounsfield units")
        }
        guard image.maximum - image.minimum >= 50 else {
            throw refuse("a CT whose values span less than 50 HU is not in Hounsfield units")
        }
    }
}
