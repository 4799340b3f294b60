import Foundation
import Imaging
import Metrics
import Phantom

/// Makes one case and writes its files slice by slice.
struct PhantomCaseWriter {
    let options: PhantomCohortOptions
    let subject: PhantomCase
    let grid: PhantomGrid
    let geometry: Geometry
    let files: PhantomCaseFiles
    let name: String

    init(_ options: PhantomCohortOptions, index: Int, directory: String) throws(CohortError) {
        self.options = options
        let site = PhantomSite.embedded[index % options.sites].with(sequence: options.sequence)
        subject = PhantomCase(
            PhantomSpecification(seed: options.seed, namespace: options.namespace, site: site, index: index))
        grid = subject.grid(dimensions: SIMD3(options.size, options.size, options.slices))
        name = "P" + String(format: "%04d", index + 1)
        files = PhantomCaseFiles(directory: directory, folder: "cases/" + name)
        do throws(GeometryError) {
            geometry = try grid.geometry
        } catch { throw .cannotWrite(path: directory, reason: error.description) }
    }

    /// Writes all files and returns the row of the manifest, and those of the table of faults.
    func write() throws(CohortError) -> (item: CohortCase, faults: [String]) {
        try files.makeFolder()
        try writeTruth()
        var item = try row()
        try writeLandmarks(&item)
        guard let faults = options.faults else { return (item, []) }
        return (item, try writeGenerated(faults, &item))
    }

    private func writeTruth() throws(CohortError) {
        let renderer = PhantomRenderer(subject, grid: grid)
        let workspace = PhantomWorkspace(width: options.size, height: options.size)
        let source = try files.open("source.nii.gz", geometry, .int16)
        let truth = try files.open("truth.nii.gz", geometry, .int16)
        let clean = try files.open("truth_clean.nii.gz", geometry, .int16)
        let body = try files.open("body.nii.gz", geometry, .uint8)
        let liver = try files.open("liver.nii.gz", geometry, .uint8)
        let vessels = try files.open("vessels.nii.gz", geometry, .uint8)
        let lesions = try files.open("lesions.nii.gz", geometry, .uint8)
        let displacement = try files.open(
            "displacement.nii.gz", geometry, .int16, components: 3, slope: PhantomCaseFiles.displacementQuantumMM)
        // The file holds R of all slices, then A, then S.
        var later: [[[Int16]]] = [[], []]
        let isCT = options.direction.truth == .ct
        let content: PhantomContent = [isCT ? .ct : .mr, .labels, .displacement, .clean]
        for k in 0..<options.slices {
            if Task.isCancelled { throw .cannotWrite(path: files.folder, reason: "stopped") }
            let before = renderer.render(
                slice: k, at: .source, content: isCT ? .mr : .ct, workspace: workspace)
            try source.append(isCT ? before.mr : before.ct)
            let slice = renderer.render(slice: k, at: .truth, content: content, workspace: workspace)
            try truth.append(isCT ? slice.ct : slice.mr)
            try clean.append(PhantomSlice.stored(isCT ? slice.ctClean : slice.mrClean, scale: 1))
            try body.append(slice.structures.map { $0 == 0 ? UInt8(0) : 1 })
            try liver.append(slice.liver)
            try vessels.append(slice.vessels)
            try lesions.append(slice.lesions)
            let field = slice.displacement.map {
                PhantomSlice.stored($0, scale: Float(1 / PhantomCaseFiles.displacementQuantumMM))
            }
            try displacement.append(field[0])
            for component in 0..<2 { later[component].append(field[component + 1]) }
        }
        for component in later { for slice in component { try displacement.append(slice) } }
        for file in [source, truth, clean, body, liver, vessels, lesions, displacement] { try file.finish() }
    }

    private func writeLandmarks(_ item: inout CohortCase) throws(CohortError) {
        let breath = subject.respiration
        try files.write(landmarks: landmarks(at: breath.truthPhase), phase: breath.truthPhase, to: "landmarks.csv")
        try files.write(
            landmarks: landmarks(at: breath.sourcePhase), phase: breath.sourcePhase, to: "source_landmarks.csv")
        item.landmarks = files.relative("landmarks.csv")
        item.sourceLandmarks = files.relative("source_landmarks.csv")
    }

    /// Bifurcations that lie on the grid at both phases, at one of them.
    func landmarks(at phase: Double) -> [(name: String, positionMM: SIMD3<Double>)] {
        let last = SIMD3<Double>(
            Double(grid.dimensions.x - 1), Double(grid.dimensions.y - 1), Double(grid.dimensions.z - 1))
        func isOnGrid(_ p: SIMD3<Double>) -> Bool {
            let index = geometry.index(p)
            return (0..<3).allSatisfy { index[$0] >= 0 && index[$0] <= last[$0] }
        }
        let breath = subject.respiration
        return subject.landmarks.filter { mark in
            [breath.sourcePhase, breath.truthPhase].allSatisfy {
                isOnGrid(subject.position(ofReference: mark.positionMM, atPhase: $0))
            }
        }
        .map { ($0.name, subject.position(ofReference: $0.positionMM, atPhase: phase)) }
    }
}

extension PhantomCaseWriter {
    /// The row of the manifest: what the site acquired, who the patient is, how he or she breathed.
    private func row() throws(CohortError) -> CohortCase {
        let site = subject.specification.site
        let isCT = options.direction.truth == .ct
        guard let ct = ImageSeries("CT"), let mr = ImageSeries(site.sequence.modality) else {
            throw .cannotWrite(path: files.folder, reason: "the site's sequence has no name in a manifest")
        }
        var item = CohortCase(
            id: name, subject: name, site: site.code,
            source: ImageReference(path: files.relative("source.nii.gz"), series: isCT ? mr : ct),
            truth: ImageReference(path: files.relative("truth.nii.gz"), series: isCT ? ct : mr))
        item.truthClean = files.relative("truth_clean.nii.gz")
        item.body = files.relative("body.nii.gz")
        item.liver = files.relative("liver.nii.gz")
        item.vessels = files.relative("vessels.nii.gz")
        item.lesions = files.relative("lesions.nii.gz")
        item.displacement = files.relative("displacement.nii.gz")
        item.displacementFrame = .ras
        let breath = subject.respiration
        func digits(_ value: Double, _ count: Int) -> String { String(format: "%.\(count)f", value) }
        func number(_ value: Double, _ count: Int) -> Double? { Double(digits(value, count)) }
        item.sourcePhase = number(min(breath.sourcePhase, 0.9999), 4)
        item.truthPhase = number(min(breath.truthPhase, 0.9999), 4)
        item.respiratoryAmplitudeMM = number(breath.measuredAmplitudeMM, 2)
        item.registrationMethod = "rendered on one grid"
        item.registrationErrorMM = 0
        let who = subject.covariates
        item.covariates = [
            "sex": who.sex, "age_band": who.ageBand, "pathology": who.pathology, "parenchyma": who.parenchyma,
            "liver_ml": digits(who.liverVolumeML, 0), "lesion_count": String(subject.lesions.count),
            "vendor": site.vendor, "model": isCT ? site.ctModel : site.mrModel,
            "source_model": isCT ? site.mrModel : site.ctModel, "kernel": site.kernel,
            "contrast": site.contrast.rawValue, "field_t": digits(site.fieldT, 1), "sequence": site.sequence.rawValue,
            "slice_mm": digits(grid.spacingMM.z, 2), "pixel_mm": digits(grid.spacingMM.x, 3),
            "same_phase": breath.sourcePhase == breath.truthPhase ? "yes" : "no",
        ]
        return item
    }
}
