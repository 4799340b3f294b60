import GRDB

extension Store {
    /// SHA-256 over every result of a run, in the order of case, metric and structure.
    ///
    /// Left out is what changes from one run to the next without a change of results: identifiers of the run, times, seconds, memory.
    ///
    /// - Throws: `StoreError`.
    public func resultsDigest(of run: String) throws(StoreError) -> String {
        try read { db in
            let latest = try LatestResult.all(of: run, db)
            var hash = RowHash()
            for sql in ResultsDigest.queries {
                let statement = try db.cachedStatement(sql: sql)
                for result in latest {
                    try hash.add(rowsOf: statement, arguments: [run, result.caseID, result.revision])
                }
            }
            return hash.text
        }
    }
}

/// The last results of a case.
struct LatestResult {
    let caseID: String
    let revision: Int64

    /// Of each case of a run, in the order of their names.
    static func all(of run: String, _ db: Database) throws -> [LatestResult] {
        try Row.fetchAll(
            db,
            sql: "SELECT case_, max(revision) FROM case_result WHERE run = ? GROUP BY case_ ORDER BY case_",
            arguments: [run]
        ).map { LatestResult(caseID: $0[0], revision: $0[1]) }
    }
}

/// What the digest covers, table by table; each query is asked case by case.
private enum ResultsDigest {
    private static let place = "r.run = ? AND r.case_ = ? AND r.revision = ?"
    private static let measured = """
        JOIN measurement AS m ON m.run = r.run AND m.case_ = r.case_ AND m.revision = r.revision
            AND m.position = r.measurement
        """

    static let queries = [
        """
        SELECT r.case_, status, stage, reason_code, message, geometry, input_sha256, output_sha256
        FROM case_result AS r WHERE \(place)
        """,
        "SELECT r.case_, column_, sha256 FROM case_file AS r WHERE \(place) ORDER BY position",
        """
        SELECT r.case_, metric, structure, value, status, reason, imputed, unit, implementation_version, parameters
        FROM measurement AS r WHERE \(place) ORDER BY metric, structure
        """,
        """
        SELECT r.case_, m.metric, m.structure, r.name, r.content FROM detail AS r \(measured)
        WHERE \(place) ORDER BY m.metric, m.structure, r.position
        """,
        """
        SELECT r.case_, m.metric, m.structure, side, branch, length_mm, mean_radius_mm, covered_share, detected,
            unbroken, middle_r_mm, middle_a_mm, middle_s_mm FROM vessel_branch AS r \(measured)
        WHERE \(place) ORDER BY m.metric, m.structure, r.position
        """,
        "SELECT r.case_, content, plane, sha256 FROM picture AS r WHERE \(place) ORDER BY plane, content, position",
        "SELECT r.case_, grade, code, message FROM deviation AS r WHERE \(place) ORDER BY position",
    ]
}
