import Foundation
import Imaging
import Metrics
import Study

extension ReportBuilder {
    func failures() throws(ReportError) -> FailuresView {
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
            vessels: [branchTable].filter { !$0.rows.isEmpty }, worst: worst,
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

    /// Rows of a detail table of a measurement, as far as their columns are there.
    private func rows(_ metric: String, _ table: String?, of item: CaseRecord) -> [[String: ParameterValue]] {
        item.measurements.filter { $0.measurement.metric == metric }.flatMap { record in
            record.measurement.details.filter { table == nil || $0.name == table }.flatMap { details in
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
            for row in rows(metric, nil, of: item) where row["volume_ml"] != nil {
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

    /// Counts of missing and false branches per case, worst first.
    private var branchTable: TableView {
        var table = TableView(
            "Vessel branches: missing or broken ones of the truth, and false ones of the generated image; cases with most first.",
            first: "Case", text: ["Site"], numbers: ["Branches", "Missing", "Broken", "False", "Longest missing"])
        let counted = record.cases.compactMap { item -> (CaseRecord, [Int], Double)? in
            let branches = rows("branch_accuracy", "branches", of: item)
            guard !branches.isEmpty else { return nil }
            func isSide(_ row: [String: ParameterValue], _ side: String) -> Bool { row["side"] == .text(side) }
            func isSet(_ row: [String: ParameterValue], _ key: String) -> Bool { row[key] == .flag(true) }
            let truth = branches.filter { isSide($0, "reference") }
            let missing = truth.filter { !isSet($0, "detected") }
            let broken = truth.filter { isSet($0, "detected") && !isSet($0, "unbroken") }
            let wrong = branches.filter { isSide($0, "generated") && !isSet($0, "detected") }
            let longest = missing.compactMap { number($0["length_mm"]) }.max() ?? 0
            return (item, [truth.count, missing.count, broken.count, wrong.count], longest)
        }
        let sorted = counted.sorted { a, b in
            let (x, y) = (a.1[1] + a.1[2] + a.1[3], b.1[1] + b.1[2] + b.1[3])
            return x != y ? x > y : a.0.id < b.0.id
        }
        for (item, counts, longest) in sorted.prefix(ReportOptions.longestList) {
            table.add(
                item.id,
                [CellView(text: item.site)] + counts.map { .number("\($0)") }
                    + [.number(counts[1] == 0 ? "–" : NumberText(unit: "mm").text(longest))])
        }
        return table
    }

    // MARK: - Worst cases

    /// The worst cases of each primary endpoint, each case once, as many as the page has room for.
    private func worstCases() throws(ReportError) -> [WorstCaseView] {
        var chosen: [(id: String, reasons: [String])] = []
        for rank in 0..<3 {
            for endpoint in primaryEndpoints {
                let sorted = values(endpoint).entries.filter { $0.number != nil }.sorted { a, b in
                    let (x, y) = (a.number ?? 0, b.number ?? 0)
                    if x != y { return endpoint.better == .lower ? x > y : x < y }
                    return a.caseID < b.caseID
                }
                guard rank < sorted.count, let value = sorted[rank].number else { continue }
                let place = ["worst", "second worst", "third worst"][rank]
                let words = "\(place) \(endpoint.name), \(caseFormat(endpoint).text(value))"
                if let index = chosen.firstIndex(where: { $0.id == sorted[rank].caseID }) {
                    chosen[index].reasons.append(words)
                } else if chosen.count < options.worstCaseCount {
                    chosen.append((sorted[rank].caseID, [words]))
                }
            }
        }
        var views: [WorstCaseView] = []
        for (id, reasons) in chosen {
            if let item = record.caseNamed(id) { views.append(try worstCase(item, reasons)) }
        }
        return views
    }

    private func worstCase(_ item: CaseRecord, _ reasons: [String]) throws(ReportError) -> WorstCaseView {
        var planes: [PlaneView] = []
        for plane in AnatomicalPlane.allCases {
            let own = item.pictures.map(\.picture).filter {
                $0.plane == plane && $0.content != .vesselGraph && $0.content != .deformation
            }
            guard let first = own.first else { continue }
            planes.append(
                PlaneView(
                    name: "\(plane.rawValue.capitalized) plane", detail: first.detail,
                    pictures: try pictures(own, of: item)))
        }
        let further = item.pictures.map(\.picture).filter { $0.content == .vesselGraph || $0.content == .deformation }
        if !further.isEmpty {
            planes.append(
                PlaneView(
                    name: "Vessels and deformation", detail: further.map(\.detail).joined(separator: "; "),
                    pictures: try pictures(further, of: item)))
        }
        var curves: [FigureView] = []
        if let measured = item.measurement("ssim", "body")?.measurement
            ?? item.measurement("ssim", "mask")?.measurement,
            let curve = curve(measured)
        {
            curves.append(try FigureView(curve.svg(), caption: "SSIM along the slices of \(item.id)."))
        }
        return WorstCaseView(
            caseID: item.id, site: siteName(item.site), reason: reasons.joined(separator: "; "),
            facts: [FactView(label: "Grid of the truth", value: item.geometry ?? "not stated")], planes: planes,
            curves: curves,
            absent: planes.isEmpty
                ? [
                    plan.allowsPictures
                        ? "There are no pictures of this case." : "The protocol does not allow pictures."
                ] : [])
    }

    private func pictures(_ pictures: [CasePicture], of item: CaseRecord) throws(ReportError) -> [PictureView] {
        var views: [PictureView] = []
        for picture in pictures {
            let isRamp = picture.content == .difference || picture.content == .deformation
            let bar = ColourBar(
                lower: picture.scaleLower, upper: picture.scaleUpper, unit: picture.unit, isRamp: isRamp,
                format: NumberText(unit: picture.unit))
            let label = Self.label(picture.content)
            views.append(
                PictureView(
                    label: label, source: "data:image/png;base64,\(Digest.base64(picture.png))",
                    alternative:
                        "Case \(item.id), \(picture.plane.rawValue) plane, \(label.lowercased()), \(picture.detail)",
                    width: "\(picture.width)", height: "\(picture.height)",
                    bar: try FigureView(bar.svg(), caption: "").svg))
        }
        return views
    }

    private static func label(_ content: CasePicture.Content) -> String {
        switch content {
        case .source: "Source"
        case .generated: "Generated"
        case .truth: "Truth"
        case .difference: "Absolute difference"
        case .vesselGraph: "Vessel trees"
        case .deformation: "Deformation"
        }
    }

    private func curve(_ measured: Metrics.Measurement) -> SliceCurve? {
        guard let table = measured.details.first(where: { $0.name == "per_slice" }),
            let at = table.columns.firstIndex(of: "slice"), let last = table.columns.indices.last,
            let worst = WorstSlice.find(in: measured, better: .higher)
        else { return nil }
        var slices: [Int] = []
        var values: [Double] = []
        for row in table.rows {
            guard case .integer(let slice) = row[at], case .number(let value) = row[last] else { continue }
            slices.append(slice)
            values.append(value)
        }
        guard slices.count > 2 else { return nil }
        return SliceCurve(
            slices: slices, values: values, worst: worst.slice, valueName: "SSIM", format: NumberText(unit: "1"))
    }
}
