import Cohort
import Engine
import Imaging
package import Metrics

/// The pictures of a case: the worst axial slice and the coronal slice through the largest lesion or the liver.
struct CaseDrawing {
    let item: CohortCase
    let files: CaseFiles
    let image: GeneratedCase
    let inputs: EvaluationInputs
    let result: EvaluationResult

    /// Draws and hashes.
    func pictures() throws(ImagingError) -> [PictureRecord] {
        var input = CasePictureInput(
            source: files.source, generated: image.volume, truth: files.truth,
            sourceWindow: window(
                of: files.source ?? files.truth, modality: item.source?.series.modality ?? .ct, mask: nil),
            targetWindow: window(of: files.truth, modality: item.truth.series.modality, mask: result.region))
        input.body = result.region
        input.truthStructures = CasePictureInput.Structures(
            liver: inputs.liver, lesions: inputs.lesions.map(mask), vessels: inputs.vessels)
        input.generatedStructures = CasePictureInput.Structures(
            liver: inputs.generatedLiver, lesions: inputs.generatedLesions.map(mask), vessels: inputs.generatedVessels)
        let pictures = try CasePictures.render(input, axialIndex: worstSlice ?? middleSlice)
        return pictures.map { PictureRecord(picture: $0, sha256: FileDigest.sha256($0.png)) }
    }

    private func mask(_ labels: LabelMap) -> Mask { labels.map { $0 != 0 ? 1 : 0 } }

    private func window(of volume: Volume<Float>, modality: Modality, mask: Mask?) -> PictureWindow {
        modality == .ct ? .ctAbdomen : .percentiles(of: volume, in: mask)
    }

    /// Slice of the lowest SSIM, by the headline metric on body or mask.
    private var worstSlice: Int? {
        let measured = result.measurement("ssim", on: "body") ?? result.measurement("ssim", on: "mask")
        return measured.flatMap { WorstSlice.find(in: $0, better: .higher)?.slice }
    }

    private var middleSlice: Int {
        let geometry = files.truth.geometry
        return geometry.dimensions[geometry.sliceAxis(of: .axial)] / 2
    }
}

/// The worst slice of a measurement that has a table of slices.
package enum WorstSlice {
    /// Its index and value, or nil when there is no such table.
    package static func find(in measurement: Measurement, better: Direction) -> (slice: Int, value: Double)? {
        guard let table = measurement.details.first(where: { $0.name == "per_slice" }),
            let slices = table.columns.firstIndex(of: "slice"), let values = table.columns.indices.last
        else { return nil }
        var worst: (slice: Int, value: Double)?
        for row in table.rows {
            guard case .integer(let slice) = row[slices], case .number(let value) = row[values] else { continue }
            guard let last = worst else {
                worst = (slice, value)
                continue
            }
            if better == .lower ? value > last.value : value < last.value { worst = (slice, value) }
        }
        return worst
    }
}
