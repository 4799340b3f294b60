import Foundation

/// Rules for text that came from outside: what may be an identifier, and how it is shown.
public enum SafeText {
    /// The text with every control, format and unassigned character written as its code point, cut at 200 characters.
    public static func printable(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars.prefix(200) {
            switch scalar.properties.generalCategory {
            case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator:
                result += "\\u{\(String(scalar.value, radix: 16))}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// The key under which two identifiers count as the same: canonical composition, one case, no spaces around, runs of spaces as one.
    public static func folded(_ text: String) -> String {
        text.precomposedStringWithCompatibilityMapping.lowercased().split(whereSeparator: \.isWhitespace)
            .joined(separator: " ").precomposedStringWithCanonicalMapping
    }

    /// Whether the text is in Unicode's canonical composition (NFC).
    public static func isComposed(_ text: String) -> Bool {
        // Not `==`: Swift's strings are equal when canonically equivalent.
        Array(text.unicodeScalars) == Array(text.precomposedStringWithCanonicalMapping.unicodeScalars)
    }

    /// What is wrong with a text as an identifier (subject, case, site), or nil.
    ///
    /// Allowed: letters and digits of any script but not of two look-alike scripts at once, spaces inside, and `. _ - , : # + "`. The first
    /// character is a letter, a digit or `_ # "`: nothing that a spreadsheet takes for a formula, a shell for an option.
    static func identifierProblem(_ text: String) -> String? {
        guard !text.isEmpty else { return "the identifier is empty" }
        guard text.unicodeScalars.count <= 64 else { return "the identifier is longer than 64 characters" }
        guard isComposed(text) else { return "the identifier is not in Unicode normal form C" }
        guard text.first?.isWhitespace != true, text.last?.isWhitespace != true else {
            return "the identifier has a space before or after it"
        }
        var scripts: Set<LookAlikeScript> = []
        for (position, scalar) in text.unicodeScalars.enumerated() {
            let name = "character U+\(hexadecimal(scalar)) at position \(position + 1)"
            guard isAllowed(scalar) else { return "\(name) is not allowed in an identifier" }
            if position == 0, "+-.,: ".unicodeScalars.contains(scalar) {
                return "an identifier may not begin with \(name)"
            }
            if let script = LookAlikeScript(scalar) { scripts.insert(script) }
        }
        guard scripts.count <= 1 else { return "the identifier mixes characters of scripts that look alike" }
        return nil
    }

    /// What is wrong with a free text of a manifest, or nil.
    static func freeTextProblem(_ text: String) -> String? {
        guard text.unicodeScalars.count <= 500 else { return "the text is longer than 500 characters" }
        guard isComposed(text) else { return "the text is not in Unicode normal form C" }
        for (position, scalar) in text.unicodeScalars.enumerated() {
            switch scalar.properties.generalCategory {
            case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator:
                return "character U+\(hexadecimal(scalar)) at position \(position + 1) is a control character"
            default: continue
            }
        }
        return nil
    }

    static func hexadecimal(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .nonspacingMark, .spacingMark:
            // Full-width forms read as ASCII but are not.
            return !(0xFF00...0xFFEF).contains(scalar.value)
        default: return " ._-,:#+\"".unicodeScalars.contains(scalar)
        }
    }

    /// Scripts whose letters are mistaken for one another.
    private enum LookAlikeScript {
        case latin, greek, cyrillic

        init?(_ scalar: Unicode.Scalar) {
            switch scalar.value {
            case 0x41...0x5A, 0x61...0x7A, 0xC0...0x24F: self = .latin
            case 0x370...0x3FF: self = .greek
            case 0x400...0x52F: self = .cyrillic
            default: return nil
            }
        }
    }
}
