import GRDB

/// Tables of the store and how an older store becomes a newer one.
enum StoreSchema {
    /// "VALI" in the file's header.
    static let applicationID: Int32 = 0x5641_4C49
    /// Version that this tool writes.
    static let version = migrations.count

    /// Steps from nothing to the newest version; a released step never changes.
    private static let migrations: [@Sendable (Database) throws -> Void] = [
        { db in
            for statement in firstTables { try db.execute(sql: statement) }
            for table in firstNames { try appendOnly(table, db) }
        },
        { db in
            try db.execute(sql: "CREATE TABLE \(vesselBranch) STRICT")
            try appendOnly("vessel_branch", db)
        },
    ]

    /// Brings a database from a version to another, normally the newest.
    static func migrate(_ db: Database, from version: Int, to target: Int = StoreSchema.version) throws {
        for (index, step) in migrations.enumerated() where index >= version && index < target {
            try step(db)
            try db.execute(sql: "PRAGMA user_version = \(index + 1)")
        }
        try db.execute(sql: "PRAGMA application_id = \(applicationID)")
    }

    /// Text of every table and trigger, to be compared with what a store holds.
    static func definitions(_ db: Database) throws -> [String] {
        try String.fetchAll(
            db, sql: "SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_master ORDER BY 1")
    }

    /// What `definitions` gives for a store of each version, from 1; empty when SQLite cannot even make one in memory.
    static let expectedDefinitions: [[String]] = (1...version).compactMap { version in
        try? DatabaseQueue().write { db in
            try migrate(db, from: 0, to: version)
            return try definitions(db)
        }
    }

    /// Gives a connection that only reads the tables that an older store lacks, empty and in memory.
    ///
    /// The file is not changed; the next writer brings it to the newest version.
    static func standIn(_ db: Database) throws {
        guard try Int.fetchOne(db, sql: "PRAGMA user_version") == 1 else { return }
        try db.execute(sql: "PRAGMA temp_store = MEMORY; CREATE TEMP TABLE \(vesselBranch)")
    }

    private static func appendOnly(_ table: String, _ db: Database) throws {
        for action in ["UPDATE", "DELETE"] {
            try db.execute(
                sql: """
                    CREATE TRIGGER \(table)_no_\(action.lowercased()) BEFORE \(action) ON \(table)
                    BEGIN SELECT RAISE(ABORT, 'append-only: \(table)'); END
                    """)
        }
    }

    /// Every branch of both vessel trees of a case: rows of the table `branches` behind a measurement.
    private static let vesselBranch = """
        vessel_branch (
            run TEXT NOT NULL, case_ TEXT NOT NULL, revision INTEGER NOT NULL, measurement INTEGER NOT NULL,
            position INTEGER NOT NULL, side TEXT NOT NULL CHECK (side IN ('reference', 'generated')),
            branch INTEGER NOT NULL, length_mm REAL NOT NULL, mean_radius_mm REAL NOT NULL, covered_share REAL NOT NULL,
            detected INTEGER NOT NULL CHECK (detected IN (0, 1)), unbroken INTEGER NOT NULL CHECK (unbroken IN (0, 1)),
            middle_r_mm REAL NOT NULL, middle_a_mm REAL NOT NULL, middle_s_mm REAL NOT NULL,
            PRIMARY KEY (run, case_, revision, measurement, position),
            FOREIGN KEY (run, case_, revision, measurement) REFERENCES measurement (run, case_, revision, position))
        """

    /// Tables of the first version, each append-only.
    private static let firstNames = [
        "study", "protocol", "amendment", "model", "run", "site", "subject", "device", "case_", "case_result",
        "case_file",
        "measurement", "detail", "picture", "deviation", "analysis", "run_end", "shard", "report", "signature", "audit",
    ]

