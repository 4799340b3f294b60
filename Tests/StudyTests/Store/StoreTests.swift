import Foundation
import GRDB
import Imaging
import Metrics
import Testing

@testable import Study

/// Stores with made-up results, for tests that need no images.
enum MadeStore {
    static func opening(_ id: String, cases: Int, file: ProtocolFile? = nil) throws -> RunOpening {
        RunOpening(
            id: id, protocolFile: try file ?? SmallCohort.protocolFile(),
            model: ModelIdentityMaker.make("model"),
            cohort: CohortFacts(
                name: "made", manifestSHA256: String(repeating: "a", count: 64), seedNamespace: nil, notes: [:]),
            cases: (0..<cases).map { empty("C\($0 + 1)", site: "site\($0 % 2 + 1)") }, arguments: ["--seed 1"],
            hostClass: "Linux", processor: "cpu", jobs: 1, seed: 1, toolVersion: "0", libraries: ["SQLite": "3"],
            startedUTC: "2026-01-01T00:00:00Z")
    }

    static func empty(_ id: String, site: String) -> CaseRecord {
        CaseRecord(
            id: id, subject: "S" + id, site: site, sex: "F", ageBand: nil, covariates: ["sex": "F", "vendor": "V"],
            files: [],
            geometry: nil, sourcePhase: 0.25, truthPhase: nil, registrationMethod: "rigid", registrationErrorMM: 0.5,
            outcome: CaseOutcome(status: .missing), measurements: [], pictures: [])
    }

    static func result(_ id: String, mae: Double) -> CaseResult {
        var record = empty(id, site: "site1")
        record.outcome = CaseOutcome(
            status: .ok, seconds: 1.5, stageSeconds: [CaseOutcome.StageSeconds(name: "input", seconds: 0.25)],
            peakMemoryMiB: 12, outputSHA256: String(repeating: "b", count: 64))
        record.files = [CaseRecord.FileRecord(column: "truth", sha256: String(repeating: "c", count: 64))]
        record.geometry = "truth: small"
        record.measurements = [
            MeasurementRecord(
                measurement: Measurement(
                    metric: "mae", structure: "body", value: .value(mae), unit: "HU",
                    parameters: [
                        MetricParameter("window", .text("a \"quoted\" text\u{2028}")),
                        MetricParameter("n", .integer(-3)),
                        MetricParameter("x", .number(1e-300)), MetricParameter("flag", .flag(true)),
                        MetricParameter("nothing", .none),
                    ],
                    details: [
                        DetailTable(
                            name: "per_slice", columns: ["slice", "position_mm"],
                            rows: [[.integer(0), .number(0.1)], [.integer(1), .number(2)]])
                    ]), implementationVersion: 2),
            MeasurementRecord(
                measurement: Measurement(
                    metric: "hausdorff_95", structure: "lesions", value: .notComputed(.generatedEmpty), unit: "mm",
                    imputedWorst: 123.456), implementationVersion: 1),
        ]
        let picture = CasePicture(
            content: .truth, plane: .axial, detail: "slice 3", scaleLower: -160, scaleUpper: 240, unit: "HU", width: 2,
            height: 2, pixelMM: 1, png: Array((0..<64).map { UInt8($0) }))
        record.pictures = [PictureRecord(picture: picture, sha256: "d")]
        return CaseResult(
            record: record, inputSHA256: "e",
            deviations: [DeviationRecord(caseID: id, grade: .minor, code: "late", message: "one day late")],
            finishedUTC: "2026-01-01T00:00:01Z")
    }

    @discardableResult
    static func make(_ path: String, cases: Int = 3, run: String = "run-1") throws -> Store {
        let store = try Store.openForWriting(path: path, utc: "2026-01-01T00:00:00Z")
        try store.begin(opening(run, cases: cases))
        for index in 0..<cases { try store.append(result("C\(index + 1)", mae: Double(index) + 0.5), to: run) }
        return store
    }
}

