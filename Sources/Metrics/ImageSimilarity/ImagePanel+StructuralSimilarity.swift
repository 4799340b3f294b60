import Imaging

extension ImagePanel {
    /// SSIM, headline and presets.
    mutating func measureStructuralSimilarity(_ refusal: NotComputedReason?) {
        let clip = dataRange.clips && dataRange.isUsable ? dataRange.low...dataRange.high : nil
        let origin = dataRange.mapsLowToZero ? dataRange.low : 0
        let sliceAxis = pair.geometry.sliceAxis(of: plane)
        let planar = SimilaritySettings(
            window: .gaussian11, isVolumetric: false, sliceAxis: sliceAxis, rangeWidth: dataRange.width, clip: clip,
            origin: origin)
        let rangeRefusal = refusal ?? (dataRange.isUsable ? nil : .dataRange)
        if wanted("ssim") {
            similarity("ssim", planar, parameters: rangeParameters, refusal: rangeRefusal)
        }
        if wanted("ssim:skimage") {
            // As the tool does it: values as they are, windows through the slices unless there is only one.
            var settings = planar
            settings.window = .uniform7
            settings.clip = nil
            settings.origin = 0
            (settings.isVolumetric, settings.sliceAxis) = windowAxes(sliceAxis)
            similarity(
                "ssim:skimage", settings, parameters: [MetricParameter("data_range", .number(dataRange.width))],
                refusal: rangeRefusal)
        }
        if wanted("ssim:3d") {
            var settings = planar
            settings.isVolumetric = true
            similarity("ssim:3d", settings, parameters: rangeParameters, refusal: rangeRefusal)
        }
        if wanted("ssim:synthrad2023") {
            var settings = planar
            settings.window = .uniform7
            settings.rangeWidth = SynthRAD.width2023
            settings.clip = SynthRAD.range2023
            settings.origin = SynthRAD.outside
            settings.fill = SynthRAD.outside
            (settings.isVolumetric, settings.sliceAxis) = windowAxes(sliceAxis)
            similarity(
                "ssim:synthrad2023", settings,
                parameters: [
                    MetricParameter("data_range", .number(SynthRAD.width2023)),
                    MetricParameter("data_range_low", .number(SynthRAD.range2023.lowerBound)),
                    MetricParameter("data_range_high", .number(SynthRAD.range2023.upperBound)),
                    MetricParameter("clipped", .flag(true)),
                    MetricParameter("outside_value", .number(SynthRAD.outside)),
                ], refusal: refusal)
        }
    }

    /// A single slice is an image: its windows lie in its plane, whichever axis it is thin along.
    private func windowAxes(_ sliceAxis: Int) -> (isVolumetric: Bool, sliceAxis: Int) {
        let d = pair.geometry.dimensions
        if d[sliceAxis] == 1 { return (false, sliceAxis) }
        if let thin = (0..<3).first(where: { d[$0] == 1 }) { return (false, thin) }
        return (true, sliceAxis)
    }

    private mutating func similarity(
        _ metric: String, _ settings: SimilaritySettings, parameters: [MetricParameter], refusal: NotComputedReason?
    ) {
        let isGaussian = settings.window == .gaussian11
        var stated = [
            MetricParameter("window", .text(isGaussian ? "gaussian" : "uniform")),
            MetricParameter("window_size", .integer(settings.window.taps)),
        ]
        if isGaussian { stated.append(MetricParameter("sigma", .number(1.5))) }
        stated += [
            MetricParameter("dimensions", .integer(settings.isVolumetric ? 3 : 2)),
            MetricParameter("variance", .text(isGaussian ? "population" : "sample")),
            MetricParameter("k1", .number(0.01)), MetricParameter("k2", .number(0.03)),
        ]
        if !settings.isVolumetric { stated.append(MetricParameter("plane", .text(plane.rawValue))) }
        stated += parameters
        if let refusal {
            add(metric, .notComputed(refusal), unit: "1", stated)
            return
        }
        let d = pair.geometry.dimensions
        guard
            (0..<3).allSatisfy({ d[$0] >= settings.window.taps || (!settings.isVolumetric && $0 == settings.sliceAxis) }
            )
        else {
            add(metric, .notComputed(.gridTooSmall), unit: "1", stated)
            return
        }
        let sums = pair.structuralSimilarity(settings)
        stated.append(MetricParameter("windows", .integer(Int(sums.windowCount))))
        stated.append(MetricParameter("windows_left_out", .integer(Int(sums.droppedCount))))
        let value: MetricValue
        if sums.windowCount > 0 {
            value = MetricValue(finite: sums.mean)
        } else {
            value = .notComputed(sums.droppedCount > 0 ? .notFinite : .emptyRegion)
        }
        let details = settings.isVolumetric || metric != "ssim" ? [] : [perSliceTable(sums, axis: settings.sliceAxis)]
        add(metric, value, unit: "1", stated, details: details)
    }

    /// The series for the report: one row for each slice that has a window.
    private func perSliceTable(_ sums: SimilaritySums, axis: Int) -> DetailTable {
        let geometry = pair.geometry
        let world = plane.normalWorldAxis
        let middle = SIMD3<Double>(geometry.dimensions &- SIMD3(1, 1, 1)) / 2
        var rows: [[ParameterValue]] = []
        for slice in sums.sums.indices where sums.counts[slice] > 0 {
            var centre = middle
            centre[axis] = Double(slice)
            rows.append([
                .integer(slice), .number(geometry.world(centre)[world]), .integer(Int(sums.counts[slice])),
                .number(sums.sums[slice] / Double(sums.counts[slice])),
            ])
        }
        return DetailTable(name: "per_slice", columns: ["slice", "position_mm", "windows", "ssim"], rows: rows)
    }
}

/// Constants of the SynthRAD challenges' evaluation code.
enum SynthRAD {
    /// Range of 2023, and of the 2025 metrics repository, in HU.
    static let range2023: ClosedRange<Double> = -1024...3000
    /// Range of the 2025 evaluation repository, in HU.
    static let range2025Evaluation: ClosedRange<Double> = -1024...3071
    /// What replaces voxels outside the mask, in HU.
    static let outside: Double = -1024
    /// Width of the range of 2023.
    static let width2023: Double = 4024
}