    private static let firstTables = [
        """
        CREATE TABLE study (
            oid TEXT PRIMARY KEY NOT NULL, title TEXT NOT NULL, intended_use TEXT NOT NULL, sponsor TEXT NOT NULL,
            ethics_reference TEXT NOT NULL) STRICT
        """,
        """
        CREATE TABLE protocol (
            sha256 TEXT PRIMARY KEY NOT NULL, study TEXT NOT NULL REFERENCES study (oid), version TEXT NOT NULL,
            metadata_version TEXT NOT NULL, xml BLOB NOT NULL, schema_sha256 TEXT NOT NULL, locked_utc TEXT NOT NULL,
            locked_by TEXT NOT NULL) STRICT
        """,
        """
        CREATE TABLE amendment (
            protocol TEXT NOT NULL REFERENCES protocol (sha256), position INTEGER NOT NULL,
            previous_sha256 TEXT NOT NULL, date TEXT NOT NULL, before_data_lock INTEGER NOT NULL, reason TEXT NOT NULL,
            PRIMARY KEY (protocol, position)) STRICT
        """,
        """
        CREATE TABLE model (
            id TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL, weights_sha256 TEXT NOT NULL,
            configuration_sha256 TEXT NOT NULL, training_manifest_sha256 TEXT, parameters INTEGER) STRICT
        """,
        """
        CREATE TABLE run (
            id TEXT PRIMARY KEY NOT NULL, protocol TEXT NOT NULL REFERENCES protocol (sha256),
            model TEXT NOT NULL REFERENCES model (id), cohort_name TEXT NOT NULL, cohort_manifest_sha256 TEXT NOT NULL,
            seed_namespace TEXT, cohort_notes TEXT NOT NULL, arguments TEXT NOT NULL, started_utc TEXT NOT NULL,
            host_class TEXT NOT NULL, processor TEXT NOT NULL, jobs INTEGER NOT NULL, seed TEXT NOT NULL,
            tool_version TEXT NOT NULL, commit_id TEXT, libraries TEXT NOT NULL, case_count INTEGER NOT NULL) STRICT
        """,
        """
        CREATE TABLE site (
            run TEXT NOT NULL REFERENCES run (id), code TEXT NOT NULL, name TEXT NOT NULL, country TEXT,
            ethics_reference TEXT, planned INTEGER, listed INTEGER NOT NULL, PRIMARY KEY (run, code)) STRICT
        """,
        """
        CREATE TABLE subject (
            run TEXT NOT NULL REFERENCES run (id), pseudonym TEXT NOT NULL, site TEXT NOT NULL, sex TEXT, age_band TEXT,
            PRIMARY KEY (run, pseudonym, site)) STRICT
        """,
        """
        CREATE TABLE device (
            run TEXT NOT NULL REFERENCES run (id), id INTEGER NOT NULL, vendor TEXT, model TEXT, field_t TEXT, kernel TEXT,
            PRIMARY KEY (run, id)) STRICT
        """,
        """
        CREATE TABLE case_ (
            run TEXT NOT NULL REFERENCES run (id), id TEXT NOT NULL, position INTEGER NOT NULL, subject TEXT NOT NULL,
            site TEXT NOT NULL, device INTEGER, covariates TEXT NOT NULL, source_phase REAL, truth_phase REAL,
            registration_method TEXT, registration_error_mm REAL, PRIMARY KEY (run, id),
            FOREIGN KEY (run, site) REFERENCES site (run, code),
            FOREIGN KEY (run, subject, site) REFERENCES subject (run, pseudonym, site),
            FOREIGN KEY (run, device) REFERENCES device (run, id)) STRICT
        """,
        """
        CREATE TABLE case_result (
            run TEXT NOT NULL, case_ TEXT NOT NULL, revision INTEGER NOT NULL,
            status TEXT NOT NULL CHECK (status IN ('ok', 'failed', 'excluded', 'missing')), stage TEXT,
            reason_code TEXT, message TEXT, geometry TEXT, input_sha256 TEXT, output_sha256 TEXT, seconds REAL NOT NULL,
            stage_seconds TEXT NOT NULL, peak_memory_mib REAL NOT NULL, finished_utc TEXT NOT NULL,
            PRIMARY KEY (run, case_, revision), FOREIGN KEY (run, case_) REFERENCES case_ (run, id)) STRICT
        """,
        """
        CREATE TABLE case_file (
            run TEXT NOT NULL, case_ TEXT NOT NULL, revision INTEGER NOT NULL, position INTEGER NOT NULL,
            column_ TEXT NOT NULL, sha256 TEXT NOT NULL, PRIMARY KEY (run, case_, revision, position),
            FOREIGN KEY (run, case_, revision) REFERENCES case_result (run, case_, revision)) STRICT
        """,
        """
        CREATE TABLE measurement (
            run TEXT NOT NULL, case_ TEXT NOT NULL, revision INTEGER NOT NULL, position INTEGER NOT NULL,
            metric TEXT NOT NULL, structure TEXT NOT NULL, value REAL, status TEXT NOT NULL, reason TEXT, imputed REAL,
            unit TEXT NOT NULL, implementation_version INTEGER NOT NULL, parameters TEXT NOT NULL,
            PRIMARY KEY (run, case_, revision, position), UNIQUE (run, case_, revision, metric, structure),
            CHECK ((value IS NULL) = (status = 'not_computed')), CHECK ((reason IS NULL) = (status = 'ok')),
            FOREIGN KEY (run, case_, revision) REFERENCES case_result (run, case_, revision)) STRICT
        """,
        """
        CREATE TABLE detail (
            run TEXT NOT NULL, case_ TEXT NOT NULL, revision INTEGER NOT NULL, measurement INTEGER NOT NULL,
            position INTEGER NOT NULL, name TEXT NOT NULL, content TEXT NOT NULL,
            PRIMARY KEY (run, case_, revision, measurement, position),
            FOREIGN KEY (run, case_, revision, measurement) REFERENCES measurement (run, case_, revision, position)) STRICT
        """,
        """
        CREATE TABLE picture (
            run TEXT NOT NULL, case_ TEXT NOT NULL, revision INTEGER NOT NULL, position INTEGER NOT NULL,
            content TEXT NOT NULL, plane TEXT NOT NULL, detail TEXT NOT NULL, scale_lower REAL NOT NULL,
            scale_upper REAL NOT NULL, unit TEXT NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
            pixel_mm REAL NOT NULL, png BLOB NOT NULL, sha256 TEXT NOT NULL,
            PRIMARY KEY (run, case_, revision, position),
            FOREIGN KEY (run, case_, revision) REFERENCES case_result (run, case_, revision)) STRICT
        """,
        """
        CREATE TABLE deviation (
            run TEXT NOT NULL, case_ TEXT NOT NULL, revision INTEGER NOT NULL, position INTEGER NOT NULL,
            grade TEXT NOT NULL CHECK (grade IN ('minor', 'major')), code TEXT NOT NULL, message TEXT NOT NULL,
            PRIMARY KEY (run, case_, revision, position),
            FOREIGN KEY (run, case_, revision) REFERENCES case_result (run, case_, revision)) STRICT
        """,
        """
        CREATE TABLE analysis (
            run TEXT NOT NULL REFERENCES run (id), revision INTEGER NOT NULL, position INTEGER NOT NULL,
            endpoint TEXT NOT NULL, criterion TEXT, kind TEXT NOT NULL, set_ TEXT NOT NULL, method TEXT NOT NULL,
            group_ TEXT NOT NULL, planned INTEGER NOT NULL, evaluated INTEGER NOT NULL, missing INTEGER NOT NULL,
            estimate REAL, lower REAL, upper REAL, p REAL, verdict TEXT, parameters TEXT NOT NULL, note TEXT,
            PRIMARY KEY (run, revision, position)) STRICT
        """,
        """
        CREATE TABLE run_end (
            run TEXT NOT NULL REFERENCES run (id), revision INTEGER NOT NULL, ended_utc TEXT NOT NULL,
            status TEXT NOT NULL, exit_code INTEGER NOT NULL, partial INTEGER NOT NULL, results_digest TEXT NOT NULL,
            PRIMARY KEY (run, revision)) STRICT
        """,
        """
        CREATE TABLE shard (
            run TEXT NOT NULL REFERENCES run (id), number INTEGER NOT NULL, count INTEGER NOT NULL, sha256 TEXT,
            status TEXT NOT NULL, PRIMARY KEY (run, number)) STRICT
        """,
        """
        CREATE TABLE report (
            sha256 TEXT PRIMARY KEY NOT NULL, run TEXT NOT NULL REFERENCES run (id), format TEXT NOT NULL,
            template_sha256 TEXT NOT NULL, renderer TEXT NOT NULL, utc TEXT NOT NULL) STRICT
        """,
        """
        CREATE TABLE signature (
            report TEXT NOT NULL REFERENCES report (sha256), position INTEGER NOT NULL, name TEXT NOT NULL,
            role TEXT NOT NULL, meaning TEXT NOT NULL, utc TEXT NOT NULL, method TEXT NOT NULL,
            PRIMARY KEY (report, position)) STRICT
        """,
        """
        CREATE TABLE audit (
            seq INTEGER PRIMARY KEY NOT NULL, utc TEXT NOT NULL, user TEXT NOT NULL, action TEXT NOT NULL,
            object TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL, reason TEXT NOT NULL,
            previous TEXT NOT NULL, hash TEXT NOT NULL) STRICT
        """,
    ]
}
