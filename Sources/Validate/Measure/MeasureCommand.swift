import ArgumentParser
import Metrics
import Study

/// `validate measure`: all metrics of one pair of files, no study needed.
struct MeasureCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "measure",
        abstract: "Measure one pair of files: images, masks, landmarks or fields, in any combination.",
        discussion: """
            Everything has to lie on one grid (equal dimensions, corners within 0.001 mm); nothing is resampled. A \
            metric without a value says why. For one mask: --reference-liver and --generated-liver, and so on.

            Examples:
              validate measure --reference mr.nii.gz --generated synthetic.nii.gz --modality MR
              validate measure --reference ct.nii.gz --generated sct.nii.gz --modality CT --mask body.nii.gz \\
                  --metrics ssim,ssim:skimage,mae --json
              validate measure --reference-vessels truth.nii.gz --generated-vessels found.nii.gz --json
            """)

    @OptionGroup(title: "Images") var images: ImageFiles
    @OptionGroup(title: "Masks") var masks: MaskFiles
    @OptionGroup(title: "Deformation") var deformation: DeformationFiles
    @OptionGroup(title: "What to measure") var choice: MetricChoice
    @OptionGroup var jobs: JobOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        var files = MeasureFiles()
        var inputs = try files.readImages(images)
        try files.readMasks(masks, into: &inputs)
        try files.readDeformation(deformation, into: &inputs)
        let modality = files.modality
        try Task.checkCancellation()
        var settings = try choice.settings(threads: jobs.jobs)
        settings.coronalPlane = deformation.coronalPlane
        let result = try evaluate(inputs, settings, files)
        let report = MeasureReport(files: files, modality: modality, result: result, withDetails: choice.details)
        for finding in files.findings where !output.quiet {
            Terminal.error("validate: note: \(finding.input): \(finding.text)")
        }
        try Terminal.result(output.json ? report.json.text : report.table)
    }
}

extension MeasureCommand {
    /// Evaluates, and names the file where a grid does not fit.
    private func evaluate(
        _ inputs: EvaluationInputs, _ settings: EvaluationSettings, _ files: MeasureFiles
    ) throws -> EvaluationResult {
        do throws(EvaluationError) {
            return try CaseEvaluation.evaluate(inputs, settings: settings)
        } catch {
            guard case .gridMismatch(let input, let expected, let actual) = error else { throw error }
            throw CommandFailure(
                .malformedInput, files.describeMismatch(input: input, expected: expected, actual: actual))
        }
    }
}

/// Files and facts of the image pair.
struct ImageFiles: ParsableArguments {
    @Option(name: .long, help: "The registered truth: NIfTI-1/2, .nii, .nii.gz or .hdr/.img.")
    var reference: String?

    @Option(name: .long, help: "The generated image, on the grid of the truth.")
    var generated: String?

    @Option(
        name: .long,
        help: "CT (in HU) or MR; decides body mask, units and data range. Without it, values below -200 mean CT.")
    var modality: Modality?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Data range of similarity, LO HI. Default: CT -1024 3071, clipped; MR the truth's 0.1 to 99.9 percentile.",
            valueName: "lo hi"))
    var range: RangeArgument?

    @Flag(name: .long, help: "Set values beyond --range to its ends before similarity is measured.")
    var clip = false

    @Option(name: .long, help: "Measure images in this mask (any volume, non-zero is inside) instead of the body.")
    var mask: String?

    mutating func validate() throws {
        if (reference == nil) != (generated == nil) {
            throw ValidationError("--reference and --generated belong together")
        }
        if clip, range == nil { throw ValidationError("--clip needs --range") }
    }
}

