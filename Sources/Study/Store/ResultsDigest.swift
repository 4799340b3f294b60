import Crypto
import Foundation
import GRDB

extension Store {
    /// SHA-256 over every result of a run, in the order of case, metric and structure.
    ///
    /// Left out is what changes from one run to the next without a change of results: identifiers of the run, times, seconds, memory.
    ///
    /// - Throws: `StoreError`.
    public func resultsDigest(of run: String) throws(StoreError) -> String {
        try read { db in
            var hash = SHA256()
            func add(_ sql: String) throws {
                let rows = try Row.fetchCursor(db, sql: sql, arguments: [run])
                while let row = try rows.next() {
                    var encoder = RowEncoder()
                    for value in row.databaseValues { encoder.add(value) }
                    hash.update(data: encoder.bytes)
                }
            }
            let latest = """
                r.run = ? AND r.revision = (SELECT max(revision) FROM case_result AS l WHERE l.run = r.run AND l.case_ = r.case_)
                """
            try add(
                """
                SELECT r.case_, status, stage, reason_code, message, geometry, input_sha256, output_sha256
                FROM case_result AS r WHERE \(latest) ORDER BY r.case_
                """)
            try add(
                "SELECT r.case_, column_, sha256 FROM case_file AS r WHERE \(latest) ORDER BY r.case_, position")
            try add(
                """
                SELECT r.case_, metric, structure, value, status, reason, imputed, unit, implementation_version, parameters
                FROM measurement AS r WHERE \(latest) ORDER BY r.case_, metric, structure
                """)
            try add(
                """
                SELECT r.case_, m.metric, m.structure, r.name, r.content FROM detail AS r
                JOIN measurement AS m ON m.run = r.run AND m.case_ = r.case_ AND m.revision = r.revision
                    AND m.position = r.measurement
                WHERE \(latest) ORDER BY r.case_, m.metric, m.structure, r.position
                """)
            try add(
                """
                SELECT r.case_, m.metric, m.structure, side, branch, length_mm, mean_radius_mm, covered_share, detected,
                    unbroken, middle_r_mm, middle_a_mm, middle_s_mm FROM vessel_branch AS r
                JOIN measurement AS m ON m.run = r.run AND m.case_ = r.case_ AND m.revision = r.revision
                    AND m.position = r.measurement
                WHERE \(latest) ORDER BY r.case_, m.metric, m.structure, r.position
                """)
            try add(
                "SELECT r.case_, content, plane, sha256 FROM picture AS r WHERE \(latest) ORDER BY r.case_, plane, content, position"
            )
            try add(
                "SELECT r.case_, grade, code, message FROM deviation AS r WHERE \(latest) ORDER BY r.case_, position")
            return Hexadecimal.text(Array(hash.finalize())[...])
        }
    }
}
