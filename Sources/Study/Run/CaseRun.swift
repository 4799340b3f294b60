import Cohort
import Crypto
import Engine
import Foundation
import Imaging
import Metrics

/// One case from its files to its results: check, generate, compare grids, measure, draw.
///
/// Nothing is thrown: what goes wrong is an outcome with stage, code and sentence, and the other cases go on.
struct CaseRun {
    let plan: StudyProtocol
    let cohort: Cohort
    let item: CohortCase
    let generator: any Generator
    let options: RunOptions
    /// Memory that this case may take, in MiB.
    let memoryBudgetMiB: Int?
    let progress: @Sendable (CaseStage) -> Void

    /// Memory of a case at its peak for each voxel of its grid, in bytes: source, truth, generated image, masks and the buffers of the
    /// metrics that need most.
    static let bytesPerVoxel = 48

    /// Runs the case; nil when the run was cancelled meanwhile.
    func result() -> CaseResult? {
        let watch = Stopwatch()
        var state = State(record: RunCases.record(of: item))
        do throws(CaseFailure) {
            try carryOut(&state)
            if state.isCancelled { return nil }
            state.record.outcome.status = .ok
        } catch {
            state.record.outcome.status = error.isExclusion ? .excluded : .failed
            state.record.outcome.stage = error.stage
            state.record.outcome.reasonCode = error.code
            state.record.outcome.message = error.messageWithoutPaths(cohort.directory)
            state.record.measurements = []
            state.record.pictures = []
        }
        state.leave()
        state.record.outcome.seconds = watch.seconds
        state.record.outcome.peakMemoryMiB = HostFacts.peakMemoryMiB()
        return CaseResult(
            record: state.record, inputSHA256: state.inputSHA256, deviations: state.deviations,
            finishedUTC: UTCTime.now())
    }

    private struct State {
        var record: CaseRecord
        var inputSHA256: String?
        var deviations: [DeviationRecord] = []
        var isCancelled = false
        private var stage: (name: String, watch: Stopwatch)?

        init(record: CaseRecord) { self.record = record }

        mutating func enter(_ next: CaseStage) {
            leave()
            stage = (next.rawValue, Stopwatch())
        }

        mutating func leave() {
            guard let stage else { return }
            record.outcome.stageSeconds.append(
                CaseOutcome.StageSeconds(name: stage.name, seconds: stage.watch.seconds))
            self.stage = nil
        }
    }

    private func carryOut(_ state: inout State) throws(CaseFailure) {
        enter(.eligibility, &state)
        try Eligibility(plan: plan).require(item)
        state.deviations += statedDeviation()
        enter(.input, &state)
        state.record.files = try files()
        state.inputSHA256 = CaseRun.inputDigest(state.record.files)
        let files = try CaseFiles(item, in: cohort, maximumBytes: maximumVolumeBytes)
        state.record.geometry = "truth: \(files.truth.geometry)"
        if Task.isCancelled { return state.isCancelled = true }

        enter(.generation, &state)
        let made = try generated(files, &state)
        if Task.isCancelled { return state.isCancelled = true }
        enter(.geometry, &state)
        let image = try onGridOfTruth(made, files, &state)

        enter(.evaluation, &state)
        let inputs = CaseInputs(plan: plan, item: item, files: files, generated: image).inputs()
        let result: EvaluationResult
        do throws(EvaluationError) { result = try CaseEvaluation.evaluate(inputs, settings: settings()) } catch {
            throw CaseFailure(error)
        }
        if Task.isCancelled { return state.isCancelled = true }
        let measured = try result.measurements + ceiling(files, inputs)
        state.record.measurements = measured.map { measurement in
            MeasurementRecord(
                measurement: measurement,
                implementationVersion: MetricCatalog.definition(of: measurement.metric)?.version ?? 1)
        }
        if Task.isCancelled { return state.isCancelled = true }

        if plan.allowsPictures {
            enter(.pictures, &state)
            draw(files, image, inputs, result, &state)
        }
    }