struct StoreTests {
    @Test func whatIsStoredComesBackUnchanged() throws {
        let folder = try TestFolder()
        let store = try MadeStore.make(folder.file("s.sqlite"))
        let record = try store.record(ofRun: "run-1")
        let expected = MadeStore.result("C2", mae: 1.5)
        let read = try #require(record.caseNamed("C2"))
        #expect(read.outcome == expected.record.outcome)
        #expect(read.measurements == expected.record.measurements)
        #expect(read.pictures == expected.record.pictures)
        #expect(read.files == expected.record.files)
        #expect(read.covariates == expected.record.covariates)
        #expect(read.sourcePhase == 0.25 && read.registrationErrorMM == 0.5)
        #expect(record.deviations.map(\.caseID) == ["C1", "C2", "C3"])
        #expect(record.run.status == .running)
        #expect(record.run.arguments == ["--seed 1"])
        #expect(record.protocolFile.schemaSHA256 == ProtocolSchema.sha256)
        #expect(record.plan == (try SmallCohort.protocolFile()).plan)
    }

    @Test func resultsAndAuditCannotBeUpdatedOrDeleted() throws {
        let folder = try TestFolder()
        let store = try MadeStore.make(folder.file("s.sqlite"))
        for table in BoundTable.all.map(\.name) + ["audit"] {
            let count = try store.read { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM \(table)") ?? 0 }
            guard count > 0 else { continue }
            let column = try store.read { db in try db.columns(in: table)[0].name }
            for sql in ["DELETE FROM \(table)", "UPDATE \(table) SET \(column) = \(column)"] {
                #expect {
                    try store.write { db in try db.execute(sql: sql) }
                } throws: { "\($0)".contains("append-only") }
            }
        }
    }

    @Test func aCorrectionIsANewRowThatSupersedes() throws {
        let folder = try TestFolder()
        let store = try MadeStore.make(folder.file("s.sqlite"))
        let before = try store.resultsDigest(of: "run-1")
        try store.append(MadeStore.result("C2", mae: 99), to: "run-1")
        let record = try store.record(ofRun: "run-1")
        #expect(record.caseNamed("C2")?.measurement("mae", "body")?.measurement.value == .value(99))
        #expect(record.cases.count == 3)
        #expect(try store.resultsDigest(of: "run-1") != before)
        let rows = try store.read { db in
            try Int.fetchOne(db, sql: "SELECT count(*) FROM case_result WHERE case_ = 'C2'")
        }
        #expect(rows == 2)
        #expect(record.audit.events.last?.reason.contains("supersede revision 1") == true)
    }

    @Test func aTransactionThatFailsLeavesNothing() throws {
        let folder = try TestFolder()
        let store = try MadeStore.make(folder.file("s.sqlite"), cases: 2)
        var bad = MadeStore.result("C1", mae: 7)
        bad.record.measurements.append(bad.record.measurements[0])
        #expect(throws: StoreError.self) { try store.append(bad, to: "run-1") }
        let unknown = MadeStore.result("C9", mae: 7)
        #expect(throws: StoreError.self) { try store.append(unknown, to: "run-1") }
        let rows = try store.read { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM case_result") }
        #expect(rows == 2)
        store.close()
        _ = try AuditVerification.verify(path: folder.file("s.sqlite"))
    }

    @Test func oneWriterAtATimeAndTheHolderIsNamed() throws {
        let folder = try TestFolder()
        let path = folder.file("s.sqlite")
        let store = try Store.openForWriting(path: path, run: "run-7")
        #expect {
            try Store.openForWriting(path: path, run: "run-8")
        } throws: { error in
            guard case .locked(_, let holder?) = error as? StoreError else { return false }
            return holder.process == getpid() && holder.run == "run-7" && !holder.host.isEmpty
        }
        store.close()
        _ = try Store.openForWriting(path: path, run: "run-8")
    }

