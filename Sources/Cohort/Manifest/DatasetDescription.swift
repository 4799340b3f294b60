import Foundation

/// What `dataset_description.json` says about a cohort; the keys are those of BIDS.
public struct DatasetDescription: Sendable, Equatable {
    /// Name of the cohort.
    public var name: String
    /// Licence of the data.
    public var license: String?
    /// What made it: phantom and seed, importer, hospital export.
    public var generatedBy: String?
    /// Further facts as text, such as the seed of a phantom cohort.
    public var facts: [String: String]

    /// Makes a description.
    public init(name: String, license: String? = nil, generatedBy: String? = nil, facts: [String: String] = [:]) {
        self.name = name
        self.license = license
        self.generatedBy = generatedBy
        self.facts = facts
    }

    private struct Document: Codable {
        var name: String
        var bidsVersion: String?
        var license: String?
        var generatedBy: String?
        var facts: [String: String]?

        enum CodingKeys: String, CodingKey {
            case name = "Name"
            case bidsVersion = "BIDSVersion"
            case license = "License"
            case generatedBy = "ValidateGeneratedBy"
            case facts = "ValidateFacts"
        }
    }

    static let maximumBytes = 256 << 10

    /// Reads the JSON document; unknown keys are left alone.
    init(parsing bytes: [UInt8], file: String) throws(CohortError) {
        let document: Document
        do {
            document = try JSONDecoder().decode(Document.self, from: Data(bytes))
        } catch {
            throw .malformed(
                file: file, line: nil, column: nil, reason: "it is not a JSON object with a text 'Name'")
        }
        let texts =
            [document.name, document.license ?? "", document.generatedBy ?? ""] + Array((document.facts ?? [:]).values)
        for text in texts {
            if let problem = SafeText.freeTextProblem(text) {
                throw .malformed(file: file, line: nil, column: nil, reason: problem)
            }
        }
        self.init(
            name: document.name, license: document.license, generatedBy: document.generatedBy,
            facts: document.facts ?? [:])
    }

    /// The document as bytes, keys sorted.
    var json: [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let document = Document(
            name: name, bidsVersion: "1.9.0", license: license, generatedBy: generatedBy,
            facts: facts.isEmpty ? nil : facts)
        // A document of texts always encodes.
        return ((try? encoder.encode(document)).map(Array.init) ?? []) + [0x0A]
    }
}
