import Cohort
import Imaging
import Metrics

/// The files of a case, read once.
struct CaseFiles {
    var truth: Volume<Float>
    var source: Volume<Float>?
    /// The truth without acquisition noise.
    var truthClean: Volume<Float>?
    var body: Mask?
    var liver: Mask?
    var vessels: Mask?
    var lesions: LabelMap?
    var generatedVessels: Mask?
    var generatedLesions: LabelMap?
    var landmarks: [Landmark]?
    var generatedLandmarks: [Landmark]?
    var displacement: DisplacementField?

    /// Reads what the manifest lists.
    ///
    /// - Parameter maximumBytes: Budget of one volume in memory.
    init(_ item: CohortCase, in cohort: Cohort, maximumBytes: Int) throws(CaseFailure) {
        do throws(ImagingError) {
            truth = try VolumeReader.readVolume(path: cohort.path(item.truth.path), maximumBytes: maximumBytes)
            if let path = item.source?.path {
                source = try VolumeReader.readVolume(path: cohort.path(path), maximumBytes: maximumBytes)
            }
            if let path = item.truthClean {
                truthClean = try VolumeReader.readVolume(path: cohort.path(path), maximumBytes: maximumBytes)
            }
            func mask(_ path: String?) throws(ImagingError) -> Mask? {
                guard let path else { return nil }
                return try VolumeReader.readMask(path: cohort.path(path), maximumBytes: maximumBytes)
            }
            func labels(_ path: String?) throws(ImagingError) -> LabelMap? {
                guard let path else { return nil }
                return try VolumeReader.readLabels(path: cohort.path(path), maximumBytes: maximumBytes)
            }
            body = try mask(item.body)
            liver = try mask(item.liver)
            vessels = try mask(item.vessels)
            lesions = try labels(item.lesions)
            generatedVessels = try mask(item.generatedVessels)
            generatedLesions = try labels(item.generatedLesions)
        } catch { throw CaseFailure(.input, error) }
        do throws(CohortError) {
            landmarks = try item.landmarks.map { path throws(CohortError) in
                try LandmarkFile.read(path: cohort.path(path))
            }
            generatedLandmarks = try item.generatedLandmarks.map { path throws(CohortError) in
                try LandmarkFile.read(path: cohort.path(path))
            }
        } catch { throw CaseFailure(.input, error) }
        displacement = try CaseFiles.displacement(item, cohort, maximumBytes)
    }

    private static func displacement(
        _ item: CohortCase, _ cohort: Cohort, _ maximumBytes: Int
    ) throws(CaseFailure) -> DisplacementField? {
        guard let path = item.displacement, let frame = item.displacementFrame else { return nil }
        let field: VectorField
        do throws(ImagingError) {
            field = try NIfTIReader.read(path: cohort.path(path), maximumBytes: 3 * maximumBytes)
                .vectorField(anyIntent: true)
        } catch { throw CaseFailure(.input, error) }
        do throws(GeometryError) { return try DisplacementField(field, frame: frame) } catch {
            throw CaseFailure(.input, "file_malformed", "\(path): \(error)")
        }
    }
}
