import Foundation
import GRDB
import Imaging
import Metrics

/// Results of one case, ready to be stored.
public struct CaseResult: Sendable, Equatable {
    /// The case with outcome, files, geometry, measurements and pictures; covariates are ignored, they stand with the run.
    public var record: CaseRecord
    /// Digest over the hashes of its files; nil where they could not be read.
    public var inputSHA256: String?
    /// Deviations from the protocol.
    public var deviations: [DeviationRecord]
    /// End of the case, UTC ISO 8601.
    public var finishedUTC: String

    /// Makes a result.
    public init(
        record: CaseRecord, inputSHA256: String?, deviations: [DeviationRecord] = [], finishedUTC: String
    ) {
        self.record = record
        self.inputSHA256 = inputSHA256
        self.deviations = deviations
        self.finishedUTC = finishedUTC
    }
}

/// How a case stands in a run, for going on with it.
public struct CaseStanding: Sendable, Equatable {
    /// What became of it.
    public var status: CaseStatus
    /// Digest over the hashes of its files.
    public var inputSHA256: String?
}

extension Store {
    /// Stores the results of one case in one transaction; they supersede earlier results of the case.
    ///
    /// - Throws: `StoreError`; then nothing of the case was stored.
    public func append(_ result: CaseResult, to run: String) throws(StoreError) {
        try append([result], to: run)
    }

    /// Stores the results of many cases in one transaction.
    func append(_ results: [CaseResult], to run: String) throws(StoreError) {
        CrashPoint.reach("before-case")
        try write { db in
            for result in results { try insert(db, result, run) }
            CrashPoint.reach("before-commit")
        }
        CrashPoint.reach("after-commit")
    }

    private func insert(_ db: Database, _ result: CaseResult, _ run: String) throws {
        let last = try Int.fetchOne(
            db, sql: "SELECT max(revision) FROM case_result WHERE run = ? AND case_ = ?",
            arguments: [run, result.record.id])
        let revision = (last ?? 0) + 1
        let key: [any DatabaseValueConvertible] = [run, result.record.id, revision]
        try insertOutcome(db, result, key)
        CrashPoint.reach("inside-case")
        try insertMeasurements(db, result.record.measurements, run: run, caseID: result.record.id, revision, key)
        try insertPictures(db, result.record.pictures, key)
        for (position, deviation) in result.deviations.enumerated() {
            try db.execute(
                sql: "INSERT INTO deviation VALUES (?, ?, ?, ?, ?, ?, ?)",
                arguments: StatementArguments(key) + [
                    position, deviation.grade.rawValue, deviation.code, deviation.message,
                ])
        }
        try AuditChain.bind(
            db, .case, key: key, utc: result.finishedUTC, user: user,
            reason: revision == 1
                ? "results: \(result.record.outcome.status.rawValue)"
                : "results: \(result.record.outcome.status.rawValue), supersede revision \(revision - 1)")
    }

