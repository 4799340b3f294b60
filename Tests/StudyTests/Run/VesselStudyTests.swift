import Foundation
import GRDB
import Imaging
import Metrics
import Testing

@testable import Study

/// Vessel trees and displacements of a run: what is drawn and what is stored of them.
struct VesselStudyTests {
    private func run(in folder: TestFolder) async throws -> (record: RunRecord, path: String) {
        let cohort = try SmallCohort.make(in: folder, cases: 3, vessels: true)
        let path = folder.file("s.sqlite")
        let outcome = try await SmallCohort.run(cohort, store: path, file: SmallCohort.protocolFileWithVessels())
        return (try Store.openForReading(path: path).record(ofRun: outcome.runID), path)
    }

    @Test func treesAndDisplacementAreDrawnAndCaptioned() async throws {
        let record = try await run(in: TestFolder()).record
        for item in record.cases {
            let trees = try #require(item.pictures.first { $0.picture.content == .vesselGraph }?.picture)
            #expect(trees.plane == .coronal && trees.detail.contains("correct") && trees.detail.contains("missing"))
            let map = try #require(item.pictures.first { $0.picture.content == .deformation }?.picture)
            #expect(map.unit == "mm" && map.scaleUpper >= 1 && map.detail.contains("registration"))
            for picture in [trees, map] {
                let image = try PNGReader.read(picture.png, name: picture.name)
                #expect(image.width == picture.width && image.height == picture.height)
            }
        }
    }

    @Test func branchesHaveATableOfTheirOwnThatTheChainBinds() async throws {
        let folder = try TestFolder()
        let (record, path) = try await run(in: folder)
        let measured = try #require(record.cases[0].measurement("branch_accuracy", "vessels")?.measurement)
        let rows = try #require(measured.details.last.flatMap(VesselBranchRow.rows))
        #expect(rows.contains { $0.side == .reference && $0.state != .unbroken })
        let queue = try DatabaseQueue(path: path)
        let stored = try await queue.read { db in
            try Int.fetchOne(db, sql: "SELECT count(*) FROM vessel_branch WHERE case_ = 'C1'")
        }
        #expect(stored == rows.count)
        let json = try await queue.read { db in
            try Int.fetchOne(db, sql: "SELECT count(*) FROM detail WHERE name = 'branches'")
        }
        #expect(json == 0)
        _ = try AuditVerification.verify(path: path)
        await #expect { try await queue.write { db in try db.execute(sql: "DELETE FROM vessel_branch") } } throws: {
            "\($0)".contains("append-only")
        }
        // Somebody who takes the trigger away, heals a branch and puts the trigger back.
        try await queue.write { db in
            let trigger = try String.fetchOne(
                db, sql: "SELECT sql FROM sqlite_master WHERE name = 'vessel_branch_no_update'")
            try db.execute(sql: "DROP TRIGGER vessel_branch_no_update")
            try db.execute(sql: "UPDATE vessel_branch SET unbroken = 1 WHERE unbroken = 0 AND case_ = 'C2'")
            try db.execute(sql: trigger ?? "")
        }
        try queue.close()
        try FileManager.default.removeItem(atPath: path + ".sha256")
        #expect { try AuditVerification.verify(path: path) } throws: { error in
            "\(error)".contains("a stored value of 'case") && "\(error)".contains("C2")
        }
    }

    @Test func branchesAreExportedOneARow() async throws {
        let folder = try TestFolder()
        let (record, path) = try await run(in: folder)
        let text = String(
            decoding: try #require(
                try ResultsExport(store: Store.openForReading(path: path)).csv(table: "vessel_branches")),
            as: UTF8.self)
        let lines = text.split(separator: "\r\n")
        #expect(
            lines.first?.hasPrefix(
                "run,case,subject,site,metric,structure,side,branch,length_mm,mean_radius_mm,covered_share,detected,unbroken"
            )
                == true)
        let rows = record.cases.flatMap { item in
            item.measurement("branch_accuracy", "vessels")?.measurement.details.compactMap(VesselBranchRow.rows) ?? []
        }.flatMap(\.self)
        #expect(lines.count == 1 + rows.count)
        #expect(lines[1].contains(",\(Digits.text(rows[0].lengthMM)),"))
    }

    @Test func noBranchLeavesASiteAndTheBundleSaysSo() async throws {
        let record = try await run(in: TestFolder()).record
        let key = SiteKey(holder: "site1", role: .site)
        let bundle = try SiteExport(record: record, key: key).bundle(
            identifier: String(repeating: "0", count: 32), sequence: 1, previousSHA256: nil, created: "2026-01-01")
        let text = String(decoding: try bundle.encoded(signedBy: key), as: UTF8.self)
        #expect(text.contains("\"omitted_tables\":[\"case_file\",\"detail\",\"picture\",\"vessel_branch\"]"))
        #expect(text.contains("branch_accuracy"))
        for column in ["middle_r_mm", "covered_share"] { #expect(!text.contains(column)) }
    }
}
