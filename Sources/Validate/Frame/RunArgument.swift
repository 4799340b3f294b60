/// An option that names a run: its identifier, or the beginning of it.
enum RunArgument {
    /// Refuses an empty name, as an unset variable of a script gives it, before any store is opened.
    ///
    /// - Parameters:
    ///   - text: What was given; nil where the option was left out.
    ///   - option: The option, such as `--baseline`.
    ///   - otherwise: What leaving it out means; nil where it is required.
    static func check(_ text: String?, option: String, otherwise: String? = nil) throws(CommandFailure) {
        guard let text, text.allSatisfy(\.isWhitespace) else { return }
        throw CommandFailure(
            .usage,
            "\(option) is empty: it takes the identifier of a run, or its beginning, such as 3f2a"
                + (otherwise.map { "; leave it out for \($0)" } ?? ""))
    }
}
