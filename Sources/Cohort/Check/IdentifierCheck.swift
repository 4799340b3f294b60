/// Whether a pseudonym looks like what it should replace.
struct IdentifierCheck {
    /// What is suspicious about it, or nil; the identifier is not repeated.
    static func problem(_ identifier: String) -> String? {
        if HeaderTextCheck.looksLikeDate(identifier) { return "it holds what looks like a date" }
        let digits = identifier.split { !$0.isASCII || !$0.isNumber }
        if digits.contains(where: { isPackedDate(String($0)) }) { return "it holds what looks like a date" }
        let words = identifier.split { !$0.isLetter }
        if words.count >= 2, identifier.contains(where: { $0 == "," || $0 == " " }),
            words.allSatisfy({
                $0.count >= 3 && $0.first?.isUppercase == true && $0.dropFirst().contains(where: \.isLowercase)
            })
        {
            return "it looks like a name"
        }
        return nil
    }

    /// Whether eight digits are a day of the last hundred years or so, year first or last.
    private static func isPackedDate(_ digits: String) -> Bool {
        guard digits.count == 8, let number = Int(digits) else { return false }
        func isDay(_ year: Int, _ month: Int, _ day: Int) -> Bool {
            (1900...2100).contains(year) && (1...12).contains(month) && (1...31).contains(day)
        }
        return isDay(number / 10_000, number / 100 % 100, number % 100)
            || isDay(number % 10_000, number / 10_000 % 100, number / 1_000_000)
    }
}
