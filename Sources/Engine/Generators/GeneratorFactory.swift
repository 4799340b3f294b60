public import Cohort

/// Makes the generator that `--generator` names.
public enum GeneratorFactory {
    /// Called while a generator is made ready: what is done and how much of it, from 0 to 1.
    public typealias Progress = @Sendable (_ step: String, _ fraction: Double) -> Void

    /// What a maker gets.
    struct Order {
        /// What stands behind the colon of the specification.
        var argument: String?
        /// Cases that the generator may need, with finished volumes or pairs to learn from; nil outside of a cohort.
        var cohort: Cohort?
        var options: GeneratorOptions
        var progress: Progress
    }

    typealias Maker = @Sendable (Order) throws(GeneratorError) -> any Generator

    /// The generators by name, in the order of the help.
    static let makers: [(name: String, usage: String, make: Maker)] = [
        ("volumes", "volumes: finished volumes of the column 'generated'", VolumesGenerator.make),
        (
            "command", "command:EXECUTABLE ARGUMENTS…: an executable per case, with {source} and {output}",
            CommandGenerator.make
        ),
        (
            "intensity-map", "intensity-map: a naive baseline learned from the other subjects",
            IntensityMapGenerator.make
        ),
        ("aphidiff", "aphidiff: the embedded AP-HiDiff engine", APHiDiffGenerator.make),
    ]

    /// Names of the generators.
    public static var names: [String] { makers.map(\.name) }

    /// One line for each generator, for help texts.
    public static var usage: [String] { makers.map(\.usage) }

    /// Makes a generator.
    ///
    /// - Parameters:
    ///   - specification: `volumes`, `intensity-map`, `command:EXECUTABLE ARGUMENTS…`, or the name of an engine.
    ///   - cohort: The cases; nil where one file is generated outside of a cohort.
    ///   - options: What the user set.
    ///   - progress: Called while the generator is made ready.
    /// - Throws: `GeneratorError.inputRefused` for a name that is not known or a cohort that does not fit.
    public static func make(
        _ specification: String, cohort: Cohort?, options: GeneratorOptions = GeneratorOptions(),
        progress: @escaping Progress = { _, _ in }
    ) throws(GeneratorError) -> any Generator {
        let parts = specification.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let name = parts.first.map(String.init) ?? ""
        guard let maker = makers.first(where: { $0.name == name }) else {
            throw GeneratorError(
                .inputRefused,
                "there is no generator '\(SafeText.printable(name))'; known are "
                    + makers.map(\.name).joined(separator: ", "))
        }
        return try maker.make(
            Order(
                argument: parts.count > 1 ? String(parts[1]) : nil, cohort: cohort, options: options,
                progress: progress))
    }
}
