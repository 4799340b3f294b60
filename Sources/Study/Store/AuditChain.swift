import GRDB

/// The append-only chain of events: each row's hash covers its content and the hash before it.
enum AuditChain {
    /// What the first row follows.
    static let origin = String(repeating: "0", count: 64)

    /// Appends an event.
    static func append(
        _ db: Database, utc: String, user: String, action: String, object: String, before: String = "",
        after: String = "", reason: String
    ) throws {
        let last = try Row.fetchOne(db, sql: "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")
        let sequence: Int64 = (last?["seq"] ?? 0) + 1
        let previous: String = last?["hash"] ?? origin
        let texts = [utc, user, action, object, before, after, reason, previous]
        try db.execute(
            sql: "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            arguments: StatementArguments([sequence.databaseValue] + texts.map(\.databaseValue))
                + [hash(sequence: sequence, texts)])
    }

    /// Binds the rows of a group that were just written.
    static func bind(
        _ db: Database, _ group: BoundTable.Group, key: [any DatabaseValueConvertible], utc: String, user: String,
        reason: String
    ) throws {
        let values = key.map(\.databaseValue)
        try append(
            db, utc: utc, user: user, action: "store", object: BoundTable.object(group, values),
            after: BoundTable.digest(group, key: values, db), reason: reason)
    }

    /// Hash of a row.
    static func hash(sequence: Int64, _ texts: [String]) -> String {
        var encoder = RowEncoder()
        encoder.add("validate/audit/v1")
        encoder.add(sequence.databaseValue)
        for text in texts { encoder.add(text) }
        return SHA256Digest.text(encoder.bytes)
    }

    /// The first thing that is wrong with chain or rows, or nil.
    static func firstFault(_ db: Database) throws -> String? {
        var groups: [String: (kind: BoundTable.Group, key: [DatabaseValue])] = [:]
        for kind in BoundTable.Group.allCases {
            for (object, key) in try BoundTable.groups(kind, db) { groups[object] = (kind, key) }
        }
        var expected: Int64 = 1
        var previous = origin
        let rows = try Row.fetchCursor(db, sql: "SELECT * FROM audit ORDER BY seq")
        while let row = try rows.next() {
            let sequence: Int64 = row["seq"]
            guard sequence == expected else { return "audit row \(expected) is missing; row \(sequence) follows" }
            let texts: [String] = [
                row["utc"], row["user"], row["action"], row["object"], row["before"], row["after"], row["reason"],
                row["previous"],
            ]
            guard texts[7] == previous else { return "audit row \(sequence) does not follow the row before it" }
            guard row["hash"] == hash(sequence: sequence, texts) else {
                return "audit row \(sequence) was changed: its content does not fit its hash"
            }
            if texts[2] == "store" {
                guard let group = groups.removeValue(forKey: texts[3]) else {
                    return "audit row \(sequence): the rows of '\(texts[3])' are gone"
                }
                guard try BoundTable.digest(group.kind, key: group.key, db) == texts[5] else {
                    return "audit row \(sequence): a stored value of '\(texts[3])' was changed"
                }
            }
            expected += 1
            previous = row["hash"]
        }
        if let extra = groups.keys.min() { return "rows of '\(extra)' were added outside the chain" }
        return nil
    }
}
