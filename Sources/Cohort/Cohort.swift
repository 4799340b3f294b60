/// A folder of cases: `cohort.tsv`, `dataset_description.json` and the files that they name.
public struct Cohort: Sendable, Equatable {
    /// The folder; every path of a case is relative to it.
    public let directory: String
    /// What the cohort is.
    public let description: DatasetDescription
    /// The cases in the order of the manifest.
    public let cases: [CohortCase]
    /// Names of the covariate columns.
    public let covariateColumns: [String]
    /// SHA-256 of the manifest's bytes.
    public let manifestSHA256: String

    /// Name of the manifest in the folder.
    public static let manifestName = "cohort.tsv"
    /// Name of the description in the folder.
    public static let descriptionName = "dataset_description.json"

    /// Loads a cohort from its folder, or from a manifest file (`.tsv`, `.csv`) whose folder may lack a description.
    ///
    /// - Parameters:
    ///   - path: Folder or manifest file.
    ///   - requiringFiles: Whether every listed file has to be there, a regular file and no link.
    /// - Throws: `CohortError`; nothing of a broken cohort is used.
    public static func load(directory path: String, requiringFiles: Bool = true) throws(CohortError) -> Cohort {
        let place = try CohortPlace(path)
        let bytes = try FileBytes.read(path: place.manifest, maximumBytes: DelimitedText.maximumBytes)
        let manifest = try Manifest(parsing: bytes, file: place.manifest)
        let description = try loadDescription(place)
        if requiringFiles {
            for item in manifest.cases {
                for (column, file) in item.files {
                    if let problem = CohortPath.fileProblem(file, in: place.directory) {
                        throw .malformed(
                            file: place.manifest, line: item.line, column: column.rawValue, reason: problem)
                    }
                }
            }
        }
        return Cohort(
            directory: place.directory, description: description, cases: manifest.cases,
            covariateColumns: manifest.covariateColumns, manifestSHA256: FileDigest.sha256(bytes))
    }

    private static func loadDescription(_ place: CohortPlace) throws(CohortError) -> DatasetDescription {
        let file = place.directory + "/" + descriptionName
        do throws(CohortError) {
            return try DatasetDescription(
                parsing: FileBytes.read(path: file, maximumBytes: DatasetDescription.maximumBytes), file: file)
        } catch CohortError.notFound where !place.isFolder {
            return DatasetDescription(name: "cohort without description")
        }
    }

    /// The path of a file of the cohort.
    public func path(_ relative: String) -> String { directory + "/" + relative }

    /// The case with an identifier.
    public func caseNamed(_ id: String) -> CohortCase? { cases.first { $0.id == id } }

    /// Site codes, sorted.
    public var sites: [String] { Set(cases.map(\.site)).sorted() }

    /// The cohort with some of its cases only.
    public func selecting(_ isIncluded: (CohortCase) -> Bool) -> Cohort {
        Cohort(
            directory: directory, description: description, cases: cases.filter(isIncluded),
            covariateColumns: covariateColumns, manifestSHA256: manifestSHA256)
    }

    /// SHA-256 of every file of a case, by column, in the order of the columns.
    ///
    /// - Throws: `CohortError` for a file that cannot be read.
    public func digests(of item: CohortCase) throws(CohortError) -> [(column: ManifestColumn, sha256: String)] {
        var digests: [(column: ManifestColumn, sha256: String)] = []
        for (column, file) in item.files {
            digests.append((column, try FileDigest.sha256(path: path(file))))
        }
        return digests
    }
}
