public import ArgumentParser
import Cohort
import Foundation
import Imaging
public import Study

/// `validate site`: results of a site leave it signed and without identities; a coordinator joins them.
struct SiteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "site",
        abstract: "Signed, de-identified result bundles of the sites.",
        discussion: """
            Each site makes a key and gives its public half to the coordinator. The coordinator lists the keys it trusts \
            in a list that its root key signs. Sites export bundles; the coordinator verifies and merges them.

            Examples:
              validate site keygen --holder site-a --output site-a.key
              validate site trust --root-key root.key --member site-a.key.pub --expires 2027-12-31 --output trust.json
              validate site export --store study.sqlite --key site-a.key --output site-a.vbundle
              validate site merge --store pooled.sqlite --trust trust.json --root root.key.pub site-*.vbundle
            """,
        subcommands: [
            SiteKeygenCommand.self, SiteTrustCommand.self, SiteExportCommand.self, SiteVerifyCommand.self,
            SiteMergeCommand.self,
        ])
}

/// Which keys a command trusts.
struct TrustOptions: ParsableArguments {
    @Option(name: .long, help: "The coordinator's trust list.")
    var trust: String

    @Option(name: .long, help: "Public key of the coordinator's root, as 'site keygen --role root' wrote it.")
    var root: String

    /// The list, verified.
    ///
    /// - Parameter lastVersion: Highest version used before.
    func list(lastVersion: Int, utc: String) throws -> TrustList {
        let key = try PublicKeyFile.read(path: root)
        guard key.role == .root else {
            throw BundleError(.keyRole, file: PublicKeyFile.name(root), "a trust list is signed by a root key")
        }
        return try TrustList(
            bytes: FileBytes.read(path: trust, maximumBytes: 4 << 20), root: key.publicKey, lastVersion: lastVersion,
            today: String(utc.prefix(10)))
    }
}

/// `validate site keygen`: a new key pair.
struct SiteKeygenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keygen",
        abstract: "Make an Ed25519 key pair.",
        discussion: """
            The private key (with the secret of the site's pseudonyms) stays where it is made and may be read by its \
            owner only. The public half, beside it with '.pub', goes to the coordinator.

            Example:
              validate site keygen --holder site-a --output site-a.key
            """)

    @Option(name: .long, help: "Site code as in the protocol, or the name of a role.")
    var holder: String

    @Option(name: .long, help: "What it may sign: site (results), root (trust lists), reviewer, release.")
    var role: KeyRole = .site

    @Option(name: .long, help: "File of the private key; never written over.")
    var output: String

    @OptionGroup var options: OutputOptions

    func run() async throws {
        guard !holder.isEmpty, holder.utf8.count <= 100, SafeText.printable(holder) == holder else {
            throw CommandFailure(.usage, "--holder has to be 1 to 100 printable characters")
        }
        let key = SiteKey(holder: holder, role: role)
        do { try key.write(to: output) } catch let error as BundleError {
            throw CommandFailure(.cannotCreate, "\(error)")
        }
        try AtomicFile.write(PublicKeyFile(of: key).bytes, to: output + ".pub")
        try Terminal.result(
            options.json
                ? JSON.object([
                    ("schema", .string("validate.key/1")), ("holder", .string(holder)),
                    ("role", .string(role.rawValue)),
                    ("key", .string(key.identifier)),
                ]).text
                : "key \(key.identifier) of \(holder) (\(role.rawValue)); public half: \(SafeText.printable(output)).pub"
        )
    }
}

