import Foundation
import Testing

@testable import Reports

@Suite("Figures")
struct FigureTests {
    @Test("What goes into a drawing cannot leave it")
    func escaping() {
        let text = "<b>&\"'{{x}}\u{0}"
        #expect(SVG.escape(text) == "&lt;b&gt;&amp;&quot;&#39;&#123;&#123;x&#125;&#125;\u{FFFD}")
        let plot = StripPlot(
            points: [StripPlot.Point(caseID: text, site: text, value: 1)], sites: [text], marks: [], axisName: text,
            format: NumberText(unit: "mm"))
        #expect(!plot.svg().contains("<b>"))
        #expect(!plot.svg().contains("{{"))
    }

    @Test("The title of a forest plot holds its numbers")
    func forest() {
        let plot = ForestPlot(
            rows: [
                ForestPlot.Row(label: "S01", count: 5, estimate: 0.9, lower: 0.88, upper: 0.92),
                ForestPlot.Row(label: "S02", count: 0, note: "no value"),
                ForestPlot.Row(label: "All", count: 5, estimate: 0.9, lower: 0.85, upper: 0.95, isPooled: true),
            ], prediction: (0.8, 1.0), threshold: ("threshold", 0.89), axisName: "mean SSIM",
            format: NumberText(unit: "1"))
        let svg = plot.svg()
        for words in ["S01, n 5: 0.900 [0.880, 0.920]", "S02, n 0: no value", "prediction interval [0.800, 1.000]"] {
            #expect(svg.contains(words), "\(words)")
        }
    }

    @Test("A strip plot shows every case: one mark each, crosses for those without a value")
    func strip() {
        let points = (0..<60).map {
            StripPlot.Point(
                caseID: "C\($0)", site: "S\($0 % 2)", value: $0 == 7 ? nil : Double($0 % 5), reason: "failed")
        }
        let svg = StripPlot(
            points: points, sites: ["S0", "S1"], marks: [], axisName: "value", format: NumberText(unit: "1")
        ).svg()
        #expect(svg.components(separatedBy: "<circle").count - 1 == 59)
        #expect(svg.contains("C7: failed"))
    }

    @Test("Axes hold all values between round ticks, also where all values are equal")
    func axes() {
        for values in [[0.881, 0.919], [5, 5], [-3, 1200], [1e-6, 2e-6], [0]] as [[Double]] {
            let axis = Axis(holding: values, from: 0, to: 100)
            #expect(axis.ticks.count >= 2 && axis.ticks.count <= 14, "\(values): \(axis.ticks)")
            for value in values { #expect(axis.lower <= value && value <= axis.upper, "\(values)") }
        }
    }

    @Test(
        "Numbers have the decimals of their unit, keep small ones visible, and never print a negative zero",
        arguments: [
            (0.8912, "1", "0.891"), (0.00042, "1", "0.00042"), (1.8, "mm", "1.80 mm"), (-0.0001, "HU", "−0.00010 HU"),
            (0, "mm", "0.00 mm"),
            (-12.34, "HU", "−12.3 HU"), (99.5, "%", "99.5 %"),
        ])
    func numbers(_ value: Double, _ unit: String, _ text: String) {
        #expect(NumberText(unit: unit).text(value) == text)
    }

    @Test("The flow of cases tells who left and why")
    func flow() {
        let svg = FlowDiagram(steps: [
            FlowDiagram.Step(label: "Listed", count: 10, losses: []),
            FlowDiagram.Step(label: "Evaluated", count: 8, losses: [("timed out", 2)]),
        ]).svg()
        #expect(svg.contains("left out: 2 timed out; Evaluated: 8"))
    }

    @Test("Slopes and agreement count and measure what they show")
    func pairs() {
        let slope = PairedPlot(
            pairs: [
                PairedPlot.Pair(caseID: "a", before: 1, after: 2), PairedPlot.Pair(caseID: "b", before: 2, after: 1),
            ],
            beforeName: "old", afterName: "new", valueName: "SSIM", isHigherBetter: true, format: NumberText(unit: "1"))
        #expect(slope.svg().contains("2 cases, 1 better, 1 worse"))
        let agreement = AgreementPlot(
            pairs: [AgreementPlot.Pair(caseID: "a", first: 1, second: 2)], bias: -1, lowerLimit: -2, upperLimit: 0,
            meanName: "mean", differenceName: "difference", format: NumberText(unit: "mm"))
        #expect(agreement.svg().contains("bias −1.00 mm"))
    }
}
