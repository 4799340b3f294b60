public import ArgumentParser
public import Cohort
public import Metrics

// What an option may hold: types of lower floors, which know nothing of arguments.

extension Modality: @retroactive ExpressibleByArgument {
    /// `CT` or `MR`, in either lettercase.
    public init?(argument: String) { self.init(rawValue: argument.uppercased()) }
}

extension ImageSeries: @retroactive ExpressibleByArgument {
    /// `CT`, `MR`, or `MR-` with the name of a series.
    public init?(argument: String) { self.init(argument) }
}

extension DisplacementFrame: @retroactive ExpressibleByArgument {}
extension CoronalPlane: @retroactive ExpressibleByArgument {}
extension CohortAssembly.GridRule: @retroactive ExpressibleByArgument {}
