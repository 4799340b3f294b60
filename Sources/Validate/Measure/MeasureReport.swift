import Foundation
import Metrics
import Study

/// The result of `validate measure` for machines and for people.
struct MeasureReport {
    let files: MeasureFiles
    let modality: (value: Modality, isGiven: Bool)
    let result: EvaluationResult
    let withDetails: Bool

    /// The document `validate.measure/1`.
    var json: JSON {
        var members: [(String, JSON)] = [
            ("schema", .string("validate.measure/1")),
            ("version", .string(ToolVersion.current)),
            ("reference", digests(.reference)),
            ("generated", digests(.generated)),
        ]
        if result.region != nil || result.dataRange != nil {
            members.append(("modality", .string(modality.value.rawValue)))
            members.append(("modality_given", .flag(modality.isGiven)))
        }
        if !files.findings.isEmpty {
            members.append(
                (
                    "findings",
                    .array(
                        files.findings.map { .object([("input", .string($0.input)), ("finding", .string($0.text))]) })
                ))
        }
        members.append(("measurements", .array(result.measurements.map(measurement))))
        return .object(members)
    }

    private func digests(_ side: MeasureFiles.Side) -> JSON {
        let records = files.records.filter { $0.side == side }
        let image = records.first { $0.role == "image" } ?? records.first
        var members: [(String, JSON)] = [("sha256", .optional(image?.sha256))]
        for record in records where record.role != "image" {
            members.append(("\(record.role)_sha256", .string(record.sha256)))
        }
        return .object(members)
    }

    private func measurement(_ item: Metrics.Measurement) -> JSON {
        var members: [(String, JSON)] = [
            ("metric", .string(item.metric)), ("structure", .string(item.structure)),
            ("value", .optional(item.value.number)), ("unit", .string(item.unit)),
        ]
        if let reason = item.value.reason {
            members.append(("status", .string("not_computed")))
            members.append(("reason", .string(reason.explanation)))
            members.append(("reason_code", .string(reason.rawValue)))
            if let worst = item.imputedWorst { members.append(("imputed_worst", .number(worst))) }
        } else {
            members.append(("status", .string("ok")))
        }
        members.append(("parameters", .object(item.parameters.map { ($0.name, value($0.value)) })))
        if withDetails, !item.details.isEmpty {
            members.append(("details", .array(item.details.map(table))))
        }
        return .object(members)
    }

    private func table(_ table: DetailTable) -> JSON {
        .object([
            ("name", .string(table.name)), ("columns", .array(table.columns.map(JSON.string))),
            ("rows", .array(table.rows.map { .array($0.map(value)) })),
        ])
    }

    private func value(_ value: ParameterValue) -> JSON {
        switch value {
        case .number(let number): .number(number)
        case .integer(let number): .integer(number)
        case .text(let text): .string(text)
        case .flag(let flag): .flag(flag)
        case .none: .null
        }
    }

    /// A table for a person: four significant digits, and the reason where there is no value.
    var table: String {
        var table = TextTable(["structure", "metric", "value", "unit", ""], rightAligned: [2])
        for item in result.measurements {
            switch item.value {
            case .value(let number):
                table.add([item.structure, item.metric, MeasureReport.short(number), unit(item.unit), ""])
            case .notComputed(let reason):
                table.add([item.structure, item.metric, "–", unit(item.unit), reason.explanation])
            }
        }
        return table.text
    }

    private func unit(_ unit: String) -> String { unit == "1" ? "" : unit }

    /// A number with four significant digits; counts as they are.
    static func short(_ number: Double) -> String {
        if number == number.rounded(), abs(number) < 1e6 { return String(format: "%.0f", number) }
        let magnitude = abs(number)
        let decimals = magnitude >= 1000 ? 1 : magnitude >= 100 ? 2 : magnitude >= 10 ? 3 : 4
        return magnitude < 1e-4 ? String(format: "%.3e", number) : String(format: "%.\(decimals)f", number)
    }
}
