import ArgumentParser
import Foundation
import Imaging

/// `validate inspect`: shows what an image file holds and what is odd about it.
struct InspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show what an image file holds: grid, orientation, range, oddities.",
        discussion: """
            Reads NIfTI-1/2, single PNG slices and folders of them. Text of headers is never printed.

            Example:
              validate inspect mr.nii.gz
            """)

    @Argument(help: "The file, or a folder of slices.")
    var file: String

    @OptionGroup var output: OutputOptions

    func run() async throws {
        var members: [(String, JSON)] = [("schema", .string("validate.inspect/1"))]
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: file, isDirectory: &isFolder)
        if exists, isFolder.boolValue {
            let slices = try PNGStack.readSlices(folder: file)
            members += [
                ("format", .string("PNG stack")), ("dimensions", dimensions(slices.dimensions)),
                ("bits", .integer(slices.bitDepth)), findings(slices.findings),
            ]
        } else if file.lowercased().hasSuffix(".png") {
            let image = try PNGReader.read(path: file)
            let kind = image.grey == nil ? ["it is a colour image with \(image.channels) channels"] : []
            let text = try PNGReader.holdsText(path: file) ? ["it holds chunks of text, which are not read"] : []
            members += [
                ("format", .string("PNG")), ("dimensions", dimensions(SIMD3(image.width, image.height, 1))),
                ("bits", .integer(image.bitDepth)), findings(image.findings + kind + text),
            ]
        } else {
            members += nifti(try NIfTIReader.read(path: file))
        }
        try Terminal.result(output.json ? JSON.object(members).text : words(members))
    }

    private func nifti(_ image: NIfTIImage) -> [(String, JSON)] {
        let spacing = image.geometry.spacingMM
        return [
            ("format", .string("NIfTI-\(image.header.version)")),
            ("dimensions", dimensions(image.geometry.dimensions)), ("components", .integer(image.components)),
            ("datatype", .string("\(image.header.datatype)")),
            ("spacing_mm", .array([spacing.x, spacing.y, spacing.z].map(JSON.number))),
            ("orientation", .string(image.geometry.orientationCode)),
            ("obliquity_degrees", .number(image.geometry.obliquityDegrees(of: .axial))),
            ("minimum", .number(image.minimum)), ("maximum", .number(image.maximum)),
            ("not_finite", .integer(image.nonFiniteCount)), findings(image.findings),
        ]
    }

    private func dimensions(_ size: SIMD3<Int>) -> JSON { .array([size.x, size.y, size.z].map(JSON.integer)) }

    private func findings(_ texts: [String]) -> (String, JSON) { ("findings", .array(texts.map(JSON.string))) }

    private func words(_ members: [(String, JSON)]) -> String {
        var table = TextTable(["", ""])
        for (name, value) in members.dropFirst() {
            table.add([name.replacingOccurrences(of: "_", with: " "), value.words])
        }
        return table.text.trimmingCharacters(in: .newlines)
    }
}

extension JSON {
    /// The value as a person reads it.
    fileprivate var words: String {
        switch self {
        case .string(let text): text
        case .number(let number): MeasureReport.short(number)
        case .array(let elements): elements.isEmpty ? "none" : elements.map(\.words).joined(separator: ", ")
        default: line
        }
    }
}
