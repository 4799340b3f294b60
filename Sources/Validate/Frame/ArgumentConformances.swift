public import ArgumentParser
public import Cohort
public import Engine
public import Metrics
public import Phantom

// What an option may hold: types of lower floors, which know nothing of arguments.

extension Modality: ExpressibleByArgument {
    /// `CT` or `MR`, in either lettercase.
    public init?(argument: String) { self.init(rawValue: argument.uppercased()) }
}

extension ImageSeries: ExpressibleByArgument {
    /// `CT`, `MR`, or `MR-` with the name of a series.
    public init?(argument: String) { self.init(argument) }
}

extension DisplacementFrame: ExpressibleByArgument {}
extension CoronalPlane: ExpressibleByArgument {}
extension CohortAssembly.GridRule: ExpressibleByArgument {}
extension EnginePrecision: ExpressibleByArgument {}
extension MRSequence: ExpressibleByArgument {}
extension PhantomDirection: ExpressibleByArgument {}
extension PhantomNamespace: ExpressibleByArgument {}
