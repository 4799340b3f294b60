import Imaging
import Metrics
import Study

/// What the template of a case's page shows.
struct CaseViewerView {
    var title: String
    var scriptHash: String
    /// SHA-256 of the generated image.
    var outputSHA256: String
    var study: String
    var line: String
    var notes: [String]
    var stack: StackView
    var images: [ImageView]
    var structures: String
    var legend: [LegendView]
    var windows: [WindowsView]
    var stills: [PlaneView]
    var facts: [FactView]
    var tables: [TableView]

    /// Sizes of the stacks, as the program reads them.
    struct StackView {
        var width: String
        var height: String
        var depth: String
        var pixelMM: String
        var sliceMM: String
        /// R, A, S of the first pixel, in mm.
        var origin: String
        var worst: String
        /// Colours of differences.
        var ramp: String
        var outlines: String
    }

    /// One image.
    struct ImageView {
        /// `source`, `generated`, `truth`.
        var content: String
        var label: String
        var unit: String
        /// Levels and values, such as `0:-1024 24:-200`.
        var knots: String
        /// gzip in base64.
        var data: String
    }

    /// Windows to choose from.
    struct WindowsView {
        var name: String
        var label: String
        var choices: [ChoiceView]
    }

    struct ChoiceView {
        var label: String
        var range: String
    }
}

extension CaseViewerView {
    init(_ shown: CaseShown, of study: CaseViewer.Study, scriptHash: String) throws(ReportError) {
        let item = shown.record
        let stack = CaseStack(shown.input, axialIndex: shown.worstSlice)
        title = "Case \(item.id) – \(study.title)"
        self.scriptHash = scriptHash
        outputSHA256 = item.outcome.outputSHA256 ?? ""
        self.study = study.title
        line = "Case \(item.id), site \(item.site), \(study.direction), \(study.model)"
        self.stack = StackView(
            width: "\(stack.width)", height: "\(stack.height)", depth: "\(stack.depth)", pixelMM: "\(stack.pixelMM)",
            sliceMM: "\(stack.sliceMM)", origin: "\(stack.originMM.x) \(stack.originMM.y) \(stack.originMM.z)",
            worst: "\(stack.slice)", ramp: PictureRamp.stops.map(Self.triple).joined(separator: " "),
            outlines: PictureRamp.outlines.map { Self.triple($0.colour) }.joined(separator: " "))
        do throws(ImagingError) {
            var images: [ImageView] = []
            for image in stack.images {
                images.append(
                    ImageView(
                        content: image.content.rawValue, label: PictureView.label(image.content),
                        unit: image.scale.unit,
                        knots: image.scale.knots.map { "\($0.level):\($0.value)" }.joined(separator: " "),
                        data: Digest.base64(try CaseStack.packed(image.levels))))
            }
            self.images = images
            structures = Digest.base64(try CaseStack.packed(stack.structures))
        } catch { throw Self.unwritable(shown, error) }
        legend = PictureRamp.outlines.map {
            LegendView(
                structure: $0.structure,
                colour: "rgb(\(Self.triple($0.colour).split(separator: ",").joined(separator: ", ")))")
        }
        let target = WindowsView(
            name: "target", label: "generated image and truth",
            choices: Self.choices(shown.input.targetWindow))
        windows =
            (shown.input.source == nil
                ? []
                : [WindowsView(name: "source", label: "source", choices: Self.choices(shown.input.sourceWindow))])
            + [target]
        stills = try Self.stills(shown)
        let steps = stack.images.map { image in
            let window = image.content == .source ? shown.input.sourceWindow : shown.input.targetWindow
            let step = NumberText.fixed(image.scale.step(from: window.lower, to: window.upper), decimals: 1)
            return "\(PictureView.label(image.content).lowercased()) \(step) \(image.scale.unit)"
        }
        notes = [
            "For the review of a validation study, not for diagnosis. Radiological orientation: the patient's right is on the left.",
            "Pixels of \(NumberText.fixed(stack.pixelMM, decimals: 2)) mm, slices \(NumberText.fixed(stack.sliceMM, decimals: 2)) mm apart. "
                + "Values are rounded for display (steps: \(steps.joined(separator: ", "))); "
                + "the measurements below were made on the full data.",
        ]
        facts = [
            FactView(label: "Grid of the truth", value: item.geometry ?? "not stated"),
            FactView(label: "Generated image, SHA-256", value: item.outcome.outputSHA256 ?? "not stated", isCode: true),
            FactView(label: "Made by", value: "AP-HiDiff Validate \(study.toolVersion)"),
        ]
        tables = [Self.measurements(item)]
    }

    private static func unwritable(_ shown: CaseShown, _ error: ImagingError) -> ReportError {
        .cannotWrite(path: CaseViewer.fileName(of: shown.record.id), reason: error.description)
    }

    private static func triple(_ colour: SIMD3<UInt8>) -> String { "\(colour.x),\(colour.y),\(colour.z)" }

    private static func choices(_ window: PictureWindow) -> [ChoiceView] {
        func choice(_ name: String, _ lower: Double, _ upper: Double) -> ChoiceView {
            let range =
                "\(NumberText.fixed(lower, decimals: 0)) to \(NumberText.fixed(upper, decimals: 0)) \(window.unit)"
            return ChoiceView(label: "\(name) (\(range))", range: "\(lower) \(upper)")
        }
        guard window.unit != "HU" else {
            return [
                choice("abdomen", -160, 240), choice("liver", 0, 200), choice("vessels", 50, 250),
                choice("bone", -500, 1300),
                choice("all", -1000, 1000),
            ]
        }
        let width = window.upper - window.lower
        return [
            choice("normal", window.lower, window.upper),
            choice("dark tissue", window.lower, window.lower + 0.5 * width),
            choice("bright tissue", window.lower + 0.4 * width, window.upper + 0.2 * width),
            choice("all", min(0, window.lower), window.upper + 0.3 * width),
        ]
    }

    /// The worst axial slice with the coronal one, and the middle axial slice.
    private static func stills(_ shown: CaseShown) throws(ReportError) -> [PlaneView] {
        let worst: [CasePicture]
        let middle: [CasePicture]
        do throws(ImagingError) {
            worst = try CasePictures.render(shown.input, axialIndex: shown.worstSlice)
            middle = try CasePictures.render(shown.input, axialIndex: shown.middleSlice)
        } catch { throw unwritable(shown, error) }
        let groups = [
            ("Worst axial slice", worst.filter { $0.plane == .axial }),
            ("Middle axial slice", middle.filter { $0.plane == .axial }),
            ("Coronal slice", worst.filter { $0.plane == .coronal }),
        ]
        var planes: [PlaneView] = []
        for (name, pictures) in groups {
            planes.append(
                PlaneView(
                    name: name, detail: pictures.first?.detail ?? "",
                    pictures: try PictureView.views(pictures, of: shown.record.id)))
        }
        return planes
    }

    private static func measurements(_ item: CaseRecord) -> TableView {
        var table = TableView(
            "Every measurement of this case.", first: "Metric", text: ["Structure"], numbers: ["Value"])
        for record in item.measurements {
            let measurement = record.measurement
            let value = measurement.value.number.map { NumberText(unit: measurement.unit).text($0) }
            table.add(
                measurement.metric,
                [
                    CellView(text: measurement.structure),
                    value.map { .number($0) } ?? CellView(text: reason(measurement.value)),
                ])
        }
        return table
    }

    private static func reason(_ value: MetricValue) -> String {
        guard case .notComputed(let reason) = value else { return "" }
        return "not computed: \(reason.explanation)"
    }
}
