import Foundation
import Imaging
import Metrics
import Study

// The worst cases with their pictures.

extension ReportBuilder {
    /// The worst cases of each primary endpoint, each case once, as many as the page has room for.
    func worstCases() throws(ReportError) -> [WorstCaseView] {
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
                    pictures: try PictureView.views(own, of: item.id)))
        }
        let further = item.pictures.map(\.picture).filter { $0.content == .vesselGraph || $0.content == .deformation }
        if !further.isEmpty {
            planes.append(
                PlaneView(
                    name: "Vessels and deformation", detail: further.map(\.detail).joined(separator: "; "),
                    isLarge: true,
                    pictures: try PictureView.views(further, of: item.id)))
        }
        var curves: [FigureView] = []
        if let measured = item.measurement("ssim", "body")?.measurement
            ?? item.measurement("ssim", "mask")?.measurement,
            let curve = curve(measured)
        {
            curves.append(try FigureView(curve.svg(), caption: "SSIM along the slices of \(item.id)."))
        }
        return WorstCaseView(
            caseID: item.id, pages: pages(of: item.id), site: siteName(item.site),
            reason: reasons.joined(separator: "; "),
            facts: [FactView(label: "Grid of the truth", value: item.geometry ?? "not stated")], planes: planes,
            tables: [brokenBranches(of: item)].filter { !$0.rows.isEmpty }, curves: curves,
            absent: planes.isEmpty
                ? [
                    plan.allowsPictures
                        ? "There are no pictures of this case." : "The protocol does not allow pictures."
                ] : [])
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
