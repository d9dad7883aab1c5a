import type { Migration } from '../migration.ts'

const KINDS = ['server', 'disk', 'interface', 'mount', 'vm']

/** The append-only tail, rollups by the minute and the hour, entities and gaps. docs/storage.md explains each. */
export const firstSchema: Migration = {
  version: 1,
  what: 'first-schema',
  up(db) {
    db.exec(`
      -- Small numbers for servers: they are part of every key. Reused when a server's history is deleted.
      CREATE TABLE server (
        number INTEGER PRIMARY KEY CHECK (number BETWEEN 1 AND 2047),
        server_id TEXT NOT NULL UNIQUE,
        -- 1: the operator deleted it; its rows are being removed in steps
        deleting INTEGER NOT NULL DEFAULT 0,
        -- ServerNow of the contract as JSON, from the newest sealed hour
        last_now TEXT
      ) STRICT;

      CREATE TABLE entity (
        id INTEGER PRIMARY KEY,
        server INTEGER NOT NULL,
        kind TEXT NOT NULL,
        key TEXT NOT NULL,
        label TEXT NOT NULL DEFAULT '',
        first_at_ms INTEGER NOT NULL,
        -- brought up to date each hour
        last_at_ms INTEGER NOT NULL,
        UNIQUE (server, kind, key)
      ) STRICT;

      -- The metric catalogue as this file knows it; rows of retired metrics stay.
      CREATE TABLE metric (
        kind TEXT NOT NULL,
        code INTEGER NOT NULL,
        name TEXT NOT NULL,
        unit TEXT NOT NULL,
        scale INTEGER NOT NULL,
        PRIMARY KEY (kind, code)
      ) STRICT, WITHOUT ROWID;

      -- One row per server and tick, in order of time. id = at_ms * 2048 + server. data: see samples/codec.ts.
      CREATE TABLE tail (id INTEGER PRIMARY KEY, server INTEGER NOT NULL, data BLOB NOT NULL) STRICT;
      CREATE INDEX tail_by_server ON tail (server);

      -- Hours that have rows in the tail but no (or old) rollups yet. hour = at_ms / 3,600,000.
      CREATE TABLE unsealed (
        server INTEGER NOT NULL,
        hour INTEGER NOT NULL,
        PRIMARY KEY (server, hour)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE gap (
        id INTEGER PRIMARY KEY,
        server INTEGER NOT NULL,
        from_ms INTEGER NOT NULL,
        to_ms INTEGER,
        reason TEXT NOT NULL
      ) STRICT;
      CREATE INDEX gap_by_server ON gap (server, from_ms);
      CREATE UNIQUE INDEX gap_open ON gap (server) WHERE to_ms IS NULL;

      CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    `)
    // id = entity * 67,108,864 + number of the minute (or hour) since 1970. Columns of the metrics are added from the
    // catalogue when the file is opened (samples/catalogue-sync.ts), so that a new metric needs no migration.
    for (const level of ['minute', 'hour']) {
      for (const kind of KINDS) {
        db.exec(`CREATE TABLE ${level}_${kind} (id INTEGER PRIMARY KEY, samples INTEGER NOT NULL) STRICT`)
      }
    }
  }
}
