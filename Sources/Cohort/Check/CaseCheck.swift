import Crypto
import Imaging
import Metrics

/// Reads everything of one case and notes what is wrong with it.
struct CaseCheck {
    let item: CohortCase
    let cohort: Cohort
    private(set) var findings: [CohortFinding] = []
    private(set) var facts: [ImageFacts] = []
    /// SHA-256 of the voxel values of each image.
    private(set) var digests: [ManifestColumn: String] = [:]

    init(_ item: CohortCase, in cohort: Cohort) {
        self.item = item
        self.cohort = cohort
    }

    mutating func add(
        _ level: CohortFinding.Level, _ code: CohortFinding.Code, _ column: ManifestColumn?, _ message: String
    ) {
        findings.append(CohortFinding(level, code, caseID: item.id, column: column, message))
    }

    /// What the manifest alone tells.
    mutating func checkManifest() {
        if let problem = IdentifierCheck.problem(item.subject) {
            add(.warning, .identifier, .subject, "the subject's identifier may not be a pseudonym: \(problem)")
        }
        let phases = [item.sourcePhase, item.truthPhase].compactMap(\.self).count
        if phases == 1 { add(.warning, .phase, nil, "one of source_phase and truth_phase is given without the other") }
        if phases == 2, item.sourcePhase != item.truthPhase, item.respiratoryAmplitudeMM == nil {
            add(.note, .phase, .respiratoryAmplitude, "source and truth differ in phase, but the amplitude is unknown")
        }
        if let error = item.registrationErrorMM, error > 5 {
            add(.warning, .registration, .registrationError, "the registration error is more than 5 mm")
        }
        if let source = item.source, source.path == item.truth.path {
            add(.error, .sourceIsTruth, .source, "source and truth are the same file")
        }
        if let generated = item.generated, generated == item.truth.path || generated == item.source?.path {
            add(.error, .generatedIsInput, .generated, "the finished volume is the same file as truth or source")
        }
    }

    /// What the files tell.
    mutating func checkFiles() {
        for (column, path) in item.files {
            if let problem = CohortPath.fileProblem(path, in: cohort.directory) {
                add(.error, .fileMissing, column, problem)
            }
        }
        let truth = image(.truth, item.truth.path, item.truth.series)
        var source: Volume<Float>?
        if let reference = item.source { source = image(.source, reference.path, reference.series) }
        if let path = item.generated {
            let generated = image(.generated, path, item.truth.series)
            if let generated, let truth, !truth.geometry.isSameGrid(as: generated.geometry),
                source.map({ !$0.geometry.isSameGrid(as: generated.geometry) }) ?? true
            {
                add(
                    .error, .imageGrid, .generated,
                    "the finished volume lies neither on the grid of the truth nor on that of the source: "
                        + "\(generated.geometry)")
            }
        }
        compareDigests()
        if let source, let truth { checkPair(source, truth) }
        if let truth { checkMasks(truth.geometry) }
        checkLandmarks()
    }

    private mutating func image(
        _ column: ManifestColumn, _ path: String, _ series: ImageSeries
    ) -> Volume<Float>? {
        guard !findings.contains(where: { $0.code == .fileMissing && $0.column == column }) else { return nil }
        do throws(ImagingError) {
            let image = try NIfTIReader.read(path: cohort.path(path))
            let volume = try image.volume()
            facts.append(
                ImageFacts(
                    column: column, geometry: image.geometry, minimum: image.minimum, maximum: image.maximum))
            noteHeader(image, column)
            noteValues(image, volume, column, series.modality)
            noteGeometry(image.geometry, column)
            digests[column] = CaseCheck.digest(volume)
            return volume
        } catch {
            add(.error, .unreadable, column, error.description)
            return nil
        }
    }

    private mutating func noteHeader(_ image: NIfTIImage, _ column: ManifestColumn) {
        for finding in image.findings where !finding.contains("constant") && !finding.contains("not finite") {
            add(.warning, .fileOddity, column, finding)
        }
        for finding in HeaderTextCheck(image.header).findings { add(.warning, .patientData, column, finding) }
    }

