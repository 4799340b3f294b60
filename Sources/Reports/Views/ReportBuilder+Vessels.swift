import Metrics
import Study

// What broke in the vessel trees.

extension ReportBuilder {
    /// Most branches that are listed of one worst case.
    private static let longestBranches = 6

    private func branches(of item: CaseRecord) -> [VesselBranchRow] {
        item.measurements.filter { $0.measurement.metric == "branch_accuracy" }.flatMap { record in
            record.measurement.details.compactMap(VesselBranchRow.rows).flatMap(\.self)
        }
    }

    /// A branch in words: what became of it, seen from its side.
    private func fate(_ branch: VesselBranchRow) -> String {
        switch (branch.side, branch.state) {
        case (.reference, .undetected): "missing"
        case (.reference, .broken): "broken"
        case (.generated, .undetected): "false"
        case (.generated, .broken): "pieced together"
        case (_, .unbroken): "whole"
        }
    }

    /// Counts of missing and false branches per case, worst first.
    var branchTable: TableView {
        var table = TableView(
            "Vessel branches: missing or broken ones of the truth, and false ones of the generated image; cases with most first.",
            first: "Case", text: ["Site"],
            numbers: ["Branches", "Missing", "Broken", "False", "Longest missing", "Longest broken"])
        let counted = record.cases.map { (item: $0, rows: branches(of: $0)) }.filter { !$0.rows.isEmpty }
            .map { item, rows in
                let truth = rows.filter { $0.side == .reference }
                return BranchCount(
                    item: item, branches: truth.count, missing: truth.filter { $0.state == .undetected },
                    broken: truth.filter { $0.state == .broken },
                    wrong: rows.count { $0.side == .generated && $0.state == .undetected })
            }
        let sorted = counted.sorted { a, b in a.total != b.total ? a.total > b.total : a.item.id < b.item.id }
        for count in sorted.prefix(ReportOptions.longestList) {
            table.add(
                count.item.id,
                [CellView(text: count.item.site)]
                    + [count.branches, count.missing.count, count.broken.count, count.wrong].map { .number("\($0)") }
                    + [count.missing, count.broken].map { .number(longest($0)) })
        }
        return table
    }

    private struct BranchCount {
        var item: CaseRecord
        var branches: Int
        var missing: [VesselBranchRow]
        var broken: [VesselBranchRow]
        var wrong: Int

        var total: Int { missing.count + broken.count + wrong }
    }

    private func longest(_ branches: [VesselBranchRow]) -> String {
        branches.map(\.lengthMM).max().map { NumberText(unit: "mm").text($0) } ?? "–"
    }

    /// Says where branches are when branch accuracy came without them, as from bundles of sites.
    var branchNotes: [String] {
        let without = record.cases.count { item in
            item.measurements.contains {
                $0.measurement.metric == "branch_accuracy" && $0.measurement.value.number != nil
            } && branches(of: item).isEmpty
        }
        guard without > 0 else { return [] }
        return [
            "The single branches of \(Words.count(without, "case")) are not in this store: bundles of sites carry the values alone. "
                + "Each site's own report lists them."
        ]
    }

    /// The longest branches of a case that are missing, broken or false.
    func brokenBranches(of item: CaseRecord) -> TableView {
        let wrong = branches(of: item).filter { $0.state != .unbroken && fate($0) != "pieced together" }
            .sorted { a, b in
                if a.lengthMM != b.lengthMM { return a.lengthMM > b.lengthMM }
                return (a.side.rawValue, a.index) < (b.side.rawValue, b.index)
            }
        let shown = wrong.prefix(ReportBuilder.longestBranches)
        var table = TableView(
            "What broke in case \(item.id): "
                + (shown.count < wrong.count
                    ? "the longest \(shown.count) of \(wrong.count) branches"
                    : Words.count(wrong.count, "branch", "branches"))
                + " missing, broken or false.", first: "Branch",
            numbers: ["Length", "Mean radius", "Held", "Middle R, A, S (mm)"])
        for branch in shown {
            let place = [branch.middleMM.x, branch.middleMM.y, branch.middleMM.z]
                .map { NumberText.fixed($0, decimals: 1) }
            table.add(
                fate(branch),
                [
                    .number(NumberText(unit: "mm").text(branch.lengthMM)),
                    .number(NumberText(unit: "mm").text(branch.meanRadiusMM)),
                    .number("\(Int((100 * branch.coveredShare).rounded())) %"), .number(place.joined(separator: ", ")),
                ])
        }
        return table
    }
}
