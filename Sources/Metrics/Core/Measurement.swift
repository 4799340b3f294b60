/// The value of a named parameter or a cell of a detail table.
public enum ParameterValue: Sendable, Equatable {
    /// A real number.
    case number(Double)
    /// A whole number.
    case integer(Int)
    /// A text.
    case text(String)
    /// Yes or no.
    case flag(Bool)
    /// No value.
    case none
}

/// One named parameter of a metric, as printed beside its value.
public struct MetricParameter: Sendable, Equatable {
    /// Name in lower_snake_case, with the unit where there is one (`tolerance_mm`).
    public var name: String
    /// Its value.
    public var value: ParameterValue

    /// Makes a parameter.
    public init(_ name: String, _ value: ParameterValue) {
        self.name = name
        self.value = value
    }
}

/// A table behind a measurement: SSIM per slice, a list of missed lesions, the branches of a tree.
public struct DetailTable: Sendable, Equatable {
    /// Name in lower_snake_case, such as `per_slice` or `branches`.
    public var name: String
    /// Column names, with units.
    public var columns: [String]
    /// Rows, each as long as `columns`.
    public var rows: [[ParameterValue]]

    /// Makes a table.
    public init(name: String, columns: [String], rows: [[ParameterValue]]) {
        self.name = name
        self.columns = columns
        self.rows = rows
    }
}

/// One measured value with everything needed to understand it.
public struct Measurement: Sendable, Equatable {
    /// Metric identifier of the design, with its preset where there is one (`ssim`, `hausdorff_95:pooled`).
    public var metric: String
    /// Structure it was measured on (`body`, `liver`, `lesions`, `lesion:3`, `vessels`, `mask`).
    public var structure: String
    /// The value or the reason for its absence.
    public var value: MetricValue
    /// Unit (`1`, `mm`, `HU`, `%`, `count`, `ml`).
    public var unit: String
    /// Every parameter that changes the value.
    public var parameters: [MetricParameter]
    /// Value to use for it in the sensitivity analysis when it was not computed, if the metric defines one.
    public var imputedWorst: Double?
    /// Tables behind the value.
    public var details: [DetailTable]

    /// Makes a measurement.
    public init(
        metric: String, structure: String, value: MetricValue, unit: String,
        parameters: [MetricParameter] = [], imputedWorst: Double? = nil, details: [DetailTable] = []
    ) {
        self.metric = metric
        self.structure = structure
        self.value = value
        self.unit = unit
        self.parameters = parameters
        self.imputedWorst = imputedWorst
        self.details = details
    }
}