/// `validate site trust`: the list of keys that the coordinator trusts.
struct SiteTrustCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trust",
        abstract: "Sign the list of keys that may sign results.",
        discussion: """
            Every list has a higher version than the one before and an end; whoever used a newer list refuses an older one.

            Examples:
              validate site trust --root-key root.key --member a.key.pub --member b.key.pub --expires 2027-12-31 \
            --output trust.json
              validate site trust --root-key root.key --previous trust.json --revoke 1f2e3d4c --expires 2027-12-31 \
            --output trust.json
            """)

    @Option(name: .long, help: "Private root key.")
    var rootKey: String

    @Option(name: .long, help: "Public key to add (repeatable).")
    var member: [String] = []

    @Option(name: .long, help: "Name of a key that counts no more from today on (repeatable).")
    var revoke: [String] = []

    @Option(name: .long, help: "List to go on from; its version is raised by one.")
    var previous: String?

    @Option(name: .long, help: "Last day on which the list and the keys that are added may be used, YYYY-MM-DD.")
    var expires: String

    @Option(name: .long, help: "Where to write the list.")
    var output: String

    mutating func validate() throws {
        guard Self.isDay(expires) else { throw ValidationError("--expires has to be a day, YYYY-MM-DD") }
    }

    private static func isDay(_ text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].count == 4, parts[1].count == 2, parts[2].count == 2,
            parts.allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) } }), let month = Int(parts[1]),
            let day = Int(parts[2])
        else { return false }
        return (1...12).contains(month) && (1...31).contains(day)
    }

    func run() async throws {
        let root = try SiteKey(readingFrom: rootKey)
        let today = String(UTCTime.now().prefix(10))
        var list = TrustList(version: 0, expires: expires, entries: [])
        if let previous {
            list = try TrustList(
                bytes: FileBytes.read(path: previous, maximumBytes: 4 << 20), root: root.publicKey, lastVersion: 0,
                today: "0000-00-00")
        }
        list.version += 1
        list.expires = expires
        for path in member {
            let key = try PublicKeyFile.read(path: path)
            let entry = TrustList.Entry(
                holder: key.holder, role: key.role, publicKey: key.publicKey, notBefore: today, notAfter: expires)
            guard !list.entries.contains(where: { $0.identifier == entry.identifier }) else {
                throw CommandFailure(.usage, "key \(entry.identifier) is on the list already")
            }
            list.entries.append(entry)
        }
        for identifier in revoke {
            guard let index = list.entries.firstIndex(where: { $0.identifier == identifier }) else {
                throw CommandFailure(.usage, "no key \(SafeText.printable(identifier)) is on the list")
            }
            list.entries[index].revokedOn = today
        }
        list.entries.sort { ($0.holder, $0.identifier) < ($1.holder, $1.identifier) }
        try AtomicFile.write(list.signed(by: root), to: output)
        try Terminal.result("trust list version \(list.version): \(list.entries.count) keys, until \(list.expires)")
    }
}

/// `validate site export`: the results of a site as a bundle.
struct SiteExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write the results of the key's site as a signed bundle.",
        discussion: """
            Only listed fields leave: pseudonyms, covariates of the protocol, outcomes, measurements. No image, path, \
            name, message, date of birth or device serial.

            Example:
              validate site export --store study.sqlite --key site-a.key --output site-a.vbundle
            """)

    @Option(name: .long, help: "Store of the site.")
    var store: String

    @Option(name: .long, help: "Run to export, or the beginning of its identifier (default: the latest).")
    var run: String?

    @Option(name: .long, help: "Private key of the site.")
    var key: String

    @Option(name: .long, help: "Where to write the bundle.")
    var output: String

    @OptionGroup var options: OutputOptions

    func run() async throws {
        try RunArgument.check(run, option: "--run", otherwise: "the latest")
        let signer = try SiteKey(readingFrom: key)
        let opened = try Store.openForWriting(path: store, run: "site export")
        let identifier = try opened.run(matching: run).id
        let name = UUID().uuidString.lowercased().replacing("-", with: "")
        let (bytes, manifest) = try opened.exportBundle(
            ofRun: identifier, key: signer, identifier: name, utc: UTCTime.now())
        try opened.seal()
        try AtomicFile.write(bytes, to: output)
        try Terminal.result(options.json ? BundlePage.json(manifest).text : BundlePage.line(manifest))
    }
}

/// `validate site verify`: checks bundles without taking them in.
struct SiteVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Verify the signature and every byte of bundles.",
        discussion: """
            Example:
              validate site verify --trust trust.json --root root.key.pub site-*.vbundle
            """)

    @OptionGroup var trust: TrustOptions

    @Argument(help: "Bundles.")
    var bundles: [String]

    @OptionGroup var options: OutputOptions

    func run() async throws {
        let utc = UTCTime.now()
        let list = try trust.list(lastVersion: 0, utc: utc)
        var manifests: [SiteBundle.Manifest] = []
        for path in bundles {
            let bytes = try FileBytes.read(path: path, maximumBytes: SiteBundle.maximumBytes)
            manifests.append(
                try SiteBundle(
                    verifying: bytes, file: PublicKeyFile.name(path), trust: list, today: String(utc.prefix(10))
                ).manifest)
        }
        let documents = JSON.object([
            ("schema", .string("validate.bundles/1")), ("bundles", .array(manifests.map(BundlePage.json))),
        ])
        try Terminal.result(
            options.json ? documents.text : manifests.map { "verified: " + BundlePage.line($0) }.joined(separator: "\n")
        )
    }
}