    @Test func aHolderThatDiedIsTakenOverAndTheChainSaysSo() throws {
        let folder = try TestFolder()
        let path = folder.file("s.sqlite")
        try MadeStore.make(path).close()
        try Data("lost-host\n4242\nrun-dead\n".utf8).write(to: URL(fileURLWithPath: path + ".lock"))
        let store = try Store.openForWriting(path: path, run: "run-9")
        let events = try store.record(ofRun: "run-1").audit.events
        #expect(events.contains { $0.action == "take over" && $0.object == "run run-dead" })
    }

    @Test func filesOfOthersAreLeftAlone() throws {
        let folder = try TestFolder()
        let text = try folder.write(String(repeating: "not a database ", count: 20), to: "notes.txt")
        #expect { try Store.openForWriting(path: text) } throws: { "\($0)".contains("not an SQLite file") }
        #expect(try String(contentsOfFile: text, encoding: .utf8).hasPrefix("not a database"))
        let other = folder.file("other.sqlite")
        try DatabaseQueue(path: other).write { db in try db.execute(sql: "CREATE TABLE t (x)") }
        #expect { try Store.openForWriting(path: other) } throws: { "\($0)".contains("another program") }
        #expect(throws: StoreError.notFound(path: folder.file("none"))) {
            try Store.openForReading(path: folder.file("none"))
        }
        #expect { try Store.openForWriting(path: folder.file("no/such/folder.sqlite")) } throws: { error in
            if case .cannotCreate = error as? StoreError { return true }
            return false
        }
    }

    @Test func aStoreOfANewerToolIsRefused() throws {
        let folder = try TestFolder()
        let path = folder.file("s.sqlite")
        try MadeStore.make(path).close()
        try DatabaseQueue(path: path).write { db in try db.execute(sql: "PRAGMA user_version = 99") }
        #expect { try Store.openForReading(path: path) } throws: { "\($0)".contains("version 99") }
        #expect { try Store.openForWriting(path: path) } throws: { "\($0)".contains("version 99") }
    }

    @Test func networkFileSystemsAreKnownByTheirMount() {
        let mounts = """
            22 1 8:1 / / rw - ext4 /dev/sda1 rw
            30 22 0:40 / /data rw shared:1 - nfs4 server:/x rw
            31 30 0:41 / /data/my\\040disk rw - ext4 /dev/sdb1 rw
            32 22 0:42 / /scratch rw - lustre x@tcp:/l rw
            """
        #expect(FileSystemKind.name(of: "/home/x", mounts: mounts) == "ext4")
        #expect(FileSystemKind.name(of: "/data/study", mounts: mounts) == "nfs4")
        #expect(FileSystemKind.name(of: "/database", mounts: mounts) == "ext4")
        #expect(FileSystemKind.name(of: "/data/my disk/a", mounts: mounts) == "ext4")
        #expect(FileSystemKind.name(of: "/scratch", mounts: mounts) == "lustre")
        #expect(FileSystemKind.networkName(folder: "/proc") == nil)
    }

    @Test func theStoreIsPrivateAndUsesARollbackJournal() throws {
        let folder = try TestFolder()
        let path = folder.file("s.sqlite")
        let store = try MadeStore.make(path)
        let mode = try store.read { db in try String.fetchOne(db, sql: "PRAGMA journal_mode") }
        let synchronous = try store.read { db in try Int.fetchOne(db, sql: "PRAGMA synchronous") }
        #expect(mode == "truncate")
        #expect(synchronous == 3)
        let permissions = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber
        #expect(permissions.map { $0.intValue & 0o077 } == 0)
    }

    @Test func runsAreFoundByTheBeginningOfTheirIdentifier() throws {
        let folder = try TestFolder()
        let store = try MadeStore.make(folder.file("s.sqlite"))
        try store.begin(MadeStore.opening("run-2", cases: 1))
        #expect(try store.run(matching: nil).id == "run-2")
        #expect(try store.run(matching: "run-1").id == "run-1")
        #expect { try store.run(matching: "run") } throws: { "\($0)".contains("it holds run-1, run-2") }
        #expect { try store.record(ofRun: "run-3") } throws: { "\($0)".contains("no run 'run-3'") }
    }
}
