import Cohort

/// A protocol with the bytes that it is locked by.
public struct ProtocolFile: Sendable, Equatable {
    /// The protocol.
    public let plan: StudyProtocol
    /// Exact bytes of the file.
    public let bytes: [UInt8]
    /// SHA-256 of the bytes.
    public let sha256: String

    /// Reads and checks a protocol: schema first, then the rules that a schema cannot say.
    ///
    /// - Parameters:
    ///   - bytes: Bytes of the file.
    ///   - file: Its name, for messages.
    /// - Throws: `ProtocolError.invalid` with every finding.
    public init(parsing bytes: [UInt8], file: String) throws(ProtocolError) {
        let root = try XMLElement.parse(bytes, schema: ProtocolSchema.bytes, file: file)
        var reader = ProtocolReader()
        let plan = reader.studyProtocol(root)
        var findings = reader.findings
        if findings.isEmpty { findings = ProtocolRules(plan: plan, root: root).findings() }
        guard findings.isEmpty else { throw .invalid(file: file, findings.sorted { $0.line < $1.line }) }
        self.plan = plan
        self.bytes = bytes
        sha256 = FileDigest.sha256(bytes)
    }

    /// Refuses a method that this version no longer carries out; what was measured by it stays readable.
    ///
    /// - Throws: `RunError.retiredMethod` with the successor.
    public func requireCurrentMethods() throws(RunError) {
        guard let name = plan.measurement.segmentation, let successor = ProtocolRules.retiredSegmentations[name] else {
            return
        }
        throw .retiredMethod(name: name, successor: successor)
    }

    /// Loads a protocol from a file.
    ///
    /// - Throws: `ProtocolError`.
    public static func load(path: String) throws(ProtocolError) -> ProtocolFile {
        let bytes: [UInt8]
        do throws(CohortError) {
            bytes = try FileBytes.read(path: path, maximumBytes: XMLElement.maximumBytes)
        } catch {
            switch error {
            case .notFound: throw .notFound(path: path)
            case .unreadable(_, let reason), .cannotWrite(_, let reason): throw .unreadable(path: path, reason: reason)
            case .malformed(_, _, _, let reason):
                throw .invalid(
                    file: path,
                    [ProtocolDiagnostic(line: 0, element: nil, message: "\(reason); no XML protocol needs more")])
            }
        }
        return try ProtocolFile(parsing: bytes, file: path)
    }
}