    private mutating func noteValues(
        _ image: NIfTIImage, _ volume: Volume<Float>, _ column: ManifestColumn, _ modality: Modality
    ) {
        if image.nonFiniteCount > 0 {
            add(.warning, .notFinite, column, "\(image.nonFiniteCount) voxels are NaN or infinite")
        }
        guard image.maximum > image.minimum else {
            return add(.error, .constantImage, column, "every voxel has the same value")
        }
        switch modality {
        case .ct:
            if image.minimum > -200 {
                add(.warning, .modality, column, "a CT without air: no value lies below -200 HU")
            } else if image.maximum < 200 {
                add(.warning, .modality, column, "a CT without bone or contrast: no value exceeds 200 HU")
            }
            if image.minimum < -10_000 || image.maximum > 50_000 {
                add(.warning, .modality, column, "values beyond -10000…50000 are no Hounsfield units")
            }
        case .mr:
            let negative = volume.voxels.count { $0 < -200 }
            if negative * 20 > volume.voxels.count {
                add(.warning, .modality, column, "an MR image with many values below -200: is it a CT?")
            }
        }
    }

    private mutating func noteGeometry(_ geometry: Geometry, _ column: ManifestColumn) {
        let spacing = geometry.spacingMM
        if spacing.max() > 10 {
            add(.warning, .geometry, column, "the slices are thicker than 10 mm: \(geometry)")
        }
        if geometry.dimensions.min() < 11 {
            add(.warning, .geometry, column, "fewer than 11 voxels along an axis, too few for a window: \(geometry)")
        }
        let oblique = geometry.obliquityDegrees(of: .axial)
        if oblique > 5 {
            add(
                .note, .orientation, column,
                "the slices lie \(Int(oblique.rounded()))° from the patient's axial plane")
        }
    }

    private mutating func compareDigests() {
        if let source = digests[.source], source == digests[.truth] {
            add(.error, .sourceIsTruth, .source, "source and truth hold the same values: identical images")
        }
        guard let generated = digests[.generated] else { return }
        if generated == digests[.truth] {
            add(.error, .generatedIsInput, .generated, "the finished volume is identical to the truth")
        } else if generated == digests[.source] {
            add(.error, .generatedIsInput, .generated, "the finished volume is identical to the source")
        }
    }

    private mutating func checkPair(_ source: Volume<Float>, _ truth: Volume<Float>) {
        guard source.geometry.isSameGrid(as: truth.geometry) else {
            return add(
                .note, .imageGrid, .truth,
                "the truth lies on a grid of its own: \(truth.geometry) against \(source.geometry)")
        }
        if source.geometry.orientationCode != truth.geometry.orientationCode {
            add(.note, .orientation, .truth, "source and truth are stored in different orientations")
        }
        guard let registration = RegistrationCheck(source: source, truth: truth) else { return }
        if registration.nmi < RegistrationCheck.hardlyAnything {
            add(
                .warning, .registration, .truth,
                "source and truth have hardly anything in common (normalised mutual information "
                    + "\(CaseCheck.rounded(registration.nmi))): is the registration right?")
        } else if let better = registration.better {
            let offset = better.offsetMM
            add(
                .warning, .registration, .truth,
                "source and truth share \(Int((100 * better.gain).rounded())) % more information when the truth is moved "
                    + "by (\(CaseCheck.rounded(offset.x)), \(CaseCheck.rounded(offset.y)), \(CaseCheck.rounded(offset.z)))"
                    + " mm along the voxel axes: is the registration right?")
        }
    }

    private mutating func checkLandmarks() {
        var lists: [ManifestColumn: Set<String>] = [:]
        for (column, path) in [
            (ManifestColumn.landmarks, item.landmarks), (.generatedLandmarks, item.generatedLandmarks),
        ] {
            guard let path, !findings.contains(where: { $0.code == .fileMissing && $0.column == column }) else {
                continue
            }
            do throws(CohortError) {
                lists[column] = Set(try LandmarkFile.read(path: cohort.path(path)).map(\.name))
            } catch {
                add(.error, .unreadable, column, error.description)
            }
        }
        if let a = lists[.landmarks], let b = lists[.generatedLandmarks], a != b {
            add(.error, .landmarks, .generatedLandmarks, "both lists of landmarks name different points")
        }
    }

    static func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }

    /// Digest of grid and values, so that one image in two files or two compressions is found.
    private static func digest(_ volume: Volume<Float>) -> String {
        var hash = SHA256()
        volume.voxels.withUnsafeBytes { hash.update(bufferPointer: $0) }
        return FileDigest.text(hash.finalize())
    }
}
