import type { Migration } from '../migration.ts'

/** What the interfaces of each server had counted when they were last read, so that days add up across restarts. */
export const trafficCounters: Migration = {
  version: 6,
  what: 'traffic-counters',
  up(db) {
    db.exec(`
      CREATE TABLE counter_reading (
        server INTEGER PRIMARY KEY,
        at_ms INTEGER NOT NULL,
        -- the kernel's name for its boot; NULL where it tells none
        boot_id TEXT,
        uptime_sec REAL NOT NULL
      ) STRICT;

      -- Of the boot of that reading. place: in the order in which they came.
      CREATE TABLE interface_counter (
        server INTEGER NOT NULL,
        identity TEXT NOT NULL,
        place INTEGER NOT NULL,
        name TEXT NOT NULL,
        rx_bytes REAL NOT NULL,
        tx_bytes REAL NOT NULL,
        PRIMARY KEY (server, identity)
      ) STRICT, WITHOUT ROWID;
    `)
  }
}
