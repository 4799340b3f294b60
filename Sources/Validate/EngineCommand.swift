import ArgumentParser
import Engine
import Foundation

/// `validate engine`: the embedded engine.
struct EngineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "engine",
        abstract: "The embedded engine: what it is, whether it computes as its reference does, how fast it is.",
        subcommands: [EngineInfoCommand.self, EngineVerifyCommand.self, EngineBenchCommand.self])
}

/// Where the weights are.
struct WeightsOption: ParsableArguments {
    @Option(
        name: .long,
        help: "Folder with aphidiff.safetensors and aphidiff.json (default: installed, else of the checkout).")
    var weights: String?

    /// The folder.
    func folder() throws -> URL { try EngineWeights.locate(explicit: weights) }
}

/// `validate engine info`: parameters by block and the identity of the weights.
struct EngineInfoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info",
        abstract: "Print the parameters by block, the digest of the weights, and the released setting.",
        discussion: """
            Example:
              validate engine info --json
            """)

    @OptionGroup var place: WeightsOption
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let weights = try EngineWeights(folder: try place.folder())
        let blocks = weights.parametersByBlock
        if options.json {
            try Terminal.result(
                JSON.object([
                    ("schema", .string("validate.engine-info/1")), ("name", .string("AP-HiDiff")),
                    ("version", .string(APHiDiffGenerator.version)), ("parameters", .integer(weights.parameters)),
                    ("weights_sha256", .string(weights.sha256)),
                    ("sampling_steps", .integer(weights.manifest.samplingSteps ?? 1)),
                    ("blocks", .object(blocks.map { ($0.block, .integer($0.parameters)) })),
                    ("series", .array(weights.series.map(JSON.string))),
                    ("arithmetic", .string(EngineArithmetic.description)),
                ]).text)
            return
        }
        var table = TextTable(["block", "parameters"], rightAligned: [1])
        for (block, count) in blocks { table.add([block, String(count)]) }
        table.add(["all", String(weights.parameters)])
        try Terminal.result(
            """
            AP-HiDiff, inference \(APHiDiffGenerator.version), series \(weights.series.joined(separator: ", "))
            weights SHA-256 \(weights.sha256)
            released setting: \(weights.manifest.samplingSteps ?? 1) step(s), int8
            arithmetic here: \(EngineArithmetic.description)
            Trained on digital phantoms. Not for clinical use. See docs/model-card.md.

            \(table.text)
            """)
    }
}

/// `validate engine verify`: weights against their manifest, inference against the reference.
struct EngineVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check the weights' digest and compare the inference with the reference's vectors.",
        discussion: """
            The file's SHA-256 is compared with the manifest. Then the slices of aphidiff-parity.safetensors run through \
            the network in fp32, with the reference's codes: every stage (bands, code, gates, maps of the anatomy, \
            velocity and displacement of the breath) and the images of 1, 2 and 4 steps may differ from the reference by \
            1e-4 of its range. Ends with 77 when one differs by more. With --int8 the released arithmetic is shown \
            beside it, without a verdict. Quality is not checked here.

            Example:
              validate engine verify
            """)

    @Flag(name: .long, help: "Show how far the int8 path is from the reference, too.")
    var int8 = false

    @OptionGroup var place: WeightsOption
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let weights = try EngineWeights(folder: try place.folder())
        let floats = try EngineVerification(weights)
        let bytes = int8 ? try EngineVerification(weights, precision: .int8, stages: false) : nil
        if options.json {
            try Terminal.result(
                JSON.object([
                    ("schema", .string("validate.engine-verify/1")), ("weights_sha256", .string(weights.sha256)),
                    ("passed", .flag(floats.passes)), ("tolerance", .number(EngineVerification.floatTolerance)),
                    ("fp32", json(floats)), ("int8", bytes.map(json) ?? .null),
                ]).text)
        } else {
            var table = TextTable(["comparison", "largest difference", "share of range", ""], rightAligned: [1, 2])
            for check in floats.checks { table.add(row(check) + [check.passes ? "passes" : "FAILS"]) }
            for check in bytes?.checks ?? [] {
                var row = row(check)
                row[0] += " (int8)"
                table.add(row + [""])
            }
            try Terminal.result(
                """
                weights SHA-256 \(weights.sha256): as the manifest says
                \(summary(floats, bytes))

                \(table.text)
                """)
        }
        guard floats.passes else {
            throw CommandFailure(.refused, "the inference differs from the reference by more than 1e-4 of the range")
        }
    }

    /// What was compared with what, and what was not.
    private func summary(_ floats: EngineVerification, _ bytes: EngineVerification?) -> String {
        let images = floats.checks.filter { $0.name.contains(".image.") }.count
        let worst = floats.checks.map(\.share).max() ?? 0
        let alike = floats.codeAgreement.map { min($0.fine, $0.coarse) }.min() ?? 0
        var text = String(
            format: "fp32: %d images and %d stages of %d slices against %@: largest difference %.2g of the range, "
                + "allowed %.2g; codes alike %.2f %% in the worst slice (the reference's codes are used)",
            images, floats.checks.count - images, floats.codeAgreement.count, EngineWeights.parityName, worst,
            EngineVerification.floatTolerance, 100 * alike)
        if let bytes {
            text += String(
                format: "\nint8: the same images, without a verdict: largest difference of a pixel %.2g of the range",
                bytes.checks.map(\.share).max() ?? 0)
        }
        return text + "\nNot checked: whether the images are good, and other slices than these (docs/model-card.md)."
    }

    private func row(_ check: EngineVerification.Check) -> [String] {
        [check.name, String(format: "%.3g", check.maximumDifference), String(format: "%.3g", check.share)]
    }

    private func json(_ verification: EngineVerification) -> JSON {
        .object([
            (
                "checks",
                .array(
                    verification.checks.map {
                        .object([
                            ("name", .string($0.name)), ("maximum_difference", .number($0.maximumDifference)),
                            ("range", .number($0.range)), ("passed", .flag($0.passes)),
                        ])
                    })
            ),
            (
                "code_agreement",
                .array(
                    verification.codeAgreement.map {
                        .object([
                            ("name", .string($0.name)), ("fine", .number($0.fine)), ("coarse", .number($0.coarse)),
                        ])
                    })
            ),
        ])
    }
}
