/// The version of the suite, as it stands in results, stores and reports.
public enum ToolVersion {
    /// The version, by semantic versioning.
    public static let current = "0.1.0"
}