/// `validate site merge`: joins the bundles of the sites.
struct SiteMergeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Verify bundles and join them in the coordinator's store, all of them or none.",
        discussion: """
            Refuses unknown keys, changed bytes, another protocol or model, subjects of two sites, and bundles that were \
            replaced by newer ones. The order in which sites send theirs does not matter. Exit code 0: every criterion \
            passed; 1: not; 3: cases failed or are missing; 77: a bundle was refused.

            Example:
              validate site merge --store pooled.sqlite --trust trust.json --root root.key.pub site-*.vbundle
            """)

    @Option(name: .long, help: "Store of the coordinator; made if it does not exist.")
    var store: String

    @OptionGroup var trust: TrustOptions

    @Argument(help: "Bundles.")
    var bundles: [String]

    @OptionGroup var options: OutputOptions

    func run() async throws {
        let utc = UTCTime.now()
        let list = try trust.list(lastVersion: Store.lastTrustVersion(path: store), utc: utc)
        let files = try bundles.map { path in
            (
                file: PublicKeyFile.name(path),
                bytes: try FileBytes.read(path: path, maximumBytes: SiteBundle.maximumBytes)
            )
        }
        let outcome = try StudyMerge(bundles: files, trust: list, utc: utc).merge(into: store)
        let page = SiteMergePage(outcome: outcome)
        try Terminal.result(options.json ? page.json.text : page.text)
        guard outcome.exitCode == 0 else { throw ExitCode(outcome.exitCode) }
    }
}

/// A bundle in one line and as a document.
enum BundlePage {
    static func line(_ manifest: SiteBundle.Manifest) -> String {
        "bundle \(manifest.sequence) of site \(SafeText.printable(manifest.site)), \(manifest.caseCount) of "
            + "\(manifest.plannedCount) cases, model \(SafeText.printable(manifest.modelName)) "
            + "\(SafeText.printable(manifest.modelVersion)), protocol \(manifest.protocolSHA256.prefix(12))"
    }

    static func json(_ manifest: SiteBundle.Manifest) -> JSON {
        .object([
            ("bundle", .string(manifest.identifier)), ("site", .string(manifest.site)),
            ("study", .string(manifest.study)), ("sequence", .integer(manifest.sequence)),
            ("previous_sha256", .optional(manifest.previousSHA256)), ("created", .string(manifest.created)),
            ("protocol_sha256", .string(manifest.protocolSHA256)), ("model", .string(manifest.modelName)),
            ("model_version", .string(manifest.modelVersion)), ("weights_sha256", .string(manifest.weightsSHA256)),
            ("cases", .integer(manifest.caseCount)), ("planned", .integer(manifest.plannedCount)),
        ])
    }
}

/// The outcome of a merge for machines and for people.
struct SiteMergePage {
    let outcome: StudyMerge.Outcome

    /// The document `validate.site-merge/1`.
    var json: JSON {
        .object([
            ("schema", .string("validate.site-merge/1")), ("run", .string(outcome.pooledRunID)),
            ("status", .string(outcome.status.rawValue)), ("verdict", .string(outcome.verdict.rawValue)),
            ("results_digest", .string(outcome.resultsDigest)), ("sites", .array(outcome.sites.map(JSON.string))),
            ("added", .array(outcome.added.map(JSON.string))), ("known", .array(outcome.known.map(JSON.string))),
            ("findings", .array(outcome.findings.map(JSON.string))),
            ("exit_code", .integer(Int(outcome.exitCode))),
        ])
    }

    /// What was taken in, remarks, verdict.
    var text: String {
        var lines = outcome.findings.map { "note: " + SafeText.printable($0) }
        lines.append(
            "\(outcome.added.count) bundles taken in, \(outcome.known.count) known; sites: "
                + outcome.sites.map(SafeText.printable).joined(separator: ", "))
        lines.append("pooled run \(outcome.pooledRunID): \(outcome.status.rawValue)")
        lines.append("verdict: \(outcome.verdict.words); results digest \(outcome.resultsDigest)")
        return lines.joined(separator: "\n")
    }
}

extension KeyRole: ExpressibleByArgument {}
