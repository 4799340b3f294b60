import Foundation
import Imaging
import Metrics
import Study

extension ReportBuilder {
    func failures() throws(ReportError) -> FailuresView {
        if let publicFailures { return publicFailures }
        let failed = failedTable
        let worst = try worstCases()
        var paragraphs: [String] = []
        paragraphs.append(
            failed.rows.isEmpty
                ? "No case failed."
                : "\(Words.count(failed.rows.count, "case")) gave no result; each is named with its reason.")
        if worst.isEmpty {
            paragraphs.append("No case has a value of a primary endpoint: there are no worst cases to show.")
        }
        return FailuresView(
            section: heading(.failures), paragraphs: paragraphs,
            failed: failed.rows.isEmpty ? [] : [failed],
            lesions: [
                lesionTable("lesions_missed", "Missed lesions: there in the truth, not in the generated image."),
                lesionTable("lesions_hallucinated", "Hallucinated lesions: shown, but not in the truth."),
            ].filter { !$0.rows.isEmpty },
            vessels: [branchTable].filter { !$0.rows.isEmpty }, branchNotes: branchNotes, worst: worst,
            legend: PictureRamp.outlines.map {
                LegendView(structure: $0.structure, colour: "rgb(\($0.colour.x),\($0.colour.y),\($0.colour.z))")
            })
    }

    private var failedTable: TableView {
        var table = TableView(
            "Cases without a result.", first: "Case", text: ["Site", "Outcome", "Step", "Reason", "Message"])
        for item in record.cases where item.outcome.status != .ok {
            let outcome = item.outcome
            table.add(
                item.id,
                [
                    CellView(text: item.site), CellView(text: outcome.status.rawValue),
                    CellView(text: outcome.stage?.rawValue ?? "not run"),
                    CellView(text: Words.reason(outcome.reasonCode ?? "not_run")),
                    CellView(text: outcome.message ?? "none"),
                ])
        }
        return table
    }

    /// Rows of the tables behind a measurement, as far as their columns are there.
    private func rows(_ metric: String, of item: CaseRecord) -> [[String: ParameterValue]] {
        item.measurements.filter { $0.measurement.metric == metric }.flatMap { record in
            record.measurement.details.flatMap { details in
                details.rows.map { row in
                    Dictionary(zip(details.columns, row), uniquingKeysWith: { first, _ in first })
                }
            }
        }
    }

    private func number(_ value: ParameterValue?) -> Double? {
        switch value {
        case .number(let number): number
        case .integer(let number): Double(number)
        default: nil
        }
    }

    private func lesionTable(_ metric: String, _ caption: String) -> TableView {
        var table = TableView(
            caption, first: "Case", text: ["Site"], numbers: ["Volume", "Diameter", "Position R, A, S (mm)"])
        var left = 0
        for item in record.cases {
            for row in rows(metric, of: item) where row["volume_ml"] != nil {
                guard table.rows.count < ReportOptions.longestList else {
                    left += 1
                    continue
                }
                let place = ["r_mm", "a_mm", "s_mm"].map { key in
                    number(row[key]).map { NumberText.fixed($0, decimals: 1) } ?? "–"
                }
                table.add(
                    item.id,
                    [
                        CellView(text: item.site), .number(NumberText(unit: "ml").text(number(row["volume_ml"]))),
                        .number(NumberText(unit: "mm").text(number(row["diameter_mm"]))),
                        .number(place.joined(separator: ", ")),
                    ])
            }
        }
        if left > 0 { table.caption += " \(left) further ones are in the exported tables." }
        return table
    }
}
