import type { Migration } from '../migration.ts'

/** Processes of the past (storage/processes/): who they were, readings not sealed yet, sealed hours. */
export const processes: Migration = {
  version: 4,
  what: 'processes',
  up(db) {
    db.exec(`
      -- A process as it called itself; another row when it became another program. start_ticks: ticks after boot.
      CREATE TABLE process (
        id INTEGER PRIMARY KEY,
        server INTEGER NOT NULL,
        pid INTEGER NOT NULL,
        start_ticks INTEGER NOT NULL,
        started_at_ms INTEGER NOT NULL,
        name TEXT NOT NULL,
        command_line TEXT,
        user_name TEXT,
        last_at_ms INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX process_by_pid ON process (server, pid, start_ticks);

      -- One reading. data: storage/processes/codec.ts.
      CREATE TABLE process_tail (
        server INTEGER NOT NULL,
        at_ms INTEGER NOT NULL,
        data BLOB NOT NULL,
        PRIMARY KEY (server, at_ms)
      ) STRICT, WITHOUT ROWID;

      -- All readings of an hour (span_ms 0), or their means over five minutes once the readings are too old.
      CREATE TABLE process_hour (
        id INTEGER PRIMARY KEY,
        server INTEGER NOT NULL,
        hour INTEGER NOT NULL,
        span_ms INTEGER NOT NULL,
        data BLOB NOT NULL
      ) STRICT;
      CREATE UNIQUE INDEX process_hour_by_server ON process_hour (server, hour);
      CREATE INDEX process_hour_by_hour ON process_hour (hour);
    `)
  }
}
