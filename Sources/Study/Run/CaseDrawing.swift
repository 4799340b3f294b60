import Cohort
import Engine
import Imaging
package import Metrics

/// The pictures of a case: the worst axial slice and the coronal slice through the largest lesion or the liver, both vessel trees from the
/// front, and the map of the displacement.
struct CaseDrawing {
    let item: CohortCase
    let files: CaseFiles
    let image: GeneratedCase
    let inputs: EvaluationInputs
    let result: EvaluationResult

    /// Images, windows and masks for pictures.
    func input() -> CasePictureInput {
        var input = CasePictureInput(
            source: files.source, generated: image.volume, truth: files.truth,
            sourceWindow: window(
                of: files.source ?? files.truth, modality: item.source?.series.modality ?? .ct, mask: nil),
            targetWindow: window(of: files.truth, modality: item.truth.series.modality, mask: result.region))
        input.body = result.region
        input.truthStructures = CasePictureInput.Structures(
            liver: inputs.liver, lesions: inputs.lesions.map(mask), vessels: result.vessels)
        input.generatedStructures = CasePictureInput.Structures(
            liver: inputs.generatedLiver, lesions: inputs.generatedLesions.map(mask), vessels: result.generatedVessels)
        return input
    }

    /// The case for a page of its own.
    func shown(_ record: CaseRecord) -> CaseShown {
        CaseShown(record: record, input: input(), worstSlice: worstSlice ?? middleSlice, middleSlice: middleSlice)
    }

    /// Draws and hashes.
    func pictures() throws(ImagingError) -> [PictureRecord] {
        var pictures = try CasePictures.render(input(), axialIndex: worstSlice ?? middleSlice)
        if let trees = try vesselTrees() { pictures.append(trees) }
        if let map = try deformation() { pictures.append(map) }
        return pictures.map { PictureRecord(picture: $0, sha256: FileDigest.sha256($0.png)) }
    }

    /// Both vessel trees over the truth, seen from the front; nil where no vessels were compared.
    private func vesselTrees() throws(ImagingError) -> CasePicture? {
        guard let drawing = result.vesselDrawing, !drawing.segments.isEmpty else { return nil }
        var lines: [ProjectionPicture.Line] = []
        var lengths: [TreeLineStyle: Double] = [:]
        // What went wrong lies on top.
        for (kind, style) in CaseDrawing.styles {
            let segments = drawing.segments.filter { $0.kind == kind }
            lines += segments.map {
                ProjectionPicture.Line(pointsMM: $0.pointsMM, style: style, widthMM: $0.meanRadiusMM)
            }
            lengths[style] = segments.reduce(0) { $0 + $1.lengthMM }
        }
        let words = TreeLineStyle.allCases.map { "\(Int((lengths[$0] ?? 0).rounded())) mm \($0.words)" }
        return try ProjectionPicture.render(
            lines: lines, background: files.truth, region: vesselRegion,
            detail: "vessel trees over the mean of the truth from front to back, "
                + words.joined(separator: ", "))
    }

    private static let styles: [(VesselGraphDrawing.Class, TreeLineStyle)] = [
        (.correct, .correct), (.false, .false), (.broken, .broken), (.missing, .missing),
    ]

    /// Liver and vessels of both images: what a picture of the trees is cut to.
    private var vesselRegion: Mask? {
        let masks = [inputs.liver, result.vessels, result.generatedVessels].compactMap(\.self)
        guard var region = masks.first else { return nil }
        for mask in masks.dropFirst() {
            for (offset, value) in mask.voxels.enumerated() where value != 0 { region.voxels[offset] = 1 }
        }
        return region
    }

    /// The displacement, or its error where it is known, on the coronal slice where it is largest.
    private func deformation() throws(ImagingError) -> CasePicture? {
        guard let map = result.deformationMap else { return nil }
        let detail =
            switch map.mode {
            case .images: "coronal displacement that the registration found in the liver"
            case .field: "coronal error of the displacement in the liver"
            case .landmarks: "coronal error of the landmarks"
            }
        return try MapPicture.coronal(map.magnitudeMM, region: map.region, detail: detail)
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