    /// The deviation that the manifest states in its column `deviation`: `minor: …`, or `major: …`, which leaves the per-protocol set.
    private func statedDeviation() -> [DeviationRecord] {
        guard let text = item.covariates["deviation"], !text.isEmpty else { return [] }
        let parts = text.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
        let grade = DeviationRecord.Grade(rawValue: parts.first?.lowercased() ?? "")
        // What is not graded counts as major: it then cannot make a result better than it is.
        return [
            DeviationRecord(
                caseID: item.id, grade: grade ?? .major, code: "stated",
                message: grade != nil && parts.count > 1 ? parts[1] : text)
        ]
    }

    // MARK: - Stages

    private func enter(_ stage: CaseStage, _ state: inout State) {
        state.enter(stage)
        progress(stage)
    }

    private func files() throws(CaseFailure) -> [CaseRecord.FileRecord] {
        do throws(CohortError) {
            return try cohort.digests(of: item).map {
                CaseRecord.FileRecord(column: $0.column.rawValue, sha256: $0.sha256)
            }
        } catch { throw CaseFailure(.input, error) }
    }

    /// Digest over columns and hashes of a case's files.
    static func inputDigest(_ files: [CaseRecord.FileRecord]) -> String {
        FileDigest.sha256(Array(files.map { "\($0.column) \($0.sha256)\n" }.joined().utf8))
    }

    private var maximumVolumeBytes: Int {
        guard let budget = memoryBudgetMiB else { return NIfTIReader.defaultMaximumBytes }
        let voxels = (budget << 20) / CaseRun.bytesPerVoxel
        return min(NIfTIReader.defaultMaximumBytes, max(1, voxels * MemoryLayout<Float>.size))
    }

    private func generated(_ files: CaseFiles, _ state: inout State) throws(CaseFailure) -> GeneratedCase {
        var request = GenerationRequest(
            caseID: item.id, subject: item.subject, targetSeries: item.truth.series, seed: caseSeed,
            threads: options.threadsPerCase)
        request.source = files.source
        request.sourcePath = item.source.map { cohort.path($0.path) }
        request.sourceSeries = item.source?.series
        request.sourcePhase = item.sourcePhase
        request.targetPhase = item.truthPhase
        request.respiratoryAmplitudeMM = item.respiratoryAmplitudeMM
        request.finishedVolumePath = item.generated.map { cohort.path($0) }
        let made: GeneratedCase
        do throws(GeneratorError) { made = try generator.generate(request) } catch { throw CaseFailure(error) }
        for stage in made.stageSeconds {
            state.record.outcome.stageSeconds.append(
                CaseOutcome.StageSeconds(name: "generation/\(stage.name)", seconds: stage.seconds))
        }
        state.record.outcome.outputSHA256 = OutputDigest.sha256(of: made.volume)
        return made
    }

