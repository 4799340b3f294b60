import Foundation
import GRDB
import Metrics
import Testing

@testable import Study

/// Stores that an older version of the tool has written.
struct StoreMigrationTests {
    private static let branches = [
        VesselBranchRow(
            side: .reference, index: 0, lengthMM: 41.25, meanRadiusMM: 2.5, coveredShare: 0.1, isDetected: false,
            isUnbroken: false, middleMM: SIMD3(-30, 12.5, 90)),
        VesselBranchRow(
            side: .generated, index: 0, lengthMM: 8, meanRadiusMM: 1, coveredShare: 1, isDetected: true,
            isUnbroken: true,
            middleMM: SIMD3(1, 2, 3)),
    ]

    private static func result(_ id: String) -> CaseResult {
        var result = MadeStore.result(id, mae: 1)
        result.record.measurements.append(
            MeasurementRecord(
                measurement: Measurement(
                    metric: "branch_accuracy", structure: "vessels", value: .value(0.5), unit: "1",
                    details: [VesselBranchRow.table(branches)]), implementationVersion: 1))
        return result
    }

    /// A store of version 1, as its own writer left it: branches as JSON behind the measurement, no table of their own.
    private func older(_ path: String) throws {
        try MadeStore.make(path, cases: 2).close()
        let queue = try DatabaseQueue(path: path)
        try queue.write { db in
            try db.execute(
                sql:
                    "DROP TRIGGER vessel_branch_no_update; DROP TRIGGER vessel_branch_no_delete; DROP TABLE vessel_branch"
            )
            try db.execute(sql: "PRAGMA user_version = 1")
            let key: [any DatabaseValueConvertible] = ["run-1", "C1", 2]
            try db.execute(
                sql: """
                    INSERT INTO case_result SELECT run, case_, 2, status, stage, reason_code, message, geometry, input_sha256,
                        output_sha256, seconds, stage_seconds, peak_memory_mib, finished_utc
                    FROM case_result WHERE case_ = 'C1'
                    """)
            try db.execute(
                sql: """
                    INSERT INTO measurement VALUES ('run-1', 'C1', 2, 0, 'branch_accuracy', 'vessels', 0.5, 'ok', NULL, NULL,
                        '1', 1, '{}')
                    """)
            let table = VesselBranchRow.table(StoreMigrationTests.branches)
            try db.execute(
                sql: "INSERT INTO detail VALUES ('run-1', 'C1', 2, 0, 0, 'branches', ?)",
                arguments: [CellText.encode(columns: table.columns, rows: table.rows)])
            try db.execute(sql: "CREATE TEMP TABLE vessel_branch (run, case_, revision, measurement, position)")
            try AuditChain.bind(
                db, .case, key: key, utc: "2026-01-02T00:00:00Z", user: "operator", reason: "older tool")
        }
        try queue.close()
    }

    @Test func theSchemaOfVersionOneStaysAsItWasReleased() throws {
        let folder = try TestFolder()
        try older(folder.file("s.sqlite"))
        let found = try DatabaseQueue(path: folder.file("s.sqlite")).read { db in try StoreSchema.definitions(db) }
        #expect(found == StoreSchema.expectedDefinitions[0])
        #expect(StoreSchema.expectedDefinitions.count == StoreSchema.version)
    }

    @Test func anOlderStoreIsReadVerifiedAndExportedWithoutAChange() throws {
        let folder = try TestFolder()
        let path = folder.file("s.sqlite")
        try older(path)
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        _ = try AuditVerification.verify(path: path)
        let store = try Store.openForReading(path: path)
        let measured = try store.record(ofRun: "run-1").caseNamed("C1")?.measurement("branch_accuracy", "vessels")
        #expect(measured?.measurement.details.first.flatMap(VesselBranchRow.rows) == StoreMigrationTests.branches)
        let text = String(
            decoding: try #require(try ResultsExport(store: store).csv(table: "vessel_branches")), as: UTF8.self)
        #expect(text.contains("reference,0,41.25,2.5,0.10000000000000001,0,0,-30,12.5,90"))
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    }

    @Test func aWriterBringsItToTheNewestVersionAndTheChainSaysSo() throws {
        let folder = try TestFolder()
        let path = folder.file("s.sqlite")
        try older(path)
        let digest = try Store.openForReading(path: path).resultsDigest(of: "run-1")
        let store = try Store.openForWriting(path: path, utc: "2026-01-03T00:00:00Z")
        #expect(try store.resultsDigest(of: "run-1") == digest)
        try store.append(StoreMigrationTests.result("C2"), to: "run-1")
        let record = try store.record(ofRun: "run-1")
        #expect(record.audit.events.contains { $0.action == "migrate" })
        for id in ["C1", "C2"] {
            let measured = record.caseNamed(id)?.measurement("branch_accuracy", "vessels")?.measurement
            #expect(measured?.details.first.flatMap(VesselBranchRow.rows) == StoreMigrationTests.branches)
        }
        let text = String(
            decoding: try #require(try ResultsExport(store: store).csv(table: "vessel_branches")), as: UTF8.self)
        #expect(text.split(separator: "\r\n").count == 1 + 4)
        try store.seal()
        #expect(try AuditVerification.verify(path: path).isSealed == true)
        #expect(try DatabaseQueue(path: path).read { db in try Int.fetchOne(db, sql: "PRAGMA user_version") } == 2)
    }

    @Test func branchesAddedToACaseOfAnOlderVersionAreFound() throws {
        let folder = try TestFolder()
        let path = folder.file("s.sqlite")
        try older(path)
        try Store.openForWriting(path: path).close()
        try DatabaseQueue(path: path).write { db in
            try db.execute(
                sql: """
                    INSERT INTO vessel_branch VALUES ('run-1', 'C1', 2, 0, 0, 'reference', 0, 1, 1, 1, 1, 1, 0, 0, 0)
                    """)
        }
        #expect { try AuditVerification.verify(path: path) } throws: { "\($0)".contains("was changed") }
    }
}
