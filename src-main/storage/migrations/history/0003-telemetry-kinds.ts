import type { Migration } from '../migration.ts'

const KINDS = ['core', 'gpu', 'sensor', 'power', 'watch', 'container', 'unit', 'port', 'web']
const LEVELS = ['minute', 'hour', 'day']

/** Rollup tables of the kinds that came with telemetry, and sums by the day. */
export const telemetryKinds: Migration = {
  version: 3,
  what: 'telemetry-kinds',
  up(db) {
    // Columns are added from the catalogue when the file is opened.
    for (const level of LEVELS) {
      for (const kind of KINDS)
        db.exec(`CREATE TABLE ${level}_${kind} (id INTEGER PRIMARY KEY, samples INTEGER NOT NULL) STRICT`)
    }
    db.exec(`
      -- What adds up over a day (bytes of an interface, joules of a source). day: the operator's date, as 2026-11-28.
      CREATE TABLE day_total (
        server INTEGER NOT NULL,
        kind TEXT NOT NULL,
        key TEXT NOT NULL,
        name TEXT NOT NULL,
        day TEXT NOT NULL,
        total REAL NOT NULL,
        PRIMARY KEY (server, kind, key, name, day)
      ) STRICT, WITHOUT ROWID;
    `)
  }
}