    /// Seed of the case: of the run and of its name, so that neither order nor number of cases matters.
    private var caseSeed: UInt64 {
        let digest = SHA256.hash(data: Data("\(options.seed) \(item.id)".utf8))
        return digest.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    private func onGridOfTruth(
        _ made: GeneratedCase, _ files: CaseFiles, _ state: inout State
    ) throws(CaseFailure) -> GeneratedCase {
        let target = files.truth.geometry
        guard !target.isSameGrid(as: made.volume.geometry) else { return made }
        let method = plan.measurement.resampling
        guard method != .none else {
            throw CaseFailure(
                .geometry, "grid_mismatch",
                "the generated image lies on another grid than the truth, and the protocol allows no resampling: "
                    + "\(made.volume.geometry) against \(target)")
        }
        let outside: Float = item.truth.series.modality == .ct ? -1024 : 0
        var moved: GeneratedCase
        do throws(ResamplingError) {
            moved = GeneratedCase(
                volume: try made.volume.resampled(
                    onto: target, interpolation: method == .linear ? .linear : .cubicBSpline, outside: outside))
        } catch { throw CaseFailure(.geometry, "resampling_failed", "\(error)") }
        moved.liver = made.liver?.resampledNearest(onto: target, outside: 0)
        moved.vessels = made.vessels?.resampledNearest(onto: target, outside: 0)
        moved.lesions = made.lesions?.resampledNearest(onto: target, outside: 0)
        moved.segmentation = made.segmentation
        state.record.geometry =
            "truth: \(target); generated: \(made.volume.geometry), resampled onto the truth's grid (\(method.rawValue))"
        return moved
    }

    /// Similarity of the noise-free truth to the truth: what no generator can exceed.
    ///
    /// Known for phantoms only; its structures are `body:ceiling` and `liver:ceiling`.
    private func ceiling(_ files: CaseFiles, _ inputs: EvaluationInputs) throws(CaseFailure) -> [Metrics.Measurement] {
        guard let clean = files.truthClean else { return [] }
        var ideal = EvaluationInputs(modality: inputs.modality)
        ideal.reference = inputs.reference
        ideal.generated = clean
        ideal.body = inputs.body
        ideal.liver = inputs.liver
        ideal.dataRange = inputs.dataRange
        var settings = settings()
        settings.metrics = ["ssim", "mae", "psnr"]
        settings.required = []
        settings.vesselSegmentation = nil
        settings.imageDeformation = nil
        settings.keepsMaps = false
        do throws(EvaluationError) {
            return try CaseEvaluation.evaluate(ideal, settings: settings).measurements.map { measurement in
                var measurement = measurement
                measurement.structure += ":ceiling"
                measurement.details = []
                return measurement
            }
        } catch { throw CaseFailure(error) }
    }

    private func settings() -> EvaluationSettings {
        var vessels = VesselTopologyParameters()
        vessels.toleranceMM = plan.measurement.vesselToleranceMM
        let targets = plan.endpoints.map { MetricTarget(metric: $0.metric, structure: $0.structure) }
        return EvaluationSettings(
            nsdToleranceMM: plan.measurement.nsdToleranceMM,
            metrics: plan.measurement.metrics.map { Set($0).union(targets.map(\.metric)) }, required: targets,
            // Used where a mask is missing, also when the protocol names masks that this generator does not make.
            vessels: vessels, vesselSegmentation: plan.measurement.segmentation == nil ? nil : .vesselness1,
            imageDeformation: imageDeformation(), keepsMaps: plan.allowsPictures, threads: options.threadsPerCase)
    }

    /// Image-only deformation where the protocol names a registration; its limit is that of the endpoint's criterion.
    private func imageDeformation() -> ImageDeformationSettings? {
        guard plan.measurement.registration == RegistrationSettings.plk3d1.identifier else { return nil }
        let endpoint = plan.endpoints.first { $0.metric == "coronal_deformation" }
        let limit = plan.criteria.first { $0.endpointOID == endpoint?.oid }?.threshold
        return ImageDeformationSettings(limitMM: limit, cohortRegistrationErrorMM: item.registrationErrorMM)
    }

    private func draw(
        _ files: CaseFiles, _ image: GeneratedCase, _ inputs: EvaluationInputs, _ result: EvaluationResult,
        _ state: inout State
    ) {
        let drawing = CaseDrawing(item: item, files: files, image: image, inputs: inputs, result: result)
        do throws(ImagingError) { state.record.pictures = try drawing.pictures() } catch {
            // The measurements stand; the report says that the pictures are missing.
            state.deviations.append(
                DeviationRecord(
                    caseID: item.id, grade: .minor, code: "pictures_failed",
                    message: CaseFailure(.pictures, error).messageWithoutPaths(cohort.directory)))
        }
        options.show?(drawing.shown(state.record))
    }
}
