import GRDB

/// A table whose rows are bound into the audit chain, in groups.
///
/// A group is what one transaction writes: a run with its cases, the results of one case, one analysis. The chain holds one hash per group,
/// over every value of every row.
struct BoundTable: Sendable {
    /// Name of the table.
    let name: String
    /// Kind of group that its rows belong to.
    let group: Group
    /// Columns that name the group; the same number in every table of a kind.
    let key: [String]
    /// Order of the rows in a group.
    let order: String

    /// Kinds of groups.
    enum Group: String, CaseIterable {
        case study, `protocol`, model, run, `case`, analysis, end, shard, report, signature
    }

    private static let caseKey = ["run", "case_", "revision"]

    /// Every bound table; inside a group their order is the order of hashing.
    static let all: [BoundTable] = [
        BoundTable(name: "study", group: .study, key: ["oid"], order: "oid"),
        BoundTable(name: "protocol", group: .protocol, key: ["sha256"], order: "sha256"),
        BoundTable(name: "amendment", group: .protocol, key: ["protocol"], order: "position"),
        BoundTable(name: "model", group: .model, key: ["id"], order: "id"),
        BoundTable(name: "run", group: .run, key: ["id"], order: "id"),
        BoundTable(name: "site", group: .run, key: ["run"], order: "code"),
        BoundTable(name: "subject", group: .run, key: ["run"], order: "pseudonym, site"),
        BoundTable(name: "device", group: .run, key: ["run"], order: "id"),
        BoundTable(name: "case_", group: .run, key: ["run"], order: "position, id"),
        BoundTable(name: "case_result", group: .case, key: caseKey, order: "revision"),
        BoundTable(name: "case_file", group: .case, key: caseKey, order: "position"),
        BoundTable(name: "measurement", group: .case, key: caseKey, order: "position"),
        BoundTable(name: "detail", group: .case, key: caseKey, order: "measurement, position"),
        BoundTable(name: "vessel_branch", group: .case, key: caseKey, order: "measurement, position"),
        BoundTable(name: "picture", group: .case, key: caseKey, order: "position"),
        BoundTable(name: "deviation", group: .case, key: caseKey, order: "position"),
        BoundTable(name: "analysis", group: .analysis, key: ["run", "revision"], order: "position"),
        BoundTable(name: "run_end", group: .end, key: ["run", "revision"], order: "revision"),
        BoundTable(name: "shard", group: .shard, key: ["run", "number"], order: "number"),
        BoundTable(name: "report", group: .report, key: ["sha256"], order: "sha256"),
        BoundTable(name: "signature", group: .signature, key: ["report", "position"], order: "position"),
    ]

    /// Name of a group in the chain.
    static func object(_ group: Group, _ key: [DatabaseValue]) -> String {
        group.rawValue + " " + key.map { String(describing: $0.storage.value ?? "") }.joined(separator: " / ")
    }

    /// SHA-256 over every value of every row of a group, in a fixed order.
    static func digest(_ group: Group, key: [DatabaseValue], _ db: Database) throws -> String {
        var hash = RowHash()
        for table in all where table.group == group {
            let condition = table.key.map { "\($0) = ?" }.joined(separator: " AND ")
            let statement = try db.cachedStatement(
                sql: "SELECT * FROM \(table.name) WHERE \(condition) ORDER BY \(table.order)")
            try hash.add(rowsOf: statement, arguments: StatementArguments(key), table: table.name)
        }
        return hash.text
    }

    /// The names of all groups of a kind that have rows, with their keys.
    static func groups(_ group: Group, _ db: Database) throws -> [String: [DatabaseValue]] {
        var found: [String: [DatabaseValue]] = [:]
        for table in all where table.group == group {
            let rows = try Row.fetchCursor(
                db, sql: "SELECT DISTINCT \(table.key.joined(separator: ", ")) FROM \(table.name)")
            while let row = try rows.next() {
                let key = Array(row.databaseValues)
                found[object(group, key)] = key
            }
        }
        return found
    }
}
