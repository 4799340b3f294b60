import Foundation
import GRDB
import Statistics
import Testing

@testable import Study

struct AuditTests {
    /// A store that a writer has left, and its bytes.
    private func sealed(in folder: TestFolder, cases: Int = 3) throws -> (path: String, bytes: [UInt8]) {
        let path = folder.file("s.sqlite")
        try MadeStore.make(path, cases: cases).seal()
        return (path, Array(try Data(contentsOf: URL(fileURLWithPath: path))))
    }

    private func fault(_ path: String) -> String? {
        do throws(StoreError) {
            _ = try AuditVerification.verify(path: path)
            return nil
        } catch { return error.description }
    }

    /// Changes a store as somebody would who has removed the triggers and put them back.
    private func tamper(_ path: String, _ sql: String) throws {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        try queue.write { db in
            let triggers = try Row.fetchAll(db, sql: "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            for trigger in triggers { try db.execute(sql: "DROP TRIGGER \(trigger["name"] as String)") }
            try db.execute(sql: sql)
            for trigger in triggers { try db.execute(sql: trigger["sql"] as String) }
        }
        try queue.close()
        try FileManager.default.removeItem(atPath: path + ".sha256")
    }

    @Test func anUntouchedStoreHolds() throws {
        let folder = try TestFolder()
        let (path, _) = try sealed(in: folder)
        let outcome = try AuditVerification.verify(path: path)
        #expect(outcome.isSealed == true)
        #expect(outcome.count == 8)
        _ = try AuditVerification.verify(path: path, expectedHead: outcome.head)
        #expect { try AuditVerification.verify(path: path, expectedHead: String(repeating: "0", count: 64)) } throws: {
            "\($0)".contains("cut or rewritten")
        }
    }

    @Test func everyValueOfEveryTableIsBound() throws {
        let folder = try TestFolder()
        let (path, bytes) = try sealed(in: folder)
        let seal = try Data(contentsOf: URL(fileURLWithPath: path + ".sha256"))
        let columns = try DatabaseQueue(path: path).read { db in
            try BoundTable.all.map(\.name).flatMap { table in
                try Int.fetchOne(db, sql: "SELECT count(*) FROM \(table)") ?? 0 == 0
                    ? [] : try db.columns(in: table).map { (table, $0.name, $0.type) }
            }
        }
        #expect(columns.count > 100)
        for (table, column, type) in columns {
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            try seal.write(to: URL(fileURLWithPath: path + ".sha256"))
            let value =
                type == "TEXT"
                ? "coalesce(\(column), '') || 'x'" : type == "BLOB" ? "x'00'" : "coalesce(\(column), 0) + 1"
            do {
                try tamper(
                    path, "UPDATE \(table) SET \(column) = \(value) WHERE rowid = (SELECT min(rowid) FROM \(table))")
            } catch { continue }
            #expect(fault(path) != nil, "a change of \(table).\(column) was not found")
        }
    }

    @Test(arguments: [
        ("DELETE FROM measurement WHERE case_ = 'C2' AND position = 0", "was changed"),
        ("DELETE FROM picture WHERE case_ = 'C3'", "was changed"),
        ("INSERT INTO deviation VALUES ('run-1', 'C1', 1, 9, 'minor', 'x', 'y')", "was changed"),
        ("INSERT INTO run_end VALUES ('run-1', 1, 'now', 'complete', 0, 0, 'digest')", "added outside the chain"),
        ("DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)", "added outside the chain"),
        ("DELETE FROM audit WHERE seq = 3", "audit row 3 is missing"),
        ("UPDATE audit SET reason = 'another' WHERE seq = 4", "audit row 4 was changed"),
        ("UPDATE audit SET seq = 20 WHERE seq = 5", "audit row 5 is missing"),
    ])
    func aForgeryIsNamedWithItsRow(_ sql: String, _ words: String) throws {
        let folder = try TestFolder()
        let (path, _) = try sealed(in: folder)
        try tamper(path, sql)
        let message = try #require(fault(path), "not found: \(sql)")
        #expect(message.contains(words), "\(message)")
    }

    @Test func aMissingTriggerIsFound() throws {
        let folder = try TestFolder()
        let (path, _) = try sealed(in: folder)
        try DatabaseQueue(path: path).write { db in try db.execute(sql: "DROP TRIGGER measurement_no_update") }
        #expect(fault(path)?.contains("tables or triggers") == true)
    }

    @Test func everyBitFlipInTheFileIsFound() throws {
        let folder = try TestFolder()
        let (path, bytes) = try sealed(in: folder, cases: 2)
        var random = SplitMix64(seed: 20_261_125)
        for _ in 0..<200 {
            let bit = Int(random.next() % UInt64(bytes.count * 8))
            var changed = bytes
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            try Data(changed).write(to: URL(fileURLWithPath: path))
            #expect(fault(path) != nil, "bit \(bit % 8) of byte \(bit / 8) was flipped and not found")
        }
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        #expect(fault(path) == nil)
    }

    @Test func aFlippedBitOfAStoredValueIsFoundWithoutTheSeal() throws {
        let folder = try TestFolder()
        let (path, bytes) = try sealed(in: folder, cases: 2)
        try FileManager.default.removeItem(atPath: path + ".sha256")
        // The bytes of a picture (0, 1, 2, … 63) and of a text, wherever SQLite put them.
        for needle in [Array((0..<64).map { UInt8($0) }), Array("one day late".utf8)] {
            let start = try #require(bytes.indices.first { bytes[$0...].starts(with: needle) })
            for offset in stride(from: 0, to: needle.count, by: 3) {
                for bit in 0..<8 {
                    var changed = bytes
                    changed[start + offset] ^= 1 << UInt8(bit)
                    try Data(changed).write(to: URL(fileURLWithPath: path))
                    #expect(fault(path) != nil, "byte \(offset), bit \(bit)")
                }
            }
        }
    }
}
