/// An executable with its arguments, in which names in braces stand for what belongs to a case.
struct CommandTemplate: Sendable, Equatable {
    /// The words, the executable first.
    let words: [String]

    /// Names that may stand in braces.
    static let names: Set<String> = [
        "source", "output", "target", "case", "source_phase", "phase", "amplitude", "seed", "threads",
    ]

    /// Splits a command into words: at spaces, except inside quotes; a backslash takes the next character as it is.
    ///
    /// Nothing else is interpreted, and no shell ever sees the command.
    ///
    /// - Throws: `GeneratorError.inputRefused` for an open quote, an unknown name in braces, or a template without
    ///   `{output}`.
    init(_ text: String) throws(GeneratorError) {
        words = try CommandTemplate.split(text)
        guard !words.isEmpty else {
            throw GeneratorError(
                .inputRefused, "'command:' needs an executable, as in command:/opt/model/run {source} {output}")
        }
        guard words.dropFirst().contains(where: { $0.contains("{output}") }) else {
            throw GeneratorError(.inputRefused, "the command has no {output}, so that its result could not be found")
        }
        for word in words {
            for piece in word.split(separator: "{", omittingEmptySubsequences: false).dropFirst() {
                guard let end = piece.firstIndex(of: "}"), CommandTemplate.names.contains(String(piece[..<end])) else {
                    throw GeneratorError(
                        .inputRefused,
                        "the command has a name in braces that is none of "
                            + CommandTemplate.names.sorted().map { "{\($0)}" }.joined(separator: " "))
                }
            }
        }
    }

    /// The words of a case; values are put in whole, never split again.
    func filled(_ values: [String: String]) -> [String] {
        words.map { word in
            var result = ""
            var rest = word[...]
            while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
                result += rest[..<open]
                result += values[String(rest[rest.index(after: open)..<close])] ?? ""
                rest = rest[rest.index(after: close)...]
            }
            return result + rest
        }
    }

    private static func split(_ text: String) throws(GeneratorError) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var isEscaped = false
        for character in text {
            if isEscaped {
                word = (word ?? "") + String(character)
                isEscaped = false
            } else if character == "\\", quote != "'" {
                isEscaped = true
            } else if let open = quote {
                if character == open { quote = nil } else { word = (word ?? "") + String(character) }
            } else if character == "'" || character == "\"" {
                quote = character
                word = word ?? ""
            } else if character == " " || character == "\t" {
                if let word { words.append(word) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        guard quote == nil, !isEscaped else {
            throw GeneratorError(.inputRefused, "the command has an open quote or ends with a backslash")
        }
        if let word { words.append(word) }
        return words
    }
}
