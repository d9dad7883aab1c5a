import type { Migration } from '../migration.ts'

const KINDS = ['server', 'disk', 'interface', 'mount', 'vm']

/**
 * Sealed hours as chunks, rollups by the day, gaps of single VMs, marks. Raw rows that stood in the tail until now are
 * listed as unsealed, so that the sealer makes chunks of them.
 */
export const chunksDaysMarks: Migration = {
  version: 2,
  what: 'chunks-days-marks',
  up(db) {
    db.exec(`
      -- All samples of one server and hour, in parts of neighbouring entities.
      -- id = (hour * 2048 + server) * 1024 + part. data: see samples/chunk-codec.ts.
      CREATE TABLE chunk (
        id INTEGER PRIMARY KEY,
        first_entity INTEGER NOT NULL,
        last_entity INTEGER NOT NULL,
        samples INTEGER NOT NULL,
        data BLOB NOT NULL
      ) STRICT;

      DROP INDEX tail_by_server;
      INSERT OR IGNORE INTO unsealed (server, hour)
        SELECT DISTINCT server, id / 2048 / 3600000 FROM tail;

      -- Days that have hours sealed after their own rollups were written (or have none yet). day = at_ms / 86,400,000.
      CREATE TABLE unsealed_day (
        server INTEGER NOT NULL,
        day INTEGER NOT NULL,
        PRIMARY KEY (server, day)
      ) STRICT, WITHOUT ROWID;

      -- NULL: a gap of the whole server.
      ALTER TABLE gap ADD COLUMN entity INTEGER;
      DROP INDEX gap_open;
      CREATE UNIQUE INDEX gap_open ON gap (server, coalesce(entity, 0)) WHERE to_ms IS NULL;

      -- What happened when. event: HistoryEvent of the contract as JSON.
      CREATE TABLE mark (
        id INTEGER PRIMARY KEY,
        server INTEGER NOT NULL,
        at_ms INTEGER NOT NULL,
        event TEXT NOT NULL
      ) STRICT;
      CREATE INDEX mark_by_server ON mark (server, at_ms);
    `)
    // As the tables of minutes and hours; columns are added from the catalogue when the file is opened.
    for (const kind of KINDS) {
      db.exec(`
        CREATE TABLE day_${kind} (id INTEGER PRIMARY KEY, samples INTEGER NOT NULL) STRICT;
        INSERT OR IGNORE INTO unsealed_day (server, day)
          SELECT DISTINCT entity.server, (rollup.id & 67108863) / 24
          FROM hour_${kind} rollup JOIN entity ON entity.id = rollup.id / 67108864;
      `)
    }
  }
}
