import Cohort
import GRDB

/// What a check of a store's audit chain found.
public struct AuditVerification: Sendable, Equatable {
    /// Rows of the chain.
    public var count: Int
    /// Hash of the last row.
    public var head: String
    /// Whether a seal was beside the store and fitted; nil: there is none.
    public var isSealed: Bool?

    /// Verifies a store: its seal where there is one, SQLite's own structure, the tables and triggers, every row of the chain, and every value
    /// that the chain binds.
    ///
    /// - Parameters:
    ///   - path: The store.
    ///   - expectedHead: Head of the chain that a report or a site has printed, if it is known: it has to be a row of the chain.
    /// - Throws: `StoreError.broken` naming the first thing that is wrong, or why the store cannot be read.
    public static func verify(path: String, expectedHead: String? = nil) throws(StoreError) -> AuditVerification {
        let store = try Store.openForReading(path: path)
        let isSealed: Bool?
        do throws(CohortError) { isSealed = try StoreSeal.fits(store: path) } catch {
            throw .inputOutput(path: path, reason: error.description)
        }
        let expected = StoreSchema.expectedDefinitions
        guard expected.count == StoreSchema.version else {
            throw .inputOutput(path: path, reason: "SQLite cannot make a table in memory")
        }
        let outcome = try store.read { db in
            if let fault = try fault(db, expected: expected, head: expectedHead) {
                throw StoreError.broken(path: path, finding: fault)
            }
            let last = try Row.fetchOne(db, sql: "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")
            return AuditVerification(
                count: last?["seq"] ?? 0, head: last?["hash"] ?? AuditChain.origin, isSealed: isSealed)
        }
        if isSealed == false {
            throw .broken(
                path: path,
                finding: "no stored value was changed, but the file's bytes are not those that were sealed")
        }
        return outcome
    }

    private static func fault(_ db: Database, expected: [[String]], head: String?) throws -> String? {
        let structure = try String.fetchAll(db, sql: "PRAGMA integrity_check(1)")
        guard structure == ["ok"] else { return "the file is damaged: \(structure.first ?? "no answer")" }
        let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        guard expected.indices.contains(version - 1), try StoreSchema.definitions(db) == expected[version - 1] else {
            return "its tables or triggers are not those that this tool makes"
        }
        if let fault = try AuditChain.firstFault(db) { return fault }
        if let head {
            let known = try Int.fetchOne(db, sql: "SELECT count(*) FROM audit WHERE hash = ?", arguments: [head]) ?? 0
            if known == 0 {
                return "the chain does not hold the head \(SafeText.printable(head)): it was cut or rewritten"
            }
        }
        return nil
    }
}
