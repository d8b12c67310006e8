import GRDB
import MuScSupport

/// The tables of a ledger.
enum LedgerSchema {
    /// The steps that make a ledger of this version from one of any earlier version. A step that was released is never
    /// changed; what is new is a further step.
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 folders, files, batches") { db in
            // Paths and names are blobs: the file system's bytes, whatever their encoding.
            try db.execute(
                sql: """
                    CREATE TABLE root (
                        id INTEGER PRIMARY KEY,
                        path BLOB NOT NULL UNIQUE
                    );
                    CREATE TABLE folder (
                        id INTEGER PRIMARY KEY,
                        root INTEGER NOT NULL REFERENCES root ON DELETE CASCADE,
                        path BLOB NOT NULL UNIQUE,      -- absolute
                        listing TEXT NOT NULL,          -- digest of the listing that the rest was made from
                        gone_since REAL                 -- wall clock
                    );
                    CREATE INDEX folder_root ON folder(root);
                    CREATE TABLE file (
                        folder INTEGER NOT NULL REFERENCES folder ON DELETE CASCADE,
                        name BLOB NOT NULL,
                        size INTEGER NOT NULL,
                        modified INTEGER NOT NULL,      -- nanoseconds, the file system's clock
                        inode INTEGER NOT NULL,
                        image INTEGER NOT NULL,         -- whether it is taken for an image
                        claimed INTEGER NOT NULL,       -- whether it is part of the batch that is running
                        scored INTEGER NOT NULL,        -- whether published results include it
                        absent_since REAL,              -- wall clock
                        PRIMARY KEY (folder, name)
                    ) WITHOUT ROWID;
                    CREATE TABLE batch (
                        id INTEGER PRIMARY KEY,
                        folder INTEGER NOT NULL REFERENCES folder ON DELETE CASCADE,
                        sequence INTEGER NOT NULL,
                        state TEXT NOT NULL,
                        reason TEXT,                    -- why it is where it is, for people
                        digest TEXT NOT NULL,           -- of its images
                        image_count INTEGER NOT NULL,
                        first_seen REAL NOT NULL,       -- wall clock
                        newest INTEGER NOT NULL,        -- the newest image's time, to order batches seen together
                        boot TEXT NOT NULL,             -- the machine's run that the two moments belong to
                        stable_since REAL NOT NULL,     -- moment
                        waiting_since REAL NOT NULL,    -- moment
                        ready_mark TEXT,                -- the ready file that was acted on
                        attempts INTEGER NOT NULL DEFAULT 0,
                        interruptions INTEGER NOT NULL DEFAULT 0,
                        next_attempt REAL NOT NULL DEFAULT 0,   -- wall clock
                        forced INTEGER NOT NULL DEFAULT 0,      -- score even if results of this set are there
                        started REAL,
                        finished REAL,                  -- of the published results, like all below
                        seconds REAL,
                        scored INTEGER,
                        flagged INTEGER,
                        unreadable INTEGER,
                        results BLOB,
                        report BLOB,
                        UNIQUE (folder, sequence)
                    );
                    CREATE INDEX batch_state ON batch(state);
                    CREATE TABLE total (
                        name TEXT PRIMARY KEY,
                        value REAL NOT NULL
                    ) WITHOUT ROWID;
                    """)
        }
        migrator.registerMigration("2 deliveries") { db in
            try db.execute(
                sql: """
                    CREATE TABLE delivery (
                        id INTEGER PRIMARY KEY AUTOINCREMENT,   -- the order in which they leave
                        receiver TEXT NOT NULL,
                        key TEXT NOT NULL,              -- the same whenever the message is sent again
                        body TEXT NOT NULL,
                        created REAL NOT NULL,          -- wall clock
                        UNIQUE (receiver, key)
                    );
                    CREATE TABLE receiver (
                        name TEXT PRIMARY KEY,
                        failures INTEGER NOT NULL,      -- in a row
                        next_attempt REAL NOT NULL,     -- wall clock
                        reason TEXT                     -- why the last try failed
                    ) WITHOUT ROWID;
                    """)
        }
        migrator.registerMigration("3 masks") { db in
            // Identities of the mask of what counts, NULL for none: as last seen, of the batch that is running, and of
            // published results.
            for column in ["mask", "mask_claimed", "mask_scored"] {
                try db.execute(sql: "ALTER TABLE folder ADD COLUMN \(column) TEXT")
            }
        }
        migrator.registerMigration("4 changes, reasons, what was told") { db in
            try db.execute(
                sql: """
                    -- The file system's time of the last change, nanoseconds, and how many names a file has; NULL: not known.
                    ALTER TABLE file ADD COLUMN changed INTEGER;
                    ALTER TABLE file ADD COLUMN links INTEGER;
                    -- Whether the batch's scoring could not read the file for a reason that may pass.
                    ALTER TABLE file ADD COLUMN unread INTEGER NOT NULL DEFAULT 0;
                    -- The set that the results in place were found not to be of.
                    ALTER TABLE batch ADD COLUMN checked TEXT;
                    -- Whether it is ready only if the results in place are of it.
                    ALTER TABLE batch ADD COLUMN provisional INTEGER NOT NULL DEFAULT 0;
                    -- When it came to be in its state, wall clock; NULL: not known.
                    ALTER TABLE batch ADD COLUMN since REAL;
                    CREATE TRIGGER batch_made AFTER INSERT ON batch BEGIN
                        UPDATE batch SET since = (julianday('now') - 2440587.5) * 86400.0 WHERE id = NEW.id;
                    END;
                    CREATE TRIGGER batch_moved AFTER UPDATE OF state ON batch WHEN OLD.state IS NOT NEW.state BEGIN
                        UPDATE batch SET since = (julianday('now') - 2440587.5) * 86400.0 WHERE id = NEW.id;
                    END;
                    CREATE TABLE told (                 -- messages that were put down, so that none is twice
                        receiver TEXT NOT NULL,
                        key TEXT NOT NULL,
                        time REAL NOT NULL,             -- wall clock
                        PRIMARY KEY (receiver, key)
                    ) WITHOUT ROWID;
                    CREATE TABLE obstacle (             -- what keeps a root, or a folder in it, from being watched
                        root INTEGER NOT NULL REFERENCES root ON DELETE CASCADE,
                        path BLOB NOT NULL,
                        kind TEXT NOT NULL,
                        reason TEXT NOT NULL,
                        since REAL NOT NULL,            -- wall clock
                        PRIMARY KEY (root, path, kind)
                    ) WITHOUT ROWID;
                    CREATE TABLE identity (id TEXT NOT NULL);
                    """)
            // Which ledger this is: results say which one tells of them.
            try db.execute(
                sql: "INSERT INTO identity (id) VALUES (?)", arguments: [UInt64.random(in: .min ... .max).hexadecimal])
            try db.execute(sql: "INSERT INTO told (receiver, key, time) SELECT receiver, key, created FROM delivery")
        }
        migrator.registerMigration("5 what is set aside, results that are gone") { db in
            try db.execute(
                sql: """
                    -- How often its receiver refused the message, why at last, and since when it is kept aside (wall clock).
                    ALTER TABLE delivery ADD COLUMN refusals INTEGER NOT NULL DEFAULT 0;
                    ALTER TABLE delivery ADD COLUMN reason TEXT;
                    ALTER TABLE delivery ADD COLUMN set_aside REAL;
                    -- Since when the receiver is in no configuration, wall clock.
                    ALTER TABLE receiver ADD COLUMN dismissed REAL;
                    -- Since when the published results are not in their place, wall clock.
                    ALTER TABLE batch ADD COLUMN results_gone REAL;
                    """)
        }
        return migrator
    }
}