    private func insertOutcome(_ db: Database, _ result: CaseResult, _ key: [any DatabaseValueConvertible]) throws {
        let outcome = result.record.outcome
        let stages = CellText.encode(outcome.stageSeconds.map { MetricParameter($0.name, .number($0.seconds)) })
        try db.execute(
            sql: "INSERT INTO case_result VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            arguments: StatementArguments(key) + [
                outcome.status.rawValue, outcome.stage?.rawValue, outcome.reasonCode, outcome.message,
                result.record.geometry, result.inputSHA256, outcome.outputSHA256, outcome.seconds, stages,
                outcome.peakMemoryMiB, result.finishedUTC,
            ])
        for (position, file) in result.record.files.enumerated() {
            try db.execute(
                sql: "INSERT INTO case_file VALUES (?, ?, ?, ?, ?, ?)",
                arguments: StatementArguments(key) + [position, file.column, file.sha256])
        }
    }

    private func insertMeasurements(
        _ db: Database, _ measurements: [MeasurementRecord], run: String, caseID: String, _ revision: Int,
        _ key: [any DatabaseValueConvertible]
    ) throws {
        let insert = try RowInsert(db, sql: "INSERT INTO measurement VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        let insertDetail = try db.cachedStatement(sql: "INSERT INTO detail VALUES (?, ?, ?, ?, ?, ?, ?)")
        insert.bind(run, at: 1)
        insert.bind(caseID, at: 2)
        insert.bind(revision, at: 3)
        for (position, record) in measurements.enumerated() {
            let measurement = record.measurement
            let number = measurement.value.number
            insert.bind(position, at: 4)
            insert.bind(measurement.metric, at: 5)
            insert.bind(measurement.structure, at: 6)
            insert.bind(number, at: 7)
            insert.bind(number == nil ? "not_computed" : "ok", at: 8)
            insert.bind(measurement.value.reason?.rawValue, at: 9)
            insert.bind(measurement.imputedWorst, at: 10)
            insert.bind(measurement.unit, at: 11)
            insert.bind(record.implementationVersion, at: 12)
            insert.bind(CellText.encode(measurement.parameters), at: 13)
            try insert.execute()
            for (place, table) in measurement.details.enumerated() {
                if let branches = VesselBranchRow.rows(of: table), !branches.isEmpty {
                    try insertBranches(db, branches, of: position, key)
                    continue
                }
                try insertDetail.execute(
                    arguments: StatementArguments(key) + [
                        position, place, table.name, CellText.encode(columns: table.columns, rows: table.rows),
                    ])
            }
        }
    }

    private func insertBranches(
        _ db: Database, _ branches: [VesselBranchRow], of measurement: Int, _ key: [any DatabaseValueConvertible]
    ) throws {
        let insert = try db.cachedStatement(
            sql: "INSERT INTO vessel_branch VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        for (position, branch) in branches.enumerated() {
            try insert.execute(
                arguments: StatementArguments(key) + [
                    measurement, position, branch.side.rawValue, branch.index, branch.lengthMM, branch.meanRadiusMM,
                    branch.coveredShare, branch.isDetected, branch.isUnbroken, branch.middleMM.x, branch.middleMM.y,
                    branch.middleMM.z,
                ])
        }
    }

    private func insertPictures(
        _ db: Database, _ pictures: [PictureRecord], _ key: [any DatabaseValueConvertible]
    ) throws {
        for (position, record) in pictures.enumerated() {
            let picture = record.picture
            try db.execute(
                sql: "INSERT INTO picture VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                arguments: StatementArguments(key) + [
                    position, picture.content.rawValue, picture.plane.rawValue, picture.detail, picture.scaleLower,
                    picture.scaleUpper, picture.unit, picture.width, picture.height, picture.pixelMM,
                    Data(picture.png), record.sha256,
                ])
        }
    }

    /// How each case of a run stands, by identifier; cases without results are not in it.
    public func standings(of run: String) throws(StoreError) -> [String: CaseStanding] {
        try read { db in
            var standings: [String: CaseStanding] = [:]
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT case_, status, input_sha256 FROM case_result AS r WHERE run = ? AND revision =
                        (SELECT max(revision) FROM case_result WHERE run = r.run AND case_ = r.case_)
                    """, arguments: [run])
            while let row = try rows.next() {
                guard let status = CaseStatus(rawValue: row["status"]) else { continue }
                standings[row["case_"]] = CaseStanding(status: status, inputSHA256: row["input_sha256"])
            }
            return standings
        }
    }

    /// Stores the analyses of a run; they supersede earlier ones.
    public func append(analyses: [AnalysisRecord], to run: String, utc: String) throws(StoreError) {
        try write { db in
            let last = try Int.fetchOne(db, sql: "SELECT max(revision) FROM analysis WHERE run = ?", arguments: [run])
            let revision = (last ?? 0) + 1
            guard !analyses.isEmpty else { return }
            for (position, analysis) in analyses.enumerated() {
                try db.execute(
                    sql: "INSERT INTO analysis VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    arguments: [
                        run, revision, position, analysis.endpointOID, analysis.criterionOID, analysis.kind.rawValue,
                        analysis.set.rawValue, analysis.method, analysis.group, analysis.planned, analysis.evaluated,
                        analysis.missing, analysis.estimate, analysis.lower, analysis.upper, analysis.p,
                        analysis.verdict?.rawValue, CellText.encode(analysis.parameters), analysis.note,
                    ])
            }
            try AuditChain.bind(
                db, .analysis, key: [run, revision], utc: utc, user: user, reason: "analysis by the protocol")
        }
    }
}
