import type { Migration } from '../migration.ts'

/** Servers, pins, blobs, settings and the journal: small, and committed with synchronous=FULL. */
export const firstSchema: Migration = {
  version: 1,
  what: 'first-schema',
  up(db) {
    db.exec(`
      CREATE TABLE server (
        id TEXT PRIMARY KEY,
        -- lower-case name: names are unique whatever their case
        name_key TEXT NOT NULL UNIQUE,
        -- ServerRecord of the contract as JSON; fields that come later have defaults there
        record TEXT NOT NULL,
        facts TEXT,
        facts_at_ms INTEGER,
        last_good_address TEXT
      ) STRICT;

      CREATE TABLE pin (
        host_key TEXT NOT NULL,
        port INTEGER NOT NULL,
        type TEXT NOT NULL,
        key_base64 TEXT NOT NULL,
        host TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        pinned_at_ms INTEGER NOT NULL,
        PRIMARY KEY (host_key, port, type, key_base64)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE blob (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;

      CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

      CREATE TABLE journal (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at_ms INTEGER NOT NULL,
        server_id TEXT NOT NULL,
        server_name TEXT NOT NULL,
        vm_uuid TEXT,
        vm_name TEXT,
        action TEXT NOT NULL,
        command TEXT NOT NULL,
        outcome TEXT NOT NULL CHECK (outcome IN ('pending', 'done', 'failed', 'unknown')),
        exit_code INTEGER,
        stderr TEXT NOT NULL DEFAULT '',
        duration_ms INTEGER
      ) STRICT;
      CREATE INDEX journal_by_server ON journal (server_id, id);
      CREATE INDEX journal_by_vm ON journal (vm_uuid, id) WHERE vm_uuid IS NOT NULL;
      CREATE INDEX journal_pending ON journal (id) WHERE outcome = 'pending';
    `)
  }
}