/// Pairs of masks.
struct MaskFiles: ParsableArguments {
    @Option(name: .long, help: "Liver of the truth; image metrics are measured in it too.")
    var referenceLiver: String?
    @Option(name: .long, help: "Liver of the generated image.")
    var generatedLiver: String?
    @Option(name: .long, help: "Lesions of the truth, one label each.")
    var referenceLesions: String?
    @Option(name: .long, help: "Lesions of the generated image.")
    var generatedLesions: String?
    @Option(name: .long, help: "Vessels of the truth.")
    var referenceVessels: String?
    @Option(name: .long, help: "Vessels of the generated image.")
    var generatedVessels: String?

    mutating func validate() throws {
        for (name, reference, generated) in [
            ("lesions", referenceLesions, generatedLesions), ("vessels", referenceVessels, generatedVessels),
        ] where (reference == nil) != (generated == nil) {
            throw ValidationError("--reference-\(name) and --generated-\(name) belong together")
        }
        if generatedLiver != nil, referenceLiver == nil {
            throw ValidationError("--generated-liver needs --reference-liver")
        }
    }
}

/// Landmarks and displacement fields.
struct DeformationFiles: ParsableArguments {
    @Option(name: .long, help: "Landmarks of the truth: CSV with id, R, A, S in mm, optionally phase and observer.")
    var referenceLandmarks: String?
    @Option(name: .long, help: "Landmarks of the generated image.")
    var generatedLandmarks: String?
    @Option(name: .long, help: "The displacement that is known, three values a voxel, on the grid of the truth.")
    var displacement: String?
    @Option(name: .long, help: "The displacement that is judged against it.")
    var estimatedDisplacement: String?
    @Option(name: .long, help: "Frame of both fields: ras or lps (mm), or voxel. Never guessed.")
    var displacementFrame: DisplacementFrame?
    @Option(name: .long, help: "Which plane is coronal: patient or acquired.")
    var coronalPlane: CoronalPlane = .patient

    mutating func validate() throws {
        if (referenceLandmarks == nil) != (generatedLandmarks == nil) {
            throw ValidationError("--reference-landmarks and --generated-landmarks belong together")
        }
        if (displacement == nil) != (estimatedDisplacement == nil) {
            throw ValidationError("--displacement and --estimated-displacement belong together")
        }
        if displacement != nil, displacementFrame == nil {
            throw ValidationError("--displacement needs --displacement-frame ras, lps or voxel")
        }
    }
}

/// Metrics and their tolerances.
struct MetricChoice: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Identifiers and presets, such as ssim,hausdorff_95:pooled (default: all that the inputs allow).",
            valueName: "id,id…"))
    var metrics: String?

    @Option(name: .long, help: "Distance within which a vessel counts as covered (default: 1 mm or the largest edge).")
    var toleranceMm: Double?

    @Option(name: .long, help: "Tolerance of the normalised surface distance, in mm.")
    var nsdToleranceMm: Double = 2

    @Flag(name: .long, help: "With --json: also the tables behind the values (slices, lesions, branches).")
    var details = false

    /// The settings that were chosen.
    ///
    /// - Throws: `ValidationError` for an empty list.
    func settings(threads: Int) throws -> EvaluationSettings {
        var chosen: Set<String>?
        if let metrics {
            let names = metrics.split(whereSeparator: { $0 == "," || $0.isWhitespace }).map(String.init)
            guard !names.isEmpty else { throw ValidationError("--metrics names no metric") }
            chosen = Set(names)
        }
        return EvaluationSettings(
            nsdToleranceMM: nsdToleranceMm, metrics: chosen,
            vessels: VesselTopologyParameters(toleranceMM: toleranceMm), vesselSegmentation: .vesselness1,
            imageDeformation: Self.imageDeformation(chosen), threads: threads)
    }

    /// Registration takes seconds: the images alone are registered when a metric of deformation is asked for by name.
    private static func imageDeformation(_ chosen: Set<String>?) -> ImageDeformationSettings? {
        let named = chosen?.contains { MetricFamily.family(of: $0) == .deformation } ?? false
        return named ? ImageDeformationSettings(limitMM: nil) : nil
    }
}
