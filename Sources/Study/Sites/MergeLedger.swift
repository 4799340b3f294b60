import Cohort

/// Which bundles a coordinator has taken in, and what further ones may follow.
///
/// A set of bundles, one per site: the order in which sites send theirs leaves no trace.
public struct MergeLedger: Sendable, Equatable {
    /// The last bundle of a site.
    public struct Entry: Sendable, Equatable {
        /// Site.
        public var site: String
        /// Random name of the bundle.
        public var identifier: String
        /// SHA-256 of its bytes.
        public var sha256: String
        /// Number of the bundle at the site.
        public var sequence: Int
        /// Rows of the site's audit chain.
        public var auditCount: Int
        /// Study, protocol and model, in one text that has to be the same for all sites.
        public var comparison: String
        /// Pseudonyms of its subjects and salted digests of its truths.
        public var subjects: Set<String>

        /// Makes an entry.
        public init(
            site: String, identifier: String, sha256: String, sequence: Int, auditCount: Int, comparison: String,
            subjects: Set<String>
        ) {
            self.site = site
            self.identifier = identifier
            self.sha256 = sha256
            self.sequence = sequence
            self.auditCount = auditCount
            self.comparison = comparison
            self.subjects = subjects
        }
    }

    /// What became of a bundle.
    public enum Outcome: Sendable, Equatable {
        /// Taken in; with a remark when numbers of the site's bundles are missing in between.
        case added(gap: String?)
        /// Known already, bit for bit.
        case known
    }

    /// The last bundle of each site.
    public private(set) var latest: [String: Entry] = [:]
    /// Names of all bundles ever taken in, with their SHA-256.
    public private(set) var seen: [String: String] = [:]

    /// Starts with nothing.
    public init() {}

    /// Takes in a verified bundle, or refuses it.
    ///
    /// - Parameters:
    ///   - entry: The bundle.
    ///   - previousSHA256: Bundle of the site that it says it follows.
    ///   - file: Name for messages.
    /// - Throws: `BundleError`: `.conflict`, `.replay`, `.chain`, `.incomparable`, `.duplicateSubject`.
    @discardableResult
    public mutating func add(
        _ entry: Entry, previousSHA256: String?, file: String
    ) throws(BundleError) -> Outcome {
        if let known = seen[entry.identifier] {
            guard known == entry.sha256 else {
                throw BundleError(.conflict, file: file, "bundle \(entry.identifier) is known with other content")
            }
            return .known
        }
        if let other = latest.values.first(where: { $0.comparison != entry.comparison }) {
            throw BundleError(
                .incomparable, file: file,
                "site \(entry.site) used \(entry.comparison), site \(other.site) used \(other.comparison)")
        }
        var gap: String?
        if let last = latest[entry.site] {
            guard entry.sequence > last.sequence else {
                throw BundleError(
                    .replay, file: file,
                    "number \(entry.sequence) of site \(entry.site), the last one taken in is \(last.sequence)")
            }
            guard entry.auditCount >= last.auditCount else {
                throw BundleError(
                    .chain, file: file,
                    "the site's audit chain has \(entry.auditCount) rows, it had \(last.auditCount) before")
            }
            if entry.sequence == last.sequence + 1 {
                guard previousSHA256 == last.sha256 else {
                    throw BundleError(
                        .chain, file: file, "it does not follow the bundle number \(last.sequence) of its site")
                }
            } else {
                gap = "numbers \(last.sequence + 1) to \(entry.sequence - 1) of site \(entry.site) never arrived"
            }
        } else if entry.sequence > 1 {
            gap = "earlier bundles of site \(entry.site) never arrived"
        }
        for other in latest.values.sorted(by: { $0.site < $1.site }) where other.site != entry.site {
            if let shared = entry.subjects.intersection(other.subjects).min() {
                throw BundleError(
                    .duplicateSubject, file: file,
                    "a subject or an image of site \(entry.site) is at site \(other.site) too (\(shared))")
            }
        }
        latest[entry.site] = entry
        seen[entry.identifier] = entry.sha256
        return .added(gap: gap)
    }

    /// Name of the pooled run: the same for the same set of bundles, in the form of a UUID.
    public var pooledRunID: String {
        let text = latest.values.map(\.sha256).sorted().joined(separator: "\n")
        return MergeLedger.uuid(SHA256Digest.text(Array(("pooled\n" + text).utf8)))
    }

    /// 32 hexadecimal digits in the groups of a UUID.
    static func uuid(_ digits: String) -> String {
        let text = Array(digits.prefix(32))
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(text[$0]) }.joined(separator: "-")
    }

    /// Restores what was taken in before, without checks.
    mutating func restore(_ entry: Entry) {
        seen[entry.identifier] = entry.sha256
        if entry.sequence > latest[entry.site]?.sequence ?? 0 { latest[entry.site] = entry }
    }
}
