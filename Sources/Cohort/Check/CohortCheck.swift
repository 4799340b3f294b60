/// Reads a whole cohort and reports what a person should know before a study begins.
///
/// Patient data that are found in headers are never part of a finding.
public enum CohortCheck {
    /// Checks a cohort.
    ///
    /// - Parameters:
    ///   - cohort: Loaded without requiring its files, so that all that are missing are found, not only the first.
    ///   - manifestOnly: Whether to look at the manifest alone.
    ///   - trainingSubjects: Pseudonyms of the subjects that a model was trained on; nil: not known.
    ///   - progress: Called after each case.
    /// - Returns: All findings, by case in the order of the manifest, and then those about several cases.
    public static func check(
        _ cohort: Cohort, manifestOnly: Bool = false, trainingSubjects: Set<String>? = nil,
        progress: (CohortCase, [CohortFinding]) -> Void = { _, _ in }
    ) -> CohortCheckReport {
        var report = CohortCheckReport(findings: [], facts: [], isManifestOnly: manifestOnly)
        var images: [String: [(item: CohortCase, column: ManifestColumn)]] = [:]
        var order: [String] = []
        let leaked = trainingSubjects.map { Set($0.map(SafeText.folded)) }
        for item in cohort.cases {
            var check = CaseCheck(item, in: cohort)
            check.checkManifest()
            if leaked?.contains(SafeText.folded(item.subject)) == true {
                check.add(.error, .trainingLeak, .subject, "the subject is on the list of the training data")
            }
            if !manifestOnly {
                check.checkFiles()
                report.facts.append((item.id, check.facts))
            }
            for (column, digest) in check.digests.sorted(by: { $0.key.rawValue < $1.key.rawValue })
            where column != .generated {
                if images[digest] == nil { order.append(digest) }
                images[digest, default: []].append((item, column))
            }
            report.findings += check.findings
            progress(item, check.findings)
        }
        for digest in order { report.findings += duplicates(images[digest] ?? []) }
        report.findings += repeatedPaths(cohort, known: report.findings)
        if cohort.cases.isEmpty {
            report.findings.append(
                CohortFinding(.error, .fileMissing, caseID: nil, "the manifest lists no case: it has no row"))
        }
        return report
    }

    private static func duplicates(_ uses: [(item: CohortCase, column: ManifestColumn)]) -> [CohortFinding] {
        guard let first = uses.first else { return [] }
        return uses.dropFirst().compactMap { use in
            guard use.item.id != first.item.id else { return nil }
            let isOther = use.item.subject != first.item.subject
            return CohortFinding(
                isOther ? .error : .warning, .duplicateImage, caseID: use.item.id, column: use.column,
                "the image is identical to the \(first.column.rawValue) of case \(first.item.id)"
                    + (isOther ? ", another subject" : ""))
        }
    }

    /// Files that the rows of two subjects share, for a check that does not read them.
    private static func repeatedPaths(_ cohort: Cohort, known: [CohortFinding]) -> [CohortFinding] {
        var first: [String: CohortCase] = [:]
        var findings: [CohortFinding] = []
        for item in cohort.cases {
            for (column, path) in item.files where column == .source || column == .truth {
                guard let other = first[path] else {
                    first[path] = item
                    continue
                }
                let isKnown = known.contains {
                    $0.code == .duplicateImage && $0.caseID == item.id && $0.column == column
                }
                if other.subject != item.subject, !isKnown {
                    findings.append(
                        CohortFinding(
                            .error, .duplicateImage, caseID: item.id, column: column,
                            "the same file belongs to case \(other.id), another subject"))
                }
            }
        }
        return findings
    }
}
